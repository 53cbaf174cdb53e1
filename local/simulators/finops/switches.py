"""The switches of the protocol: what wire.md Part 2 leaves open, who may do what, how much the service bears.

What business rules leave open has switches of its own, in `world`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local.simulators.finops.schema import load

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "patch_upserts": (False, True),
    "if_match": ("checked", "ignored"),
    "encoded_slash": ("accepted", "refused"),
    "page_rows": (10_000, 1_000),
    "after_failed_change_set": ("run", "stop"),
    "after_failed_operation": ("run", "stop"),
    "continue_on_error": ("ignored", "honoured"),
    "outside_change_sets": ("run", "refused"),
    "change_set_error_status": ("500", "own"),
    "strict_crlf": (True, False),
    "throttled_body": ("json", "code", "html", "empty"),
    "retry_after": ("sent", "missing"),
    "dop_hint": (0, 8),
    "enum_type_names": ("as listed", "lower first"),
    "text_lengths": ("listed", "none"),
    "unauthorized_body": ("json", "html", "empty"),
}
"""The values of each switch, the one of a fresh simulator first.

patch_upserts: whether PATCH of a missing key creates the row (wire.md 2.4).
if_match: whether a stale ETag is refused (2.4).
encoded_slash: whether %2F in a key is a slash in its value, or leads nowhere as web servers may have it (2.2).
page_rows: the greatest page; documentation and reports disagree (2.3).
after_failed_change_set, after_failed_operation: whether the rest of a batch is done; what is not, has no answer (2.5).
continue_on_error: whether `Prefer: odata.continue-on-error` decides that, instead of the two switches above (2.5).
outside_change_sets: whether a batch may hold writes outside of change sets (2.5).
change_set_error_status: 500, or the status that the failed operation would have outside of a change set (2.5).
strict_crlf: whether line feeds alone make a batch unreadable (2.5).
throttled_body: a 429 with the documented text, with a code besides, as a gateway's page, or without a body (2.7).
retry_after: whether a 429 of the load model says how long to wait (2.7).
dop_hint: the value of x-ms-dop-hint; 0 sends none (2.7).
enum_type_names: how the types of enums are spelt; sources differ in the case of some (value-maps.md 1).
text_lengths: whether texts longer than our lists have it are refused; F&O publishes no lengths (flows.md 1.4).
unauthorized_body: what a 401 says (Part 4).
"""

AMOUNTS: Mapping[str, int] = {"rows_per_second": 0, "slow_start_seconds": 0}
"""Switches that take any whole number.

rows_per_second: rows that the service writes in a second of its clock before it throttles (see `load`); 0: no limit.
slow_start_seconds: how long the first request after a start takes (wire.md 2.1); `/admin/restart` starts anew.
"""


def first_values() -> dict[str, Any]:
    """Every switch of this module with its value in a fresh simulator."""
    return {name: values[0] for name, values in CHOICES.items()} | dict(AMOUNTS) | {name: [] for name in _lists()}


def allowed() -> dict[str, Iterable[Any]]:
    """The values that a switch takes; for a list, what may stand in it."""
    return {**CHOICES, **_lists()}


def _lists() -> dict[str, Iterable[Any]]:
    """`no_read`, `no_write`: sets that the caller may not read, or not write; `hidden_columns`: columns that are not
    there, as "Set.Column", so that the schema can change while a client runs."""
    sets = load().sets
    columns = [f"{one.name}.{name}" for one in sets.values() for name in one.columns if name not in one.key]
    return {"no_read": tuple(sets), "no_write": tuple(sets), "hidden_columns": columns}
