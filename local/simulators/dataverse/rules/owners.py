"""Who owns a row, and in which business unit it is therefore."""

from __future__ import annotations

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules.world import Change, put

OWNER = ("_ownerid_value", "_ownerid_value@set", "_owninguser_value", "_owningteam_value", "_owningbusinessunit_value")
"""The columns that say who owns a row; the second is which table the first points to."""


def fill(change: Change) -> None:
    """Derive the owning user or team and the business unit from the owner. Raises `errors.Refusal`."""
    row, world = change.row, change.world
    if change.old is not None and not change.changed("_ownerid_value"):
        return
    owner = row.get("_ownerid_value")
    user, team = world.find("systemusers", owner), world.find("teams", owner)
    if user is None and team is None:
        raise errors.no_such_row("systemuser", str(owner))
    put(row, "_owninguser_value", owner if user is not None else None)
    put(row, "_owningteam_value", owner if user is None else None)
    put(row, "_owningbusinessunit_value", (user or team or {}).get("_businessunitid_value"))
