"""What a plan makes of an example's record, against what the example expects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from sync.errors import DataError, NotReady
from sync.keys import record_id
from sync.mapping.example_schema import Expect, ExpectStep, Given
from sync.mapping.given_facts import GivenFacts
from sync.mapping.parts import TABLE_OF
from sync.mapping.plan import Lines, Mapped, Plan, says_who_replaced
from sync.mapping.side import FORMATTED, NAME_OF, lookup_name
from sync.model import Link, Record, Scalar, Values

type Finding = tuple[str, str]
"""What differs, and the remedy."""

TABLE = "@table"
"""Stands behind a lookup column in an example: the table that it points to."""
_MEND = "Mend the rows or the example."


def compare(plan: Plan, given: Given, expect: Expect) -> Iterator[Finding]:
    """What differs."""
    record, facts = _record(plan, given), _facts(given)
    wanted = next(
        ((word, code) for word in ("skipped", "parked", "waiting") if (code := getattr(expect, word)) is not None), None
    )
    link = _filled(given.link)
    keyless = [column for column in plan.flow.target.key if link is not None and column not in link]
    if keyless:
        yield f"its link has no {' and no '.join(keyless)}", "Give the whole key of the target under link."
        return
    came: tuple[str, str] | None = None
    told = ""
    mapped = None
    verdict = plan.verdict(record, facts, linked=link is not None)
    try:
        if verdict.reason is not None:
            came = ("skipped", verdict.reason)
            told = says_who_replaced(plan.flow.mapping, verdict.successor) if verdict.successor else ""
        else:
            mapped = plan.map(record, facts, link, given.target, given.kept)
    except (DataError, NotReady) as error:
        came, told = _ending(error), str(error)
    if came != wanted:
        yield f"it is {_words(came)}, not {_words(wanted)}", _MEND
    elif expect.told is not None and expect.adopt is None and expect.told not in told:
        yield f'people read "{told}", not "{expect.told}"', _MEND
    elif mapped is not None:
        yield from _compare_payload(mapped, link, expect)
        yield from _compare_steps(mapped, expect)
        yield from _compare_lines(mapped, expect, unsent="update" if link is None else "create")
        warnings = (*verdict.warnings, *(plan.key_warnings(mapped, link) if link else ()), *mapped.warnings)
        yield from _compare_codes(warnings, mapped.hopes, expect)
        if expect.adopt is not None:
            yield from _compare_adoption(plan, mapped, given, expect)


def _compare_adoption(plan: Plan, mapped: Mapped, given: Given, expect: Expect) -> Iterator[Finding]:
    row = given.target or {}
    adopted = plan.adopt(mapped, row, linked=given.link is not None) or True
    told = ""
    try:
        plan.refuse_another(mapped, row)
    except DataError as error:
        told = str(error)
    if adopted != expect.adopt:
        yield f"adopt is {adopted}, not {expect.adopt}", "Mend the adopt tests or the example."
    elif expect.told is not None and expect.told not in told:
        yield f'people read "{told}", not "{expect.told}"', "Mend the adopt tests or the example."


def _words(outcome: tuple[str, str] | None) -> str:
    return " ".join(outcome) if outcome else "mapped"


def _ending(error: DataError | NotReady) -> tuple[str, str]:
    return ("parked" if isinstance(error, DataError) else "waiting", error.code)


def _record(plan: Plan, given: Given) -> Record:
    columns = given.sales if plan.flow.source.system == "sales" else given.finops
    values = _values(columns, plan.columns)
    key = {column: values.get(column) or "" for column in plan.flow.source.key}
    lines = (
        () if plan.lines is None else tuple(_line(number, each, plan.lines) for number, each in enumerate(given.lines))
    )
    return Record(record_id(key), "", values, lines)


def _line(number: int, columns: Values, lines: Lines) -> Record:
    values = _values(columns, lines.columns)
    return Record(str(values.get(lines.source.key[0]) or number), "", values)


def _values(given: Values, columns: Collection[str]) -> dict[str, Scalar | None]:
    """What an example gives, by the names under which it is read."""
    values: dict[str, Scalar | None] = {}
    for name, value in given.items():
        column = lookup_name(name.removesuffix(TABLE).removesuffix(NAME_OF))
        if name.endswith(TABLE):
            values[column + TABLE_OF] = value
        elif name.endswith(NAME_OF):
            values[column + FORMATTED] = value
        else:
            values[column if column in columns else name] = value
    return values


def _facts(given: Given) -> GivenFacts:
    links = {
        mapping: {
            id.lower(): Link(
                id,
                state=link.state,
                reason=link.reason,
                target=_filled(link.target) or {},
                gives=link.gives,
                successor=link.successor,
            )
            for id, link in found.items()
        }
        for mapping, found in given.links.items()
    }
    day = date.fromisoformat(given.today)
    return GivenFacts(given.lookups, given.exists, given.rows, links, frozenset(given.referred_by), day)


def _filled(values: Values | None) -> dict[str, Scalar] | None:
    return {name: value for name, value in values.items() if value is not None} if values is not None else None


def _compare_payload(mapped: Mapped, link: Mapping[str, Scalar] | None, expect: Expect) -> Iterator[Finding]:
    unsent = "update" if link is None else "create"
    payload = {field.name: field.value for field in mapped.fields if field.value is not None and field.when != unsent}
    if link is None:
        payload = {**mapped.key, **payload}
    if expect.create is not None:
        yield from _differences(payload, expect.create, [*expect.create, *payload])
    yield from _differences(payload, expect.has or {}, expect.has or {})
    for name in expect.lacks:
        if name in payload:
            yield f"{name} is sent as {payload[name]!r}", _MEND
    clears = {field.name: field.clear for field in mapped.fields if field.value is None and field.clears}
    for name in expect.clears or {}:
        if name not in clears:
            yield f"{name} is not cleared", _MEND
    yield from _differences(clears, expect.clears or {}, expect.clears or {})


def _compare_steps(mapped: Mapped, expect: Expect) -> Iterator[Finding]:
    if expect.steps is None:
        return
    names = [step.name for step in mapped.steps]
    if names != list(expect.steps):
        yield f"the steps are {names}, not {list(expect.steps)}", _MEND
    for step in mapped.steps:
        wanted = expect.steps.get(step.name, ExpectStep())
        codes = ("parked", wanted.parked), ("waiting", wanted.waiting)
        expected = next(((word, code) for word, code in codes if code is not None), None)
        came = _ending(step.trouble) if step.trouble is not None else None
        if came != expected:
            yield f"the step {step.name} is {_words(came)}, not {_words(expected)}", _MEND
        sent = {field.name: field.value for field in step.fields}
        yield from _differences(sent, wanted.has, wanted.has)


def _compare_lines(mapped: Mapped, expect: Expect, *, unsent: str) -> Iterator[Finding]:
    if expect.lines is None:
        return
    if len(mapped.lines) != len(expect.lines):
        yield f"there are {len(mapped.lines)} lines, not {len(expect.lines)}", _MEND
    for number, (line, wanted) in enumerate(zip(mapped.lines, expect.lines, strict=False), 1):
        sent = {each.name: each.value for each in line.fields if each.when != unsent}
        for what, remedy in _differences(sent, wanted, wanted):
            yield f"line {number}: {what}", remedy


def _compare_codes(warnings: tuple[str, ...], hopes: tuple[str, ...], expect: Expect) -> Iterator[Finding]:
    for label, came, wanted in (("warnings", warnings, expect.warnings), ("hopes", hopes, expect.hopes)):
        if came != wanted:
            yield f"the {label} are {list(came)}, not {list(wanted)}", _MEND


def _differences(
    came: Mapping[str, Scalar | None], wanted: Mapping[str, Scalar | None], names: Iterable[str]
) -> Iterator[Finding]:
    for name in dict.fromkeys(names):
        one, other = came.get(name), wanted.get(name)
        if one != other or type(one) is not type(other):
            shown = [repr(value) if value is not None else "not sent" for value in (one, other)]
            yield f"{name} is {shown[0]}, expected {shown[1]}", _MEND
