"""Running the examples of a mapping file: each says what becomes of one record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.mapping.compile import compile_file
from sync.mapping.conditions import KnownColumns
from sync.mapping.example_columns import gives, misnamed
from sync.mapping.example_run import Finding, compare
from sync.mapping.example_schema import Defaults, Example, Given
from sync.mapping.headnames import misnamed_in_head
from sync.mapping.load import LoadedMapping
from sync.mapping.problems import MappingProblems, Problem, did_you_mean
from sync.mapping.values import ValueMap


def run_examples(loaded: LoadedMapping, maps: Mapping[str, ValueMap]) -> list[Problem]:
    """What the examples of a file and its rows disagree about, each once, and slips in its head.

    Settings have their initial values, but for those that an example gives.
    """
    document, examples = loaded.document, loaded.file.examples
    slips = misnamed_in_head(document, loaded.file)
    problems, unread = misnamed(document, loaded.file, frozenset(slip.meant for slip in slips))
    problems += [slip.problem for slip in slips]
    found: dict[Finding, list[int]] = {}
    for index, example in enumerate(examples):
        given = _merged(loaded.file.example_defaults or Defaults(), example.given)
        for finding in _judge(loaded, maps, example, given) if not gives(given, unread) else ():
            found.setdefault(finding, []).append(index)
    for (what, remedy), indices in found.items():
        first, more = indices[0], len(indices) - 1
        others = f" and {more} more" if more else ""
        said = f'example "{examples[first].name}"{others}: {what}'
        problems.append(document.problem(("examples", first), said, remedy))
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


def _judge(loaded: LoadedMapping, maps: Mapping[str, ValueMap], example: Example, given: Given) -> Iterator[Finding]:
    unknown = set(given.values) - set(maps)
    if unknown:
        name = sorted(unknown)[0]
        yield f'there is no value map "{name}"', did_you_mean(name, maps, "value map")
        return
    maps = {**maps, **{name: maps[name].with_pairs(pairs) for name, pairs in given.values.items()}}
    try:
        plans = compile_file(loaded, maps, given.settings, KnownColumns(optional=frozenset(given.columns)))
    except MappingProblems as error:
        yield from ((f"{problem.file}: {problem.what}", problem.remedy) for problem in error.problems)
        return
    plan = next((plan for plan in plans if example.direction in (None, f"to_{plan.flow.target.system}")), None)
    if plan is None or (example.direction is None and len(plans) > 1):
        yield "it is not clear which flow is meant", "Add direction: to_finops or to_sales."
        return
    yield from compare(plan, given, example.expect)
