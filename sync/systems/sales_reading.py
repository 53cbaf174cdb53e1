"""Rows of Sales by id, by value, by what refers to them, and whole (wire.md 1.3, 1.5, 1.6).

A column asked for as `_<column>_value@lookuplogicalname` is the table that the lookup leads to, one asked for as
`<column>@formatted` is how its value looks to a person (of a lookup, the name of its row): annotations of the column,
which every value then comes with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.errors import ConfigError
from sync.keys import key_text
from sync.model import EntityRef, Record, RowsPage, Scalar, Use, Values
from sync.ports import Gone
from sync.systems import odata
from sync.systems.deadline import Deadline
from sync.systems.http import HttpClient
from sync.systems.origin import inside
from sync.systems.sales_terms import API, READING, conditions, folded, joint_conditions, of_use

_ADDRESS_ROOM = 24_000
"""Characters of an address; Dataverse takes 32 KiB (wire.md 1.3), and proxies may add to it."""
_LINK_IS_GONE = (400, 404, 410)
_ANNOTATIONS = {
    "lookuplogicalname": "Microsoft.Dynamics.CRM.lookuplogicalname",
    "formatted": "OData.Community.Display.V1.FormattedValue",
}

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns of a read: those that are selected, and the annotations that are asked for, by their short names."""

    columns: tuple[str, ...]
    annotated: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, columns: Iterable[str]) -> Wanted:
        """A column whose annotation is asked for is selected, too."""
        asked = [column.partition("@") for column in dict.fromkeys(columns)]
        annotated = tuple((column, name) for column, _, name in asked if name)
        return cls(tuple(dict.fromkeys(column for column, _, _ in asked)), annotated)

    @property
    def headers(self) -> Mapping[str, str]:
        if not self.annotated:
            return READING
        names = sorted({_ANNOTATIONS[name] for _, name in self.annotated})
        return {**READING, "Prefer": f'odata.include-annotations="{",".join(names)}"'}

    def values(self, row: Row) -> Values:
        """The values of a row: its columns, and the annotations that were asked for (None where there is none)."""
        values = odata.columns_of(row)
        if not self.annotated:
            return values
        said = {f"{column}@{name}": row.get(f"{column}@{_ANNOTATIONS[name]}") for column, name in self.annotated}
        return {**values, **said}


