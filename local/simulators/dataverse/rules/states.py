"""State and status of every table that has them: pairs that belong together (wire.md 1.12, 1.14)."""

from __future__ import annotations

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules.world import Change


def fill(change: Change) -> None:
    """Give a row its first state, and a new state its first status. Raises `errors.Refusal` for a bad pair."""
    table, row, old = change.table, change.row, change.old
    state = row.setdefault("statecode", next(iter(table.states)))
    allowed = table.states.get(state, ())
    moved = old is not None and old["statecode"] != state
    if "statuscode" not in row or (moved and old is not None and old["statuscode"] == row["statuscode"]):
        # A new state without a status of its own takes the first status of that state.
        row["statuscode"] = allowed[0] if allowed else -1
    if row["statuscode"] not in allowed:
        raise errors.bad_state(table.logical, state, row["statuscode"])
