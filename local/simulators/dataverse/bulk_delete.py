"""`BulkDelete` (wire.md 1.9): deletes what a query finds, in a job of which only the id is told.

The job is done before the answer leaves. Rows that cannot be deleted stay, as they do in the job of a real
organisation, where nobody but its log says so. `DeleteMultiple` belongs to elastic tables, of which there are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.filter_values import from_text, kind_of

_SETS = "the simulator's BulkDelete"


class BulkDelete:
    """Runs bulk deletes; `run` raises `errors.Refusal` when the request cannot be read."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    def run(self, payload: Mapping[str, Any], write: Write) -> dict[str, Any]:
        """Delete the rows of every query in `QuerySet` and give the id of the job."""
        queries = payload.get("QuerySet")
        if not isinstance(queries, list) or not queries or not all(isinstance(one, dict) for one in queries):
            raise errors.bad_payload("", "The parameter 'QuerySet' is missing or empty.")
        if "JobName" not in payload:
            raise errors.bad_payload("", "The parameter 'JobName' is missing.")
        found = [(table, row[table.key]) for one in queries for table, row in self._found(one)]
        for table, row_id in found:
            self._delete(table, row_id, write)
        return {"JobId": str(uuid4())}

    def _delete(self, table: Table, row_id: str, write: Write) -> None:
        try:
            with self._store.transaction():
                self._writer.delete(table, row_id, write)
        except errors.Refusal as problem:
            if problem.status == 403:
                raise

    def _found(self, query: Mapping[str, Any]) -> Iterator[tuple[Table, Row]]:
        tables = self._store.tables.values()
        table = next((one for one in tables if one.logical == query.get("EntityName")), None)
        if table is None:
            raise errors.bad_argument(f"The entity '{query.get('EntityName')}' of the QuerySet does not exist.")
        criteria = query.get("Criteria") or {}
        if not isinstance(criteria, dict):
            raise errors.bad_payload("", "The member 'Criteria' of a query is no object.")
        conditions = _objects(criteria, "Conditions")
        if criteria.get("Filters") or str(criteria.get("FilterOperator", "And")).lower() not in ("and", "0"):
            raise errors.not_implemented(f"Only conditions joined by And are known to {_SETS}.")
        tests = [_accepted(table, one) for one in conditions]
        rows = self._store.rows(table.entity_set)
        if tests:
            column, values = tests[0]
            first = rows.with_values(column, values)
        else:
            first = list(rows.after(None))
        for row in first:
            if all(_compared(table, column, row.get(column)) in values for column, values in tests):
                yield table, row


def _objects(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects in a query, empty when it is not there."""
    given = holder.get(name) or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise errors.bad_payload("", f"The member '{name}' of a query is no list of objects.")
    return given


def _accepted(table: Table, condition: Mapping[str, Any]) -> tuple[str, frozenset[Any]]:
    """The column of a condition and the values it accepts."""
    attribute, operator = str(condition.get("AttributeName")), str(condition.get("Operator"))
    column = attribute if attribute in table.columns else f"_{attribute}_value"
    if column not in table.columns:
        raise errors.no_such_property(attribute, table.logical)
    if operator not in ("Equal", "In"):
        raise errors.not_implemented(f"The operator {operator} is not known to {_SETS}.")
    texts = [str(value.get("Value")) for value in _objects(condition, "Values")]
    try:
        return column, frozenset(_compared(table, column, from_text(table.edm[column], text)) for text in texts)
    except (ValueError, KeyError) as problem:
        raise errors.bad_argument(f"A value for '{attribute}' does not fit its type: {problem}.") from problem


def _compared(table: Table, column: str, value: Any) -> Any:
    return None if value is None else kind_of(table.edm[column], case_insensitive_text=True).key(value)