class Reading:
    """The reads of one `SalesSystem`."""

    def __init__(self, http: HttpClient, ids_per_request: int) -> None:
        self._http = http
        self._root = http.base + API
        self._most = ids_per_request

    def by_ids(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """See `SalesSystem.fetch`."""
        asked = {id.casefold(): id for id in ids}
        wanted = Wanted.of((entity.key[0], *columns))
        records = {}
        for row in self._rows_by(entity, entity.key[0], list(asked), wanted, None):
            id = asked.get(str(row[entity.key[0]]).casefold())
            if id is not None:
                records[id] = _record(id, row, wanted)
        return records

    def by_keys(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str], until: Deadline | None
    ) -> dict[str, Values]:
        """See `SalesSystem.find`; no request starts that could end after `until`."""
        column = entity.key[0]
        asked = {str(key[column]).casefold(): key_text(key) for key in keys}
        wanted = Wanted.of((column, *columns))
        found = {}
        for row in self._rows_by(entity, column, list(asked), wanted, until):
            key = asked.get(str(row[column]).casefold())
            if key is not None:
                found[key] = wanted.values(row)
        return found

    def by_value(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """See `SalesSystem.search`."""
        wanted = Wanted.of((entity.key[0], column, *columns))
        rows = self._rows_by(entity, column, list(dict.fromkeys(values)), wanted, None)
        found = {str(row[entity.key[0]]): row for row in rows}
        return [_record(id, row, wanted) for id, row in found.items()]

    def by_values(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        """See `SalesSystem.match`."""
        shapes: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for position, one in enumerate(wanted):
            shapes[tuple(one)].append(position)
        found: list[list[Values]] = [[] for _ in wanted]
        for shape, positions in shapes.items():
            if not shape:
                raise ConfigError(
                    f"A search in {entity.set} names no value to look for.",
                    remedy="Name at least one column in the mapping's match.",
                )
            same = self._by_shape(entity, shape, [wanted[position] for position in positions], columns)
            for position in positions:
                found[position] = list(same.get(_folded(wanted[position], shape), {}).values())
        return found

    def page(self, entity: EntityRef, columns: Sequence[str], link: str, most: int) -> RowsPage:
        """See `SalesSystem.rows_page`."""
        key = entity.key[0]
        wanted = Wanted.of((key, *columns))
        url = link or f"{self._root}/{entity.set}?{odata.select(wanted.columns)}&$orderby={key}%20asc"
        prefer = ",".join(filter(None, (wanted.headers.get("Prefer"), f"odata.maxpagesize={most}")))
        headers = {**wanted.headers, "Prefer": prefer}
        answer = self._http.send("GET", url, about=entity.set, writes=False, headers=headers)
        if link and answer.status in _LINK_IS_GONE:
            raise Gone(f"Sales answered it with {answer.status}.")
        document = odata.document_of(self._http, answer, entity.set)
        rows = tuple(_record(str(row[key]), row, wanted) for row in document.get("value", ()))
        following = document.get("@odata.nextLink")
        if following and inside(str(following), self._http.base) == url:
            raise odata.repeated_link(self._http, entity.set)
        return RowsPage(rows, inside(str(following), self._http.base) if following else "")

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:
        """See `SalesSystem.referring`."""
        column = f"_{use.column}_value"
        asked = {id.casefold(): id for id in ids}
        where = of_use(use)
        head = f"{self._root}/{use.set}?{odata.select([column])}&$filter="
        room = _ADDRESS_ROOM - len(head) - len(where) - len("%20and%20")
        found = set()
        for condition in conditions(column, list(asked), room=room, most=self._most):
            url = head + odata.all_of([condition, where] if where else [condition])
            for row in odata.rows_of(self._http, url, about=use.set, headers=READING):
                found.add(asked.get(str(row[column]).casefold(), ""))
        return found - {""}

    def whole(self, set: str, columns: Sequence[str]) -> list[Values]:
        """Every row of a table."""
        wanted = Wanted.of(columns)
        url = f"{self._root}/{set}?{odata.select(wanted.columns)}"
        return [wanted.values(row) for row in odata.rows_of(self._http, url, about=set, headers=wanted.headers)]

    def _by_shape(
        self,
        entity: EntityRef,
        shape: tuple[str, ...],
        values: Sequence[Mapping[str, Scalar]],
        columns: Sequence[str],
    ) -> Mapping[tuple[object, ...], Mapping[str, Values]]:
        """The rows by the values that they have in the columns of `shape`, and by id."""
        wanted = Wanted.of((entity.key[0], *shape, *columns))
        head = self._head(entity, wanted)
        found: dict[tuple[object, ...], dict[str, Values]] = defaultdict(dict)
        for condition in joint_conditions(values, room=_ADDRESS_ROOM - len(head), most=self._most):
            for row in odata.rows_of(self._http, head + condition, about=entity.set, headers=wanted.headers):
                found[_folded(row, shape)][str(row[entity.key[0]])] = wanted.values(row)
        return found

    def _rows_by(
        self, entity: EntityRef, column: str, values: Sequence[str], wanted: Wanted, until: Deadline | None
    ) -> Iterator[Row]:
        head = self._head(entity, wanted)
        for condition in conditions(column, values, room=_ADDRESS_ROOM - len(head), most=self._most):
            url = head + condition
            yield from odata.rows_of(self._http, url, about=entity.set, headers=wanted.headers, until=until)

    def _head(self, entity: EntityRef, wanted: Wanted) -> str:
        return f"{self._root}/{entity.set}?{odata.select(wanted.columns)}&$filter="


def _record(id: str, row: Row, wanted: Wanted) -> Record:
    return Record(id, str(row.get("@odata.etag", "")), wanted.values(row))


def _folded(values: Row, shape: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(folded(value) for value in map(values.get, shape))
