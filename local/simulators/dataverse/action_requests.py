"""Requests for actions, those of the life cycles and Merge, bound to a row or to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from local.simulators.dataverse import errors
from local.simulators.dataverse.actions import Actions
from local.simulators.dataverse.calls import Call, Reply, json_reply
from local.simulators.dataverse.keys import Place
from local.simulators.dataverse.merging import MERGE, Merging
from local.simulators.dataverse.organisation import Organisation
from local.simulators.dataverse.reading import read_row
from local.simulators.dataverse.rules import Rules
from local.simulators.dataverse.schema import Table


class ActionRequests:
    """Answers requests for actions; every method raises `errors.Refusal`."""

    def __init__(self, organisation: Organisation, rules: Rules) -> None:
        self._org = organisation
        self._actions = Actions(organisation.store, organisation.writer, rules)
        self._merging = Merging(organisation.store, organisation.writer, rules, organisation.privileges)

    def known(self, name: str, bound: Table | None) -> bool:
        """Whether there is an action of this name, for the rows of a table or, without one, for itself."""
        return self._actions.known(name, bound) or (bound is None and name == MERGE)

    def unbound(self, call: Call, name: str) -> Reply:
        """The answer to an action of its own."""
        _only_post(call)
        payload = call.payload("")
        if name == MERGE:
            self._merging.run(payload, self._org.write(call))
            return Reply(204)
        self._org.privileges.check(self._org.store.tables["quotes"], "write")
        with self._org.store.transaction():
            told = self._actions.run(name, None, payload, self._org.write(call))
            if told is None:
                return Reply(204)
            table, row_id = told
            wanted = replace(call, query=_select(table, payload["ColumnSet"]))
            page = read_row(self._org.store, self._org.read(wanted, table), row_id)
        return json_reply(page.body, headers=page.headers)

    def bound(self, call: Call, table: Table, place: Place, name: str) -> Reply:
        """The answer to an action on the row at a place."""
        _only_post(call)
        self._org.privileges.check(table, "write")
        if place.row_id is None or place.row_id not in self._org.store.rows(table.entity_set).by_id:
            raise self._org.keys.missing(table, place)
        if call.body:
            call.payload(table.entity_set)
        self._actions.run(name, (table, place.row_id), {}, self._org.write(call))
        return Reply(204)


def _only_post(call: Call) -> None:
    if call.method != "POST":
        raise errors.no_such_function(call.base + call.path)


def _select(table: Table, column_set: Mapping[str, Any]) -> str:
    """The query that asks for the columns of a ColumnSet, which names attributes and not properties."""
    if column_set.get("AllColumns") is True:
        return ""
    names = column_set.get("Columns", [])
    if not isinstance(names, list):
        raise errors.bad_payload(table.entity_set, "The member 'Columns' of a ColumnSet is a list of names.")
    return "$select=" + ",".join(_properties(table, names)) if names else f"$select={table.key}"


def _properties(table: Table, names: Iterable[Any]) -> Iterable[str]:
    for name in names:
        yield quote(table.lookups[name].column if name in table.lookups else str(name))
