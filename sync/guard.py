"""The wrong environment is refused (promise 9): the first run stores where it ran, every other compares."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sync.errors import ConfigError
from sync.model import Watermark
from sync.ports import Stale, Watermarks

ENVIRONMENT = "*environment"
"""The watermark row that holds the fingerprint; no flow has such a name."""

SETTINGS = {"sales organisation": "SALES_URL", "F&O address": "FINOPS_URL", "company": "COMPANY"}
"""What tells one environment from another, as it is stored; and the app setting that it comes from."""


def check_environment(watermarks: Watermarks, fingerprint: Mapping[str, str]) -> None:
    """Store the fingerprint if there is none. Raises ConfigError when these tables belong to another environment."""
    known = watermarks.read(ENVIRONMENT)
    if known.etag is None:
        try:
            watermarks.save(Watermark(ENVIRONMENT, position=json.dumps(dict(fingerprint), sort_keys=True)))
            return
        except Stale:
            known = watermarks.read(ENVIRONMENT)
    _refuse_other(known, fingerprint)


def compare_environment(watermarks: Watermarks, fingerprint: Mapping[str, str]) -> None:
    """The same without storing anything: tables without a fingerprint belong to no environment yet."""
    known = watermarks.read(ENVIRONMENT)
    if known.etag is not None:
        _refuse_other(known, fingerprint)


def _refuse_other(known: Watermark, fingerprint: Mapping[str, str]) -> None:
    stored = json.loads(known.position)
    others = [name for name, value in fingerprint.items() if stored.get(name) != value]
    if others:
        told = "; ".join(f"{name} was {stored.get(name)!r}, is {fingerprint[name]!r}" for name in others)
        settings = " and ".join(SETTINGS[name] for name in others)
        raise ConfigError(
            f"The tables of this app were filled for another environment: {told}.",
            where="environment",
            remedy=f"Set {settings} back, or give the app tables of its own (TABLE_PREFIX) for this environment.",
        )
