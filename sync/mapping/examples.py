"""Running the examples of a mapping file: each says what becomes of one record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.mapping.around import places
from sync.mapping.compile import compile_file
from sync.mapping.conditions import SalesColumns
from sync.mapping.example_run import TABLE, Finding, compare
from sync.mapping.example_schema import Defaults, Example, Given
from sync.mapping.load import LoadedMapping
from sync.mapping.problems import MappingProblems, Problem, did_you_mean
from sync.mapping.schema import FromSetting, MappingFile
from sync.mapping.values import ValueMap
from sync.mapping.yaml_text import Path


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
    """The example's own values go first, column by column and entry by entry."""
    both = {
        name: {**getattr(defaults, name), **getattr(given, name)}
        for name in ("sales", "finops", "settings", "lookups", "exists", "rows", "links")
    }
    either = {
        name: getattr(given if name in given.model_fields_set else defaults, name)
        for name in ("columns", "referred_by", "today")
    }
    pairs = {
        name: {**defaults.values.get(name, {}), **given.values.get(name, {})}
        for name in (*defaults.values, *given.values)
    }
    return given.model_copy(update=both | either | {"values": pairs})


def _unread(file: MappingFile, given: Given) -> Iterator[Finding]:
    """A column that no row reads is a slip of the pen: the example would show nothing."""
    for system, columns in (("sales", given.sales), ("finops", given.finops)):
        known = _read_columns(file, system)
        for column in columns:
            if column.removesuffix(TABLE) not in known:
                yield f"no row reads {column}", did_you_mean(column, known, "column")


def _read_columns(file: MappingFile, system: str) -> set[str]:
    """The columns of a system that the file reads, or could read under the settings of one of its examples."""
    if system == "sales":
        known = {file.sales.id, file.sales.number or file.sales.id}
        known.update(test.sales for test in file.only if test.sales)
    else:
        known = {key for entity in (file.finops, *file.finops_instead) for key in entity.key}
        known.update(test.finops for test in file.only if test.finops)
    texts = [(file.example_defaults or Defaults()).settings, *(example.given.settings for example in file.examples)]
    for place in places(file):
        columns = place.row.sales if system == "sales" else place.row.finops
        if isinstance(columns, FromSetting):
            known.update(text for given in texts if (text := given.get(columns.setting, "")))
        else:
            known.update((columns,) if isinstance(columns, str) else columns or ())
    return known


def _judge(loaded: LoadedMapping, maps: Mapping[str, ValueMap], example: Example, given: Given) -> Iterator[Finding]:
    unknown = set(given.values) - set(maps)
    if unknown:
        name = sorted(unknown)[0]
        yield f'there is no value map "{name}"', did_you_mean(name, maps, "value map")
        return
    maps = {**maps, **{name: maps[name].with_pairs(pairs) for name, pairs in given.values.items()}}
    try:
        plans = compile_file(loaded, maps, given.settings, SalesColumns(optional=frozenset(given.columns)))
    except MappingProblems as error:
        yield from ((f"{problem.file}: {problem.what}", problem.remedy) for problem in error.problems)
        return
    plan = next((plan for plan in plans if example.direction in (None, f"to_{plan.flow.target.system}")), None)
    if plan is None or (example.direction is None and len(plans) > 1):
        yield "it is not clear which flow is meant", "Add direction: to_finops or to_sales."
        return
    yield from compare(plan, given, example.expect)
