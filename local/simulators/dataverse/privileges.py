"""Which privileges the caller has, by table (wire.md 1.12); switches take them away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table

_NAMES = {
    "read": "Read", "write": "Write", "create": "Create", "delete": "Delete", "append": "Append",
    "append_to": "AppendTo", "organization_read": "Read",
}  # fmt: skip


class Privileges:
    """What the one caller of the simulator may do."""

    def __init__(self, switch: Callable[[str], Any], user_id: str) -> None:
        self._switch = switch
        self._user_id = user_id

    def check(self, table: Table, privilege: str) -> None:
        """Raise `errors.Refusal` when the caller lacks the privilege (one of `switches.PRIVILEGES`) on the table."""
        if table.entity_set in self._switch(f"no_{privilege}"):
            raise errors.no_privilege(_NAMES[privilege], table.schema, self._user_id)
