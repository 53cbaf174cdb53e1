"""The benchmark of documents: quotes with their lines on a first load, read again unchanged, and revised."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measured import Measured, WrongResult, hosting, machine, only
from benchmarks.meter import SYSTEMS
from benchmarks.quote_data import Quotes, copies
from local.data.quotes import enter_quotes
from local.world import World
from sync.model import Ending

FLOW = "quotes_to_finops"
BEFORE = ("accounts_to_finops", "products_to_sales")
"""The flows of what quotes refer to; they have come to rest before anything is measured."""
SETTINGS = only(FLOW)

OTHER_DEFINITION = {"QUOTES__LANGUAGE": "en-gb"}
"""A setting that only creates send: it changes the flow's definition, so that everything is read and judged again, and
no payload of a quotation that exists."""

REVISED_EACH = 10
"""Of so many quotes one is revised."""
_ONE_BY_ONE = 25
"""Quotations that are written row by row, to compare with."""
_PATIENCE_PER_LINE = 0.02

TITLES = {"sales": "Sales", "finops": "F&O"}
COSTS = {
    "sales_requests": "Sales requests",
    "finops_requests": "F&O requests",
    "queue_operations": "queue operations",
    "table_operations": "table operations",
    "cpu_ms": "host CPU, ms",
}
"""What is told for each quote and each line."""


def run(quotes: int, lines: int, console: Console) -> dict[str, Any]:
    """The figures of all phases. Raises WrongResult when a quote ends otherwise than it must, or F&O lacks a line."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Quotes(Path(scratch) / "quotes", quotes=quotes, lines=lines)
        with World(company=made.folder.company, settings=SETTINGS) as world:
            console.print(f"Entering {made.accounts} accounts and {made.products} products, and syncing them ...")
            world.enter(made.folder)
            world.admin("sales", "clock", {"advance": 3600})  # the data was entered an hour ago
            with hosting(world, FLOW, {f"{flow.upper()}__ENABLED": "true" for flow in BEFORE}) as host:
                for flow, records in zip(BEFORE, (made.accounts, made.products), strict=True):
                    host.of(flow).sync(records, {Ending.CREATED: records})
            console.print(f"Entering {quotes} quotes of {lines} lines ...")
            enter_quotes(made.folder, world.sales)
            world.admin("sales", "clock", {"advance": 3600})
            console.print("First load ...")
            with hosting(world, FLOW, {}) as host:
                first = _sync(host, quotes, lines, {Ending.CREATED: quotes})
            made.check(world)
            with hosting(world, FLOW, OTHER_DEFINITION) as host:
                again = _read_and_revised(host, world, made, quotes, lines, console)
            row_by_row = _one_by_one(world)
    result = {"quotes": quotes, "lines": lines, "first": first, **again, "one_by_one": row_by_row}
    return {**result, "ratios": ratios(result), "machine": machine()}


def _read_and_revised(
    host: Measured, world: World, made: Quotes, quotes: int, lines: int, console: Console
) -> dict[str, Any]:
    console.print("Full read of what has not changed ...")
    endings = {Ending.CREATED: quotes, Ending.UNCHANGED: quotes}
    unchanged = _sync(host, quotes, lines, endings)
    if unchanged["writes"]:
        raise WrongResult(f"{unchanged['writes']} rows of F&O were written though nothing had changed.")
    idle = host.tick()
    revised = made.revise(world.sales, REVISED_EACH)
    console.print(f"{revised} revisions of one line each ...")
    endings |= {Ending.UPDATED: revised, Ending.SKIPPED: revised}  # each closes the quote that it follows
    wave = _sync(host, revised, lines, endings)
    made.check(world)
    return {"unchanged": unchanged, "idle_tick": idle, "revised": wave}


def _sync(host: Measured, quotes: int, lines: int, endings: Mapping[Ending, int]) -> dict[str, Any]:
    """What so many quotes of so many lines cost, in all, for each, and for each line."""
    found = host.sync(quotes, endings, patience=_PATIENCE_PER_LINE * (lines + 1))
    costs = {
        **{f"{system}_requests": float(sum(found["requests"][system].values())) for system in SYSTEMS},
        **{f"{service}_operations": float(count) for service, count in found["storage"].items()},
        "cpu_ms": found["cpu_seconds"] * 1000,
    }
    per_quote = {name: round(cost / quotes, 4) for name, cost in costs.items()}
    per_line = {name: round(cost / (quotes * lines), 4) for name, cost in costs.items()}
    return {**found, "per_quote": per_quote, "per_line": per_line}


def _one_by_one(world: World) -> dict[str, Any]:
    """What it takes to write quotations with a request for each row, and nothing else: no reading, no remembering."""
    copied, finops = copies(world, _ONE_BY_ONE), world.finops
    requests = sum(1 + len(lines) for _, lines in copied)
    began = time.monotonic()
    for header, lines in copied:
        finops.send("POST", "CDSSalesQuotationHeaders", header)
        for line in lines:
            finops.send("POST", "CDSSalesQuotationLines", line)
    return {"requests": requests, "ms_per_row": round(1000 * (time.monotonic() - began) / requests, 3)}


def ratios(result: Mapping[str, Any]) -> dict[str, float]:
    """The first load beside the same rows written one by one."""
    first, each = result["first"], result["one_by_one"]["ms_per_row"]
    requests = sum(sum(kinds.values()) for kinds in first["requests"].values())
    return {
        "rows_per_request": round(first["writes"] / requests, 1),
        "times_as_long": round(first["seconds"] * 1000 / (each * first["writes"]), 2),
    }


def table(result: Mapping[str, Any]) -> Table:
    """The figures side by side."""
    shown = Table(title=f"{result['quotes']} quotes of {result['lines']} lines", title_justify="left")
    phases = (result["first"], result["unchanged"], result["revised"])
    for heading in ("", "first load", "unchanged", "revised"):
        shown.add_column(heading, justify="right" if heading else "left")

    def row(name: str, *values: object) -> None:
        shown.add_row(name, *map(str, values))

    row("quotes", *(phase["records"] for phase in phases))
    row("seconds", *(phase["seconds"] for phase in phases))
    row("peak memory of the host, MB", *(phase["peak_rss_mb"] for phase in phases))
    for what in ("quote", "line"):
        for key, title in COSTS.items():
            row(f"{title} per {what}", *(f"{phase[f'per_{what}'][key]:.3g}" for phase in phases))
    row("rows of F&O written", *(phase["writes"] for phase in phases))
    for system, title in TITLES.items():
        if any(phase["operations"][system] for phase in phases):
            row(f"{title}: operations in batches", *(phase["operations"][system] for phase in phases))
        for kind in sorted({kind for phase in phases for kind in phase["requests"][system]}):
            row(f"{title}: {kind}", *(phase["requests"][system].get(kind, 0) for phase in phases))
    compared = result["ratios"]
    shown.caption_justify = "left"
    shown.caption = (
        f"First load: {compared['rows_per_request']} rows of F&O for each request to either system. It takes "
        f"{compared['times_as_long']} times as long as writing the same rows alone, a request for each "
        f"({result['one_by_one']['ms_per_row']} ms) to a system that answers at once."
    )
    return shown
