"""The action Merge: one account or contact takes over what belongs to another one of its kind.

Shape and effect follow Microsoft's pages on the Merge action and on merging data: the other row becomes inactive,
`merged`, and names the one that stays; what referred to it refers to that one. Codes and texts of refusals are those
of the list of error codes; their statuses are inferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.payloads import point
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.rules import Rules, quotes, refusals
from local.simulators.dataverse.schema import Lookup, Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.values import time_text
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.filter_values import guid_text

MERGE = "Merge"

_TYPE = "@odata.type"
_PREFIX = "Microsoft.Dynamics.CRM."
_ACTIVE, _INACTIVE = 0, 1
_PARENTS: Mapping[str, str] = {"accounts": "_parentaccountid_value", "contacts": "_parentcustomerid_value"}
"""The tables whose rows can be merged, of those that are here, and their lookups of what stands above a row."""


class Merging:
    """Merges rows; refusals are raised as `errors.Refusal`, and then nothing was written."""

    def __init__(self, store: Store, writer: Writer, rules: Rules, privileges: Privileges) -> None:
        self._store = store
        self._writer = writer
        self._rules = rules
        self._privileges = privileges

    def run(self, payload: Mapping[str, Any], write: Write) -> None:
        """Merge the `Subordinate` of a request into its `Target`."""
        table, target_id = self._named(payload, "Target")
        other, other_id = self._named(payload, "Subordinate")
        content, checks = payload.get("UpdateContent"), payload.get("PerformParentingChecks")
        if not isinstance(checks, bool):
            raise _bad_parameter("PerformParentingChecks", "true or false")
        if other is not table or (content is not None and self._type_of(content, "UpdateContent") is not table):
            raise _bad_parameter("Subordinate, and UpdateContent if there is one,", "of the type of Target")
        with self._store.transaction():
            self._guard(table, target_id, other_id, parents=checks)
            # Duplicates are not looked for on a merge.
            self._writer.update(table, target_id, content or {}, replace(write, detect_duplicates=False))
            self._take_over(table, target_id, other_id, time_text(write.now))

    def _guard(self, table: Table, target_id: str, other_id: str, *, parents: bool) -> None:
        if target_id == other_id:
            raise refusals.merge_identical()
        target, other = self._existing(table, target_id), self._existing(table, other_id)
        self._privileges.check_merge(table)
        if _INACTIVE in (target["statecode"], other["statecode"]):
            raise refusals.merge_inactive()
        if table.entity_set == "accounts" and any(
            quote["statecode"] == quotes.ACTIVE
            for quote in self._rules.world.referring("quotes", "_accountid_value", other_id)
        ):
            raise refusals.merge_active_quote()
        column = _PARENTS[table.entity_set]
        if other_id in self._above(target, column):
            raise refusals.merge_cycle()
        if parents and other.get(column) not in (None, target.get(column), target_id):
            raise refusals.merge_parents(lost=column not in target)

    def _take_over(self, table: Table, target_id: str, other_id: str, now: str) -> None:
        for entity_set, lookup in self._lookups_to(table):
            for row in self._rules.world.referring(entity_set, lookup.column, other_id):
                row_id = row[self._store.tables[entity_set].key]
                kind = row.get(f"{lookup.column}@set", table.entity_set)
                if kind == table.entity_set and (entity_set, row_id) != (table.entity_set, other_id):
                    values: Row = {}
                    point(lookup, table.entity_set, target_id, values)
                    self._rules.rewrite(entity_set, row_id, values, now)
        merged = {"merged": True, "_masterid_value": target_id}
        state = {"statecode": _INACTIVE, "statuscode": table.states[_INACTIVE][0]}
        self._rules.rewrite(table.entity_set, other_id, {**merged, **state}, now)

    def _lookups_to(self, table: Table) -> Iterator[tuple[str, Lookup]]:
        """The lookups that somebody can point to a row of the table, and the tables that have them."""
        for entity_set, other in self._store.tables.items():
            for lookup in other.lookups.values():
                if table.entity_set in lookup.sets and not lookup.readonly:
                    yield entity_set, lookup

    def _above(self, row: Row, column: str) -> set[str]:
        """The ids of the rows that a row stands below."""
        found: set[str] = set()
        parent = row.get(column)
        while parent is not None and parent not in found:
            found.add(parent)
            above = next(filter(None, (self._rules.world.find(name, parent) for name in _PARENTS)), {})
            parent = next((above[name] for name in _PARENTS.values() if name in above), None)
        return found

    def _named(self, payload: Mapping[str, Any], name: str) -> tuple[Table, str]:
        """Table and id of the row that a parameter names."""
        table = self._type_of(payload.get(name), name)
        try:
            return table, guid_text(payload[name][table.key])
        except (KeyError, ValueError, TypeError) as problem:
            raise _bad_parameter(name, f"an object with a Guid '{table.key}'") from problem

    def _type_of(self, value: Any, name: str) -> Table:
        kind = value.get(_TYPE) if isinstance(value, dict) else None
        if not isinstance(kind, str):
            raise _bad_parameter(name, f"an object with '{_TYPE}'")
        logical = kind.removeprefix("#").removeprefix(_PREFIX)
        table = next((table for table in self._store.tables.values() if table.logical == logical), None)
        if table is None or table.entity_set not in _PARENTS:
            raise errors.bad_argument(f"This type: {logical} is not supported with merge operation")
        return table

    def _existing(self, table: Table, row_id: str) -> Row:
        row = self._store.rows(table.entity_set).by_id.get(row_id)
        if row is None:
            raise errors.no_such_row(table.logical, row_id)
        return row


def _bad_parameter(name: str, wanted: str) -> errors.Refusal:
    return errors.bad_payload("", f"The action '{MERGE}' needs the parameter {name}: {wanted}.")
