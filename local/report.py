"""What the demo prints: of every flow what came, what did not and why; what is in both systems; and the promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.checks import PROMISES, Broken
from local.joined import Pair, Tables
from local.pairs import PAIRS
from local.world import World
from sync.app import FlowStatus

SAMPLES = 3
"""Pairs that are shown of each flow."""
SHOWN_SIGHTS = 10
"""Sights that are shown of each broken promise."""
_SCREEN = 80


def show(
    console: Console, world: World, flows: Sequence[FlowStatus], broken: Sequence[Broken], summary: Mapping[str, Any]
) -> None:
    """Print everything, as narrow as the narrowest screen."""
    tables = Tables(world)
    pairs = {pair.flow: pair for pair in PAIRS}
    order = {name: place for place, name in enumerate(pairs)}
    flows = sorted(flows, key=lambda flow: order.get(flow.name, len(order)))
    for flow in flows:
        console.print(f"\n[bold]{flow.name}[/]: {flow.totals.detected} changes", highlight=False)
        console.print(outcomes_table(flow))
        if flow.name in pairs:
            console.print(samples_table(tables, pairs[flow.name]))
    if any(flow.issues for flow in flows):
        console.print("\n[bold]What needs a person[/], one of each kind; [bold]python -m sync issues[/] lists them all")
        console.print(issues_table(flows))
    console.print(
        f"\nIn both systems: {in_both_systems(tables, [pairs[flow.name] for flow in flows if flow.name in pairs])}."
    )
    requests, storage = summary["requests"], summary["storage"]
    console.print(
        f"{requests['sales']} requests to Sales, {requests['finops']} to F&O; "
        f"{storage['queue']} queue and {storage['table']} table operations; {summary['seconds']} s with start-up."
    )
    for promise in PROMISES:
        seen = [each for each in broken if each.promise == promise]
        console.print(f"[bold {'red' if seen else 'green'}]{'broken' if seen else 'kept':>6}[/]  {promise}")
        for each in seen[:SHOWN_SIGHTS]:
            console.print(f"        {each.sight}", markup=False)
        if len(seen) > SHOWN_SIGHTS:
            console.print(f"        and {len(seen) - SHOWN_SIGHTS} more")


def outcomes_table(flow: FlowStatus) -> Table:
    """Outcome, number of changes and reasons of a flow, without those that did not happen; then the warnings."""
    table = _grid()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    totals = flow.totals
    for ending, count in totals.endings.items():
        if count:
            table.add_row(f"  {ending}", str(count), _reasons(totals.reasons.get(ending) or Counter()))
    if totals.warnings:
        table.add_row("  warnings", str(totals.warnings.total()), _reasons(totals.warnings))
    return table


def samples_table(tables: Tables, pair: Pair) -> Table:
    """Some records of a flow, as both systems show them: the source first."""
    table = _grid()
    table.add_column(no_wrap=True, overflow="ellipsis")
    to_sales = pair.target[0] == "sales"
    for sales, finops in _samples(tables, pair):
        source, target = (finops, sales) if to_sales else (sales, finops)
        table.add_row(f"  [dim]{escape(source)}[/]", f"[dim]-> {escape(target)}[/]")
    return table


def issues_table(flows: Sequence[FlowStatus]) -> Table:
    """What did not come and needs a person: of every flow one issue of each code, with the number of its like."""
    table = _grid()
    table.add_column(overflow="fold")
    for flow in flows:
        counts = Counter(issue.trouble.code for issue in flow.issues)
        firsts = {issue.trouble.code: issue for issue in sorted(flow.issues, key=lambda one: one.trouble.number)[::-1]}
        for code, issue in sorted(firsts.items()):
            number = issue.trouble.number or f"({issue.id[:8]}...)"
            more = f" and {counts[code] - 1} more" if counts[code] > 1 else ""
            told = issue.trouble.remedy or issue.trouble.cause
            table.add_row(f"  {escape(_short(number))}{more}", f"[bold]{code}[/]: {escape(told)}")
    return table


def in_both_systems(tables: Tables, pairs: Sequence[Pair]) -> str:
    """How many rows each set holds, Sales first."""
    sets = sorted({each for pair in pairs for each in (pair.source, pair.target)}, reverse=True)
    return ", ".join(f"{len(tables.rows(*each))} {each[1]}" for each in sets)


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.width = _SCREEN
    table.add_column(no_wrap=True, overflow="ellipsis")
    return table


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:21]}..."


def _reasons(counts: Counter[str]) -> str:
    return escape(", ".join(f"{code} {number}" for code, number in sorted(counts.items())))


def _samples(tables: Tables, pair: Pair) -> Iterator[tuple[str, str]]:
    """A few pairs, spread over all, as they look in Sales and in F&O."""
    targets = {pair.target_key(row): row for row in pair.targets(tables)}
    sources = sorted(tables.rows(*pair.source), key=pair.key)
    joined = [(row, targets[pair.key(row)]) for row in sources if pair.key(row) in targets]
    for source, target in joined[:: max(1, len(joined) // SAMPLES)][:SAMPLES]:
        yield pair.shown(tables, source, target)
