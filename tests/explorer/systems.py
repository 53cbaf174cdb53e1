"""Both systems in memory, as far as the engine can notice them: versions, a change log, keys, refusals."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, NoReturn

from sync.errors import DataError, Throttled
from sync.keys import key_text
from sync.model import Change, EntityRef, Page, Record, Scalar, System, Use, Values
from sync.ports import Missing, Postponed, Refused, Result, Write, Written
from tests.explorer.targets import has

PAGE = 3
"""Records per page: small, so that a world has many."""


class MemorySales:
    """A source table with a change log; twin of Reader and ChangeFeed.

    `poisonous` ids bring down whoever fetches them. `forgotten` tells where the log begins: older tokens are expired.
    `children` are the rows of a child table by the record that they belong to.
    `referred` answers which rows of other tables refer to a record.
    """

    def __init__(self, columns: Sequence[str], *, id: str = "accountid", number: str = "accountnumber") -> None:
        """`id` and `number` are the columns of the key and of the number that people give ("" for none)."""
        self._blank: dict[str, Scalar | None] = dict.fromkeys(columns)
        self._id = id
        self._number = number
        self.referred: Callable[[Use, str], bool] | None = None
        self.rows: dict[str, Record] = {}
        self.gone: dict[str, Values] = {}
        self.log: list[Change] = []
        self.numbers_of_deleted: set[str] = set()
        self._numbers: dict[str, set[str]] = defaultdict(set)
        self.children: dict[str, list[Record]] = {}
        self.poisonous: set[str] = set()
        self.forgotten = 0

    def put(self, id: str, **values: Scalar | None) -> None:
        """Create a row, or change some of its columns."""
        known = self.rows[id].values if id in self.rows else {**self._blank, self._id: id}
        version = f'W/"{len(self.log) + 1}"'
        self.rows[id] = Record(id, version, {**known, **values})
        self.log.append(Change(id, version))
        if self._number:
            self._numbers[id].add(str(self.rows[id].values[self._number]).casefold())

    def delete(self, id: str) -> None:
        """Delete a row; `restore` knows it."""
        self.gone[id] = self.rows.pop(id).values
        self.numbers_of_deleted |= self._numbers[id]
        self.log.append(Change(id, deleted=True))

    def restore(self, id: str) -> None:
        """A deleted row comes back under its id."""
        self.put(id, **self.gone.pop(id))

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        if self.poisonous & set(ids):
            raise RuntimeError("this record brings the host down")
        return {id: self.rows[id] for id in ids if id in self.rows}

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> list[Record]:
        if entity.key != (self._id,):
            return [line for value in values for line in self.children.get(value, ())]
        wanted = {value.casefold() for value in values}
        return [row for row in self.rows.values() if str(row.values[column] or "").strip().casefold() in wanted]

    def referring(self, use: Use, ids: Sequence[str]) -> set[str]:
        assert self.referred is not None, f"nothing is asked of other tables, but {use.set} was"
        return {id for id in ids if self.referred(use, id)}

    def rows_of(self, system: System, set: str, columns: Sequence[str]) -> NoReturn:
        raise AssertionError(f"no reference set is needed, but {system} {set} was asked for")

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> list[bool | DataError]:
        return [self._assign(record, values) for record, values in assignments]

    def _assign(self, record: Record, values: Values) -> bool:
        if record.id not in self.rows or self.rows[record.id].version != record.version:
            return False
        self.put(record.id, **values)
        return True

    def page(self, position: str, *, full: bool) -> Page:
        """A full read pages through the ids in order and goes on from the log as it was when it began."""
        at: dict[str, Any] = json.loads(position or "{}")
        if at and not full and "load" not in at and at["log"] < self.forgotten:
            return Page((), json.dumps({"load": "", "log": len(self.log)}), True)
        if not at:
            at = {"load": "", "log": len(self.log)}
        elif full:
            at = {"load": "", "log": at["log"]}
        if "load" in at:
            ids = sorted(id for id in self.rows if id > at["load"])[:PAGE]
            changes = tuple(Change(id, self.rows[id].version) for id in ids)
            after = {"load": ids[-1], "log": at["log"]} if len(ids) == PAGE else {"log": at["log"]}
            return Page(changes, json.dumps(after), True)
        end = min(at["log"] + PAGE, len(self.log))
        return Page(tuple(self.log[at["log"] : end]), json.dumps({"log": end}), end < len(self.log))

    def mode(self, position: str) -> str:
        return "full" if "load" in json.loads(position or '{"load": ""}') else "delta"


class MemoryFinops:
    """Target rows by key; twin of Writer. It refuses to write under the keys in `refusing`.

    `rows` are the customers, `persons` the contact persons. Each belongs to a party: the one it is given, or a new one.
    Where it `numbers` new rows itself, it drops the numbers that it is sent: `sent` has the keys that were, by those
    that it gave.
    """

    def __init__(self, *, numbers: bool = False) -> None:
        self.sent: dict[str, str] = {}
        self._numbers = numbers
        self.rows: dict[str, dict[str, Scalar | None]] = {}
        self.persons: dict[str, dict[str, Scalar | None]] = {}
        self.refusing: set[str] = set()
        self.writes = 0
        self._parties = count(1)

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        rows, _ = self._table(entity)
        return {key_text(key): dict(rows[key_text(key)]) for key in keys if key_text(key) in rows}

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        rows, _ = self._table(entity)
        return [[dict(row) for row in rows.values() if has(row, values)] for values in wanted]

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        return [self._one(entity, write) for write in writes]

    def write_part(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        """The first half is written, then F&O asks to be left alone."""
        half = (len(writes) + 1) // 2
        left: list[Result] = [Postponed(Throttled("injected", delay=20)) for _ in writes[half:]]
        return [*self.write(entity, writes[:half], until=until), *left]

    def _table(self, entity: EntityRef) -> tuple[dict[str, dict[str, Scalar | None]], str]:
        """The rows of an entity set, and the column of their party."""
        if entity.set == "ContactPersons":
            return self.persons, "ContactPersonPartyNumber"
        return self.rows, "PartyNumber"

    def _one(self, entity: EntityRef, write: Write) -> Result:
        key = key_text(write.key)
        rows, party = self._table(entity)
        if key in self.refusing:
            return Refused("Debitorengruppe ist nicht vorhanden.")
        if write.kind == "create":
            values = dict(write.values)
            if self._numbers:
                own, number = entity.key[-1], f"F-{len(self.sent)}"
                values[own] = number
                sent, key = key, key_text({**write.key, own: number})
                self.sent[key] = sent
            if key in rows:
                return Refused("Der Datensatz ist bereits vorhanden.")
            rows[key] = {party: f"P-{next(self._parties)}", **values}
            self.writes += 1
            return Written(dict(rows[key]))
        if key not in rows:
            return Missing()
        rows[key].update(write.values)
        self.writes += 1
        return Written()
