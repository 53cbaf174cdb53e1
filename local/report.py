"""What the demo prints: of every flow what came, what did not and why; who waits for what; then the second round; what
is in both systems; and the promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from local.checks import PROMISES, Broken
from local.joined import Pair, Tables
from local.pairs import PAIRS
from local.second_round import Act
from local.waits import Wait, waits
from local.world import World
from sync.app import Awaited, FlowStatus, Totals

SAMPLES = 1
"""Pairs that are shown of each flow."""
SHOWN_SIGHTS = 10
"""Sights that are shown of each broken promise."""
_NUMBER = 16
"""Characters that are shown of a record's number."""
MOST_WAITERS = 3
"""Who are shown to wait for one thing."""
_INDENT = 2
_NARROWEST, _WIDEST = 80, 120
"""Columns that are used of the screen."""
_CAME = ("created", "adopted", "updated", "unchanged", "superseded", "removed")
_DID_NOT = ("skipped", "waiting", "parked")


def show_flows(console: Console, world: World, flows: Sequence[FlowStatus], awaited: Sequence[Awaited]) -> None:
    """Of every flow what came, what did not and why; what needs a person; and what waits for what."""
    tables, pairs = Tables(world), {pair.flow: pair for pair in PAIRS}
    for flow in _in_order(flows):
        came = Counter({ending: flow.totals.endings[ending] for ending in _CAME})
        heading = f"[bold]{flow.name}[/]: {flow.totals.detected} changes, {came.total()} came: {_reasons(+came)}"
        console.print(heading.removesuffix(": "), highlight=False)
        _print(console, outcomes_table(flow.totals))
        if flow.name in pairs:
            _print(console, samples_table(tables, pairs[flow.name]))
    if any(flow.issues for flow in flows):
        console.print("\n[bold]What needs a person[/], one of each kind; [bold]python -m sync issues[/] lists them all")
        _print(console, issues_table(flows))
    if awaited:
        console.print("\n[bold]What waits for what[/]; [bold]python -m sync waiting[/] lists them all")
        _print(console, waits_table(waits(tables, PAIRS, awaited)))


def show_second_round(
    console: Console, world: World, acts: Sequence[Act], before: Sequence[FlowStatus], flows: Sequence[FlowStatus]
) -> None:
    """What people did on both sides, what both systems show of it, and what the flows counted meanwhile."""
    tables = Tables(world)
    console.print("\n[bold]The second round[/]: people go on working on both sides")
    table = _grid()
    table.add_column(overflow="fold")
    for act in acts:
        table.add_row(f"{act.side:<5}  {escape(act.told)}", f"[dim]-> {escape(act.came(tables))}[/]")
    _print(console, table)
    first = {flow.name: flow for flow in before}
    table = _grid()
    table.add_column(overflow="fold")
    for flow in _in_order(flows):
        table.add_row(flow.name, _since(first[flow.name].totals, flow.totals))
    _print(console, table)
    known = {issue.id for flow in before for issue in flow.issues}
    fresh = [replace(flow, issues=[issue for issue in flow.issues if issue.id not in known]) for flow in flows]
    if any(flow.issues for flow in fresh):
        _print(console, issues_table(fresh))


def show_end(
    console: Console, world: World, flows: Sequence[FlowStatus], broken: Sequence[Broken], summary: Mapping[str, Any]
) -> None:
    """What is in both systems, what it cost, and the promises."""
    shown = [pair for pair in PAIRS if pair.flow in {flow.name for flow in flows}]
    console.print(f"\nIn both systems: {in_both_systems(Tables(world), shown)}.")
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


def outcomes_table(totals: Totals) -> Table:
    """What did not come, by ending and reason; then the warnings."""
    table = _grid()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for name, counts in [*((ending, totals.reasons.get(ending)) for ending in _DID_NOT), ("warnings", totals.warnings)]:
        if counts:
            table.add_row(name, str(counts.total()), _reasons(counts))
    return table


