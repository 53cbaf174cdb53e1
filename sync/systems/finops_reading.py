"""Rows of F&O by key, by value and page by page (wire.md 2.3). Every read names its company.

F&O takes `*` in the value of a filter for a wildcard, so more rows may come than were asked for; what does not equal is
dropped here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.errors import ConfigError
from sync.keys import key_of_record, key_text, record_id
from sync.model import EntityRef, Record, RowsPage, Scalar, Values
from sync.ports import Gone
from sync.systems import odata
from sync.systems.deadline import Deadline
from sync.systems.finops_terms import COMPANY, TermsOfEntities
from sync.systems.http import HttpClient
from sync.systems.origin import inside

type Row = dict[str, Any]


class Reading:
    """The reads of one `FinOpsSystem`."""

    def __init__(self, http: HttpClient, root: str, terms: TermsOfEntities, address_room: int) -> None:
        self._http = http
        self._root = root
        self._terms = terms
        self._room = address_room

    def by_keys(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str], until: Deadline | None
    ) -> dict[str, Values]:
        """See `FinOpsSystem.find`; no request starts that could end after `until`."""
        wanted = {key_text({column: key[column] for column in entity.key}): key_text(key) for key in keys}
        found = {}
        for row in self._rows(entity, keys, (*entity.key, *columns), until):
            asked = wanted.get(key_text(_key(entity, row)))
            if asked is not None:
                found[asked] = odata.columns_of(row)
        return found

    def by_ids(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        """See `FinOpsSystem.fetch`."""
        keys = {id: key_of_record(entity, id) for id in ids}
        asked = {record_id(key): id for id, key in keys.items()}
        records = {}
        for row in self._rows(entity, list(keys.values()), (*entity.key, *columns), None):
            id = asked.get(record_id(_key(entity, row)))
            if id is not None:
                records[id] = _record(id, row)
        return records

    def by_values(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Record]]:
        """For each of `wanted` the rows that have all these values; texts are compared without case.

        Raises ConfigError for one without its company, where the entity has companies, or without any other value.
        """
        for one in wanted:
            _check(entity, one)
        named = dict.fromkeys(column for one in wanted for column in one)
        distinct = {(tuple(one), _folded(one, tuple(one))): one for one in wanted}
        records = {}
        for row in self._rows(entity, list(distinct.values()), (*entity.key, *columns, *named), None):
            id = record_id(_key(entity, row))
            records[id] = _record(id, row)
        having: dict[tuple[tuple[str, ...], tuple[object, ...]], list[Record]] = defaultdict(list)
        for shape in {shape for shape, _ in distinct}:
            for record in records.values():
                having[shape, _folded(record.values, shape)].append(record)
        return [having.get((tuple(one), _folded(one, tuple(one))), []) for one in wanted]

    def page(self, entity: EntityRef, columns: Sequence[str], company: str, link: str) -> RowsPage:
        """See `FinOpsSystem.rows_page`."""
        url = link or self._first_page(entity, columns, company)
        answer = self._http.send("GET", url, about=entity.set, writes=False)
        if link and not answer.ok:
            told = ", ".join(f"{name} {value}" for name, value in answer.details().items())
            raise Gone(f"F&O answered it with {told}.")
        document = odata.document_of(self._http, answer, entity.set)
        rows = [_record(record_id(_key(entity, row)), row) for row in document.get("value", ())]
        following = document.get("@odata.nextLink")
        if not following:
            return RowsPage(tuple(rows), "")
        following = inside(str(following), self._http.base)
        if following == url:
            raise odata.repeated_link(self._http, entity.set)
        return RowsPage(tuple(rows), following)

    def _first_page(self, entity: EntityRef, columns: Sequence[str], company: str) -> str:
        url = f"{self._root}/{entity.set}?{odata.select((*entity.key, *columns))}&cross-company=true"
        return f"{url}&$filter={odata.equals(COMPANY, company.lower())}" if company else url

    def _rows(
        self,
        entity: EntityRef,
        wanted: Sequence[Mapping[str, Scalar]],
        columns: Sequence[str],
        until: Deadline | None,
    ) -> Iterator[Row]:
        head = f"{self._root}/{entity.set}?{odata.select(columns)}&cross-company=true&$filter="
        for condition in self._terms.of(entity).conditions(wanted, room=self._room - len(head)):
            yield from odata.rows_of(self._http, head + condition, about=entity.set, headers={}, until=until)


def _key(entity: EntityRef, row: Row) -> dict[str, Scalar]:
    return {column: row[column] for column in entity.key}


def _record(id: str, row: Row) -> Record:
    return Record(id, str(row.get("@odata.etag", "")), odata.columns_of(row))


def _folded(values: Values, shape: tuple[str, ...]) -> tuple[object, ...]:
    """The values of these columns in the form in which F&O compares them."""
    return tuple(value.casefold() if isinstance(value, str) else value for value in map(values.get, shape))


def _check(entity: EntityRef, wanted: Mapping[str, Scalar]) -> None:
    remedy = "Name the company and at least one other column in the mapping's match."
    if COMPANY in entity.key and COMPANY not in wanted:
        raise ConfigError(f"A search in {entity.set} names no company.", remedy=remedy)
    if not wanted.keys() - {COMPANY}:
        raise ConfigError(f"A search in {entity.set} names no value to look for.", remedy=remedy)
