"""State and status of every table that has them: pairs that belong together (wire.md 1.12, 1.14)."""

from __future__ import annotations

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules.world import Change


def fill(change: Change) -> None:
    """Give a row its first state, and a new state its first status. Raises `errors.Refusal` for a bad pair."""
    table, row = change.table, change.row
    state = row.setdefault("statecode", next(iter(table.states)))
    allowed = table.states.get(state, ())
    left_out = not change.names("statuscode") and not change.changed("statuscode")
    if "statuscode" not in row or (left_out and change.changed("statecode")):
        # A new state without a status of its own takes the first status of that state.
        row["statuscode"] = allowed[0] if allowed else -1
    if row["statuscode"] not in allowed:
        raise errors.bad_state(table.logical, state, row["statuscode"])
