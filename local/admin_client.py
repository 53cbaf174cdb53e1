"""Requests to the admin side of a running simulator, for commands: what goes wrong is told in a sentence."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click
import requests

from local import running

SYSTEMS = ("sales", "finops")
_TIMEOUT = 60


def world_addresses(process: int | None) -> running.Addresses:
    """Where the running world is. Raises click.ClickException when it is not one world."""
    try:
        return running.world(process)
    except running.RunningError as problem:
        raise click.ClickException(str(problem)) from None


def admin(world: int | None, system: str, method: str, path: str, body: object = None) -> Any:
    """The JSON answer of an admin address of `system`: sales or finops of a running world, or a simulator's address."""
    if system.startswith("http"):
        parts = urlsplit(system)  # an address of the API, or of the admin side, is as good
        base = f"{parts.scheme}://{parts.netloc}"
    elif system in SYSTEMS:
        base = getattr(world_addresses(world), system)
    else:
        raise click.UsageError(f"SYSTEM is sales, finops or the address of a simulator, not {system!r}.")
    return request(method, f"{base}/admin/{path}", json=body)


def request(method: str, url: str, **options: Any) -> Any:
    """The JSON of an answer. Raises click.ClickException with the server's own words when it refuses."""
    try:
        answer = requests.request(method, url, timeout=_TIMEOUT, **options)
        told = answer.json()
    except requests.JSONDecodeError:
        raise click.ClickException(f"{url} is no admin address of a simulator.") from None
    except requests.RequestException as problem:
        kind = type(problem).__name__
        raise click.ClickException(f"{url} cannot be reached ({kind}). Does `python -m local up` run?") from None
    if not answer.ok:
        raise click.ClickException(told.get("error") or told.get("message") or str(told))
    return told
