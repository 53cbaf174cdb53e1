"""A target with tables of its own in memory: rows by key, found by key or by what they hold; twin of Writer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sync.errors import Throttled
from sync.keys import key_text
from sync.model import EntityRef, Scalar, Values
from sync.ports import LineWrite, Missing, Postponed, Refused, Result, Write, Written

type Row = dict[str, Scalar | None]


class MemoryTables:
    """Rows by entity set and key. It refuses what `refuses` says, and fills new rows with `defaults` of their set.

    `writes` counts what was written, by set.
    """

    def __init__(self, defaults: Mapping[str, Values] | None = None) -> None:
        self.rows: dict[str, dict[str, Row]] = defaultdict(dict)
        self.writes: dict[str, int] = defaultdict(int)
        self.refuses: Callable[[EntityRef, Write], bool] = lambda _entity, _write: False
        self._defaults = defaults or {}

    def put(self, entity: EntityRef, **values: Scalar | None) -> None:
        """A row that somebody else has made, or changes."""
        key = key_text({column: str(values[column]) for column in entity.key})
        self.rows[entity.set].setdefault(key, {}).update(values)

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        rows = self.rows[entity.set]
        return {key_text(key): dict(rows[key_text(key)]) for key in keys if key_text(key) in rows}

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        return [[dict(row) for row in self.rows[entity.set].values() if has(row, values)] for values in wanted]

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        return [self._document(entity, write) if write.lines else self._one(entity, write) for write in writes]

    def write_part(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        """The first half is written, then the system asks to be left alone."""
        half = (len(writes) + 1) // 2
        left: list[Result] = [Postponed(Throttled("injected", delay=20)) for _ in writes[half:]]
        return [*self.write(entity, writes[:half], until=until), *left]

    def _document(self, entity: EntityRef, write: Write) -> Result:
        """A row with its lines: all of it, or nothing."""
        of = write.of or entity
        before = {name: {key: dict(row) for key, row in self.rows[name].items()} for name in (entity.set, of.set)}
        bare = write.kind == "update" and not write.values and key_text(write.key) in self.rows[entity.set]
        result = Written() if bare else self._one(entity, write)
        for line in write.lines:
            if isinstance(result, Written):
                result = self._line(of, line) or result
        if not isinstance(result, Written):
            self.rows.update(before)
        return result

    def _line(self, of: EntityRef, line: LineWrite) -> Result | None:
        key, rows = key_text(line.key), self.rows[of.set]
        if (key in rows) == (line.kind == "create"):
            return Refused("There is one already.") if line.kind == "create" else Missing(line=True)
        if line.kind == "delete":
            del rows[key]
        else:
            rows[key] = {**rows.get(key, dict(line.key)), **line.values}
        return None

    def _one(self, entity: EntityRef, write: Write) -> Result:
        key, rows = key_text(write.key), self.rows[entity.set]
        if self.refuses(entity, write):
            return Refused("It may not be so.")
        if write.kind == "create":
            if key in rows:
                return Refused("There is one already.")
            rows[key] = {**self._defaults.get(entity.set, {}), **write.values}
        elif key not in rows:
            return Missing()
        else:
            rows[key].update(write.values)
        self.writes[entity.set] += 1
        return Written()


def has(row: Row, values: Mapping[str, Scalar]) -> bool:
    """A row holds all these values, case ignored."""
    return all(str(row.get(name, "")).casefold() == str(value).casefold() for name, value in values.items())