def _since(before: Totals, now: Totals) -> str:
    """What a flow's changes came to since then; records that waited or were parked and do no longer are told apart."""
    came = Counter({ending: now.endings[ending] - before.endings[ending] for ending in _CAME})
    parts = [_reasons(+came)] if +came else []
    for ending in _DID_NOT:
        fresh = now.reasons.get(ending, Counter()) - before.reasons.get(ending, Counter())
        over = before.reasons.get(ending, Counter()) - now.reasons.get(ending, Counter())
        if fresh:
            parts.append(f"{ending}: {_reasons(fresh)}")
        if over:
            parts.append(f"no longer {ending}: {_reasons(over)}")
    if warnings := now.warnings - before.warnings:
        parts.append(f"warnings: {_reasons(warnings)}")
    return "; ".join(parts) or "nothing"


def samples_table(tables: Tables, pair: Pair) -> Table:
    """Some records of a flow, as both systems show them: the source first."""
    table = _grid()
    table.add_column(no_wrap=True, overflow="ellipsis")
    to_sales = pair.target[0] == "sales"
    for sales, finops in _samples(tables, pair):
        source, target = (finops, sales) if to_sales else (sales, finops)
        table.add_row(f"[dim]{escape(source)}[/]", f"[dim]-> {escape(target)}[/]")
    return table


def waits_table(found: Sequence[Wait]) -> Table:
    """Who waits, for what, and how that stands."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for wait in found:
        more = f" and {len(wait.who) - MOST_WAITERS} more" if len(wait.who) > MOST_WAITERS else ""
        who = f"{', '.join(wait.who[:MOST_WAITERS])}{more}"
        table.add_row(escape(who), f"for {escape(wait.what)}, {escape(wait.stands)}")
    return table


def issues_table(flows: Sequence[FlowStatus]) -> Table:
    """What did not come and needs a person: one issue of each code, with the number of its like."""
    table = _grid()
    table.add_column(overflow="fold")
    issues = [issue for flow in _in_order(flows) for issue in flow.issues]
    counts = Counter(issue.trouble.code for issue in issues)
    firsts = {issue.trouble.code: issue for issue in sorted(issues, key=lambda one: one.trouble.number)[::-1]}
    for code, issue in sorted(firsts.items()):
        number = issue.trouble.number or f"({issue.id[:8]}...)"
        more = f" +{counts[code] - 1}" if counts[code] > 1 else ""
        told = issue.trouble.remedy or issue.trouble.cause
        table.add_row(f"{escape(_short(number))}{more}", f"[bold]{code}[/]: {escape(told)}")
    return table


def in_both_systems(tables: Tables, pairs: Sequence[Pair]) -> str:
    """How many rows each set holds, Sales first."""
    sets = sorted({each for pair in pairs for each in (pair.source, pair.target)}, reverse=True)
    return ", ".join(f"{len(tables.rows(*each))} {each[1]}" for each in sets)


def _print(console: Console, table: Table) -> None:
    """As wide as the screen, within reason, and a little to the right."""
    table.width = max(_NARROWEST, min(console.width, _WIDEST)) - _INDENT
    console.print(Padding(table, (0, 0, 0, _INDENT), expand=False))


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, overflow="ellipsis")
    return table


def _short(text: str) -> str:
    return text if len(text) <= _NUMBER else f"{text[: _NUMBER - 3]}..."


def _reasons(counts: Counter[str]) -> str:
    return escape(", ".join(f"{code} {number}" for code, number in sorted(counts.items())))


def _samples(tables: Tables, pair: Pair) -> Iterator[tuple[str, str]]:
    """A few pairs, spread over all, as they look in Sales and in F&O."""
    targets = {pair.target_key(row): row for row in pair.targets(tables)}
    sources = sorted(tables.rows(*pair.source), key=pair.key)
    joined = [(row, targets[pair.key(row)]) for row in sources if pair.key(row) in targets]
    for source, target in joined[:: max(1, len(joined) // SAMPLES)][:SAMPLES]:
        yield pair.shown(tables, source, target)


def _in_order(flows: Sequence[FlowStatus]) -> list[FlowStatus]:
    """The flows as the pairs stand, then those that nothing is known of."""
    order = {pair.flow: place for place, pair in enumerate(PAIRS)}
    return sorted(flows, key=lambda flow: order.get(flow.name, len(order)))
