"""Orders and invoices, as far as a reader of them sees: the header, its customer and its state (value-maps.md 11).

Not simulated: their lines and amounts, and the actions that make, fulfil, cancel or lock them. A state is set by an
update of state and status, which the documentation lists for both tables, from any state to any other.
"""

from __future__ import annotations

from local.simulators.dataverse.rules import headers, refusals
from local.simulators.dataverse.rules.world import Change

ACTIVE = 0


def guard(change: Change) -> None:
    """A new one is active, whatever state the caller names; only an active one is edited besides its state."""
    row, old = change.row, change.old
    if old is None:
        row["statecode"] = ACTIVE
        if row.get("statuscode") not in change.table.states[ACTIVE]:
            row.pop("statuscode", None)
    elif old["statecode"] != ACTIVE and change.names_other_than(headers.STATE):
        raise refusals.header_read_only()
