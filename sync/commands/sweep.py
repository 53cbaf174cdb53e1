"""`sweep`: compare both sides of the flows, and repair what drifted."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from sync.app import KINDS, Comparison, Drifted, create_app
from sync.commands.telling import tell_broken, told

MOST_SHOWN = 20
"""Findings of one kind and flow that are named; --json names up to a thousand."""


@click.command("sweep")
@click.argument("flows", nargs=-1)
@click.option("--repair", is_flag=True, help="Have what drifted written again.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def sweep_command(environment: Mapping[str, str], flows: tuple[str, ...], repair: bool, as_json: bool) -> None:
    """Compare both sides of FLOWS, or of all flows, record by record, and tell what drifted.

    Without --repair nothing is written. With it, the records are put into the queue and written by the flow itself,
    with all their values: what people changed on the other side in mapped columns is overwritten, and counterparts
    that somebody deleted are made again. What has a change on its way, an issue, or waits, is not told.

    Exit status: 0 when nothing drifted, 1 when something did (also where it is being repaired), 2 as everywhere.
    """
    app = told(lambda: create_app(environment))
    tell_broken(app)
    for flow in flows:
        told(partial(app.refuse_unknown, flow))
    found = [told(partial(app.compare, flow, repair=repair)) for flow in flows or app.flows]
    if as_json:
        click.echo(json.dumps({each.flow: _as_json(each) for each in found}, indent=2, ensure_ascii=False))
    else:
        for each in found:
            click.echo("\n".join(_lines(each)))
    sys.exit(1 if app.broken or any(each.found for each in found) else 0)


def _lines(comparison: Comparison) -> list[str]:
    counts = comparison.counts
    besides = [f"{counts[name]} {name}" for name in ("under way", "known", "not judged") if counts[name]]
    looked = f"{counts['records']} records and {counts['links']} links compared"
    lines = [f"{comparison.flow}: {'; '.join([looked, *besides])}. {comparison.found or 'Nothing'} drifted."]
    for kind, meaning in KINDS.items():
        if counts[kind]:
            lines.append(f"  {kind}, {counts[kind]}: {meaning}")
            named = [each for each in comparison.findings if each.kind == kind][:MOST_SHOWN]
            lines += [
                f"    {' '.join(filter(None, (each.id, each.number, ', '.join(each.columns))))}" for each in named
            ]
            if counts[kind] > len(named):
                lines.append(f"    and {counts[kind] - len(named)} more")
    if comparison.repaired:
        lines.append(f"  {comparison.repaired} put into the queue; look again when the queue is empty.")
    if comparison.braked:
        lines.append(
            f"  {comparison.braked} are gone from the source, more than BRAKE_GONE_PERCENT: left as they are. If the "
            "source is as it should be, repair with a higher BRAKE_GONE_PERCENT."
        )
    return lines


def _as_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "counts": {name: count for name, count in comparison.counts.items() if count},
        "found": comparison.found,
        "repaired": comparison.repaired,
        "braked": comparison.braked,
        "findings": [_finding_json(each) for each in comparison.findings],
    }


def _finding_json(finding: Drifted) -> dict[str, Any]:
    return {"kind": finding.kind, "id": finding.id, "number": finding.number, "columns": list(finding.columns)}
