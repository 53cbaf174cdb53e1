"""The stage that finds the row of the target's reference data which a record shall refer to (flows.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sync.errors import DataError, NotReady
from sync.mapping.columns import as_text
from sync.mapping.job import Job, Result, Stage
from sync.mapping.row_schema import Resolve, Row
from sync.mapping.side import Side, lookup_name
from sync.mapping.terms import COMPANY, ReferenceSet, UnknownId
from sync.mapping.text import clean
from sync.model import Scalar, System, Values


def resolve(rule: Resolve, target: str, side: Side, remedy: str) -> Stage:
    """The key of the row that fits. Raises DataError or NotReady, as the rule says, when there is none.

    `remedy` is what helps beside a row of the set.
    """
    return _Search(rule, target, side, remedy).stage


def reference_set(rule: Resolve, side: Side) -> ReferenceSet:
    """What a rule needs to be read of its set."""
    within = _within(rule, side)
    columns = {*within, *rule.where, *(rule.valid or ()), *filter(None, (_name(rule),))}
    return ReferenceSet(side.target, rule.set, rule.give, tuple(sorted(columns)), (_index(rule, within),))


def found_by(rule: Resolve) -> tuple[str, str]:
    """In which set a resolved value's row is, and the column with its name."""
    return rule.set, _name(rule) or rule.give


def _name(rule: Resolve) -> str | None:
    return rule.by or rule.name


def _within(rule: Resolve, side: Side) -> dict[str, str]:
    """Columns of the set as they are read, and the names of what they must equal."""
    return {(lookup_name(column) if ours in side.main_binds else column): ours for column, ours in rule.within.items()}


def _index(rule: Resolve, within: Mapping[str, str]) -> str:
    return rule.by or next(iter(within))


@dataclass(frozen=True)
class _Search:
    rule: Resolve
    target: str
    side: Side
    remedy: str

    @property
    def stage(self) -> Stage:
        rule, system = self.rule, self.side.target
        within = tuple(_within(rule, self.side).items())
        index = _index(rule, dict(within))
        where = tuple((column, _folded(value)) for column, value in rule.where.items())
        wanted_name = _folded(self.side.settings.value(rule.named)) if rule.named else ""

        def stage(value: Scalar | None, job: Job) -> Result:
            if rule.by is not None and value is None:
                return None
            must = [(column, _folded(job.known.get(ours))) for column, ours in within]
            asked = as_text(value) if value is not None and rule.by is not None else must[0][1]

            preferred = _folded(value) if rule.by is not None else wanted_name

            def near(row: Values) -> bool:
                return all(_folded(row.get(column)) == text for column, text in must)

            def fits(row: Values) -> bool:
                if not near(row) or any(_folded(row.get(column)) != text for column, text in where):
                    return False
                return rule.valid is None or not _untimely(row, rule.valid, job.facts.today())

            known = asked and all(text for _, text in must)
            rows = job.facts.rows(system, rule.set, index, asked, fits) if known else ()
            if rows:
                return self._first(rows, preferred)[rule.give]
            nearly = job.facts.rows(system, rule.set, index, asked, near) if known else ()
            raise self._missing(value, job, self._first(nearly, preferred) if nearly else None)

        return stage

    def _first(self, rows: Sequence[Values], preferred: str) -> Values:
        name, give = _name(self.rule) or self.rule.give, self.rule.give

        def order(row: Values) -> tuple[bool, str, str]:
            shown = _folded(row.get(name))
            return shown != preferred, shown, str(row.get(give))

        return min(rows, key=order)

    def _why_not(self, row: Values, job: Job) -> dict[str, str]:
        """What would have to be changed for a row to fit, and what it is now."""
        wrong = {}
        for column, wanted in self.rule.where.items():
            found = row.get(column)
            if _folded(found) != _folded(wanted):
                wrong[column] = f"has no {column}" if found is None else f"has {column} {as_text(found)}"
        untimely = _untimely(row, self.rule.valid, job.facts.today()) if self.rule.valid is not None else ""
        return wrong | ({"dates": untimely} if untimely else {})

    def _missing(self, value: Scalar | None, job: Job, near: Values | None) -> DataError | NotReady:
        """Names of reference data help to mend it, and are no data of the record. `near` is a row that nearly fits."""
        rule = self.rule
        said = [f'{rule.by} "{as_text(value)}"'] if rule.by is not None and value is not None else []
        said += [f'{column} "{self._named(ours, job)}"' for column, ours in rule.within.items()]
        said += [f"{column} {as_text(wanted)}" for column, wanted in rule.where.items()]
        valid = " that is valid today" if rule.valid else ""
        what = f"{rule.set} has no row with {' and '.join(said)}{valid}"
        remedy = f"Add it to {rule.set}{self.remedy}."
        if near is not None and (why := self._why_not(near, job)):
            what += f': "{as_text(near.get(_name(rule) or rule.give) or "")}" {" and ".join(why.values())}'
            remedy = f"Change its {' and '.join(why)}, or add another to {rule.set}{self.remedy}."
        what += "."
        if rule.waiting is not None:
            stable = next((str(job.known.get(ours)) for ours in rule.within.values()), as_text(value or ""))
            awaits = f"{self.side.target}:{rule.set}:{stable.lower()}"
            return NotReady(rule.waiting, what, awaits=awaits, remedy=remedy)
        return DataError(rule.code or "value-not-mapped", what, column=self.target, retryable=True, remedy=remedy)

    def _named(self, ours: str, job: Job) -> str:
        """A key as the name of its row, where that is known."""
        key = job.known.get(ours)
        if key is None:
            return ""
        if ours in self.side.found_by:
            set, name = self.side.found_by[ours]
            try:
                return as_text(job.facts.lookup(self.side.target, set, str(key), name) or key)
            except UnknownId:
                pass
        return as_text(key)


def _folded(value: Scalar | None) -> str:
    return "" if value is None else clean(as_text(value)).casefold()


def _untimely(row: Values, columns: Sequence[str], today: date) -> str:
    """Why a row does not hold today, "" when it does.

    Dates of Dataverse begin with the day in the time zone of the app's user, which is UTC (flows.md 1.6).
    """
    begin, end = (str(row.get(column) or "")[:10] for column in columns)
    if begin > today.isoformat():
        return f"begins on {begin}"
    return f"ended on {end}" if end and end < today.isoformat() else ""


def references_of(row: Row, side: Side) -> Iterator[ReferenceSet]:
    """The reference data of both systems that a row asks for."""
    if row.lookup and side.sources_of(row):
        yield ReferenceSet(side.source, row.lookup.set, row.lookup.key, (row.lookup.give,))
    if row.exists:
        columns = (COMPANY,) if row.exists.by_company else ()
        yield ReferenceSet(side.target, row.exists.set, row.exists.column, columns)
    if row.resolve:
        yield reference_set(row.resolve, side)


def merged(sets: Sequence[ReferenceSet]) -> tuple[ReferenceSet, ...]:
    """One entry for each set and key, with all that is asked of it."""
    found: dict[tuple[System, str, str], tuple[set[str], set[str]]] = {}
    for each in sets:
        columns, by = found.setdefault((each.system, each.set, each.key), (set(), set()))
        columns.update(each.columns)
        by.update(each.by)
    return tuple(
        ReferenceSet(*place, tuple(sorted(columns - {place[2]})), tuple(sorted(by)))
        for place, (columns, by) in sorted(found.items())
    )
