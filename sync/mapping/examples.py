"""Running the examples of a mapping file: each says what becomes of one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sync.errors import DataError, NotReady
from sync.mapping.around import places
from sync.mapping.compile import compile_plans
from sync.mapping.example_schema import Defaults, Example, Expect, Given
from sync.mapping.given_facts import GivenFacts
from sync.mapping.load import LoadedMapping
from sync.mapping.plan import Mapped, Plan
from sync.mapping.problems import MappingProblems, Problem, did_you_mean
from sync.mapping.schema import MappingFile
from sync.mapping.values import ValueMap
from sync.mapping.yaml_text import Path
from sync.model import Record, Scalar

type Finding = tuple[str, str]
"""What differs, and the remedy."""


def run_examples(loaded: LoadedMapping, maps: Mapping[str, ValueMap]) -> list[Problem]:
    """What the examples of a file and its rows disagree about. Settings have their initial values, but for those that
    an example gives."""
    problems: list[Problem] = []
    for index, example in enumerate(loaded.file.examples):
        path: Path = ("examples", index)
        given = _merged(loaded.file.example_defaults or Defaults(), example.given)
        findings = [*_unread(loaded.file, given), *_judge(loaded, maps, example, given)]
        for what, remedy in findings:
            problems.append(loaded.document.problem(path, f'example "{example.name}": {what}', remedy))
    return problems


def _merged(defaults: Defaults, given: Given) -> Given:
    return Given(
        sales={**defaults.sales, **given.sales},
        finops={**defaults.finops, **given.finops},
        settings={**defaults.settings, **given.settings},
        lookups={**defaults.lookups, **given.lookups},
        exists={**defaults.exists, **given.exists},
        values=given.values,
        link=given.link,
    )


def _unread(file: MappingFile, given: Given) -> Iterator[Finding]:
    """A column that no row reads is a slip of the pen: the example would show nothing."""
    known = {file.sales.id, file.sales.number or file.sales.id}
    known.update(test.sales for test in file.only if test.sales)
    for place in places(file):
        columns = place.row.sales
        known.update((columns,) if isinstance(columns, str) else columns or ())
    for column in given.sales:
        if column not in known:
            yield f"no row reads {column}", did_you_mean(column, known, "column")


def _judge(loaded: LoadedMapping, maps: Mapping[str, ValueMap], example: Example, given: Given) -> Iterator[Finding]:
    unknown = set(given.values) - set(maps)
    if unknown:
        name = sorted(unknown)[0]
        yield f'there is no value map "{name}"', did_you_mean(name, maps, "value map")
        return
    maps = {name: table.with_pairs(given.values.get(name, {})) for name, table in maps.items()}
    try:
        plans = compile_plans(loaded, maps, given.settings)
    except MappingProblems as error:
        yield from ((f"{problem.file}: {problem.what}", problem.remedy) for problem in error.problems)
        return
    plan = next((plan for plan in plans if example.direction in (None, f"to_{plan.flow.target.system}")), None)
    if plan is None or (example.direction is None and len(plans) > 1):
        yield "it is not clear which flow is meant", "Add direction: to_finops or to_sales."
        return
    yield from _compare(plan, given, example.expect)


def _compare(plan: Plan, given: Given, expect: Expect) -> Iterator[Finding]:
    record = _record(plan, given)
    facts = GivenFacts(given.lookups, given.exists)
    wanted = next(
        ((word, code) for word in ("skipped", "parked", "waiting") if (code := getattr(expect, word)) is not None), None
    )
    link = {name: value for name, value in given.link.items() if value is not None} if given.link else None
    came: tuple[str, str] | None = None
    mapped = None
    reason = plan.verdict(record, facts, linked=link is not None).reason
    try:
        if reason is not None:
            came = ("skipped", reason)
        else:
            mapped = plan.map(record, facts, link)
    except DataError as error:
        came = ("parked", error.code)
    except NotReady as error:
        came = ("waiting", error.code)
    if came != wanted:
        yield f"it is {_words(came)}, not {_words(wanted)}", "Mend the rows or the example."
    elif mapped is not None:
        yield from _compare_mapped(plan, mapped, link, given, expect)


def _words(outcome: tuple[str, str] | None) -> str:
    return " ".join(outcome) if outcome else "mapped"


def _record(plan: Plan, given: Given) -> Record:
    columns = given.sales if plan.flow.source.system == "sales" else given.finops
    values = {
        (lookup if (lookup := f"_{name}_value") in plan.columns else name): value for name, value in columns.items()
    }
    return Record(str(values.get(plan.flow.source.key[0], "")), "", values)


def _compare_mapped(
    plan: Plan, mapped: Mapped, link: Mapping[str, Scalar] | None, given: Given, expect: Expect
) -> Iterator[Finding]:
    unsent = "update" if link is None else "create"
    payload = {field.name: field.value for field in mapped.fields if field.value is not None and field.when != unsent}
    if link is None:
        payload = {**mapped.key, **payload}
    if expect.create is not None:
        yield from _differences(payload, expect.create, [*expect.create, *payload])
    yield from _differences(payload, expect.has or {}, expect.has or {})
    for name in expect.lacks:
        if name in payload:
            yield f"{name} is sent as {payload[name]!r}", "Mend the rows or the example."
    clears = {field.name: field.clear for field in mapped.fields if field.value is None and field.clear is not None}
    yield from _differences(clears, expect.clears or {}, expect.clears or {})
    warnings = (*(plan.key_warnings(mapped, link) if link else ()), *mapped.warnings)
    if warnings != expect.warnings:
        yield f"the warnings are {list(warnings)}, not {list(expect.warnings)}", "Mend the rows or the example."
    if expect.adopt is not None:
        adopted = plan.adopt(mapped, given.finops) or True
        if adopted != expect.adopt:
            yield f"adopt is {adopted}, not {expect.adopt}", "Mend the adopt tests or the example."


def _differences(
    came: Mapping[str, Scalar | None], wanted: Mapping[str, Scalar | None], names: Iterable[str]
) -> Iterator[Finding]:
    for name in dict.fromkeys(names):
        one, other = came.get(name), wanted.get(name)
        if one != other or type(one) is not type(other):
            shown = [repr(value) if value is not None else "not sent" for value in (one, other)]
            yield f"{name} is {shown[0]}, expected {shown[1]}", "Mend the rows or the example."
