"""`status`: how every flow stands."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sync.app import MODES, App, FlowStatus
from sync.commands.telling import status_of, stopped_text, told


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.pass_obj
def status_command(environment: Mapping[str, str], as_json: bool) -> None:
    """Show how every flow stands: what it read, what waits, what came of it. Writes nothing.

    Behind the time of the last read stands what the next one does: full reads everything, delta follows the changes,
    survey compares everything with what is remembered, rest has done so and begins anew, stopped waits for a person.

    Exit status: 0 when all flows that are switched on run, 1 when one is stopped, paused, switched off or cannot reach
    a system, 2 as everywhere.
    """
    app, flows = told(lambda: status_of(environment))
    if as_json:
        click.echo(json.dumps(_as_json(app, flows), indent=2))
    else:
        console = Console()
        for flow in flows:
            _show(console, flow)
        for stopped in app.stopped:
            click.echo(stopped_text(stopped))
    sys.exit(1 if app.stopped or any(flow.state in ("stopped", "not available", "paused") for flow in flows) else 0)


def _show(console: Console, flow: FlowStatus) -> None:
    read = f"{flow.checked:%Y-%m-%d %H:%M:%S} UTC" if flow.checked else "never"
    table = Table(title=f"{flow.name}: {flow.state}", title_justify="left", show_header=False)
    table.add_row("read", f"{read} ({flow.mode}: {MODES.get(flow.mode, 'reads')})")
    table.add_row("messages that wait", str(flow.backlog))
    if flow.poisoned:
        table.add_row("[bold red]poison queue[/]", f"{flow.poisoned} messages that no function could take")
    table.add_row("changes detected", str(flow.totals.detected))
    for ending, count in flow.totals.endings.items():
        reasons: Mapping[str, int] = flow.totals.reasons.get(ending, {})
        why = ", ".join(f"{code} {number}" for code, number in sorted(reasons.items()))
        if count:
            table.add_row(str(ending), f"{count}  {why}".rstrip())
    if flow.totals.warnings:
        codes = ", ".join(f"{code} {number}" for code, number in sorted(flow.totals.warnings.items()))
        table.add_row("warnings", f"{flow.totals.warnings.total()}  {codes}")
    if flow.issues:
        table.add_row("open issues", f"{len(flow.issues)}  see `issues --flow {flow.name}`")
    for reason in flow.reasons:
        table.add_row(f"[bold red]{flow.state}[/]", escape(reason))
    for lack in flow.lacks:
        table.add_row("[yellow]column lacking[/]", escape(lack))
    if not flow.totals.close and not flow.backlog:
        table.add_row("[bold red]counts[/]", "do not close, though nothing waits")
    console.print(table)


def _as_json(app: App, flows: list[FlowStatus]) -> dict[str, Any]:
    return {
        "flows": {
            flow.name: {
                "state": flow.state,
                "reason": " ".join(flow.reasons),
                "mode": flow.mode,
                "checked": flow.checked.isoformat() if flow.checked else None,
                "backlog": flow.backlog,
                "poisoned": flow.poisoned,
                "issues": len(flow.issues),
                "lacking": flow.lacks,
                **flow.totals.as_json(),
            }
            for flow in flows
        },
        "stopped": {stopped.name: stopped.reason for stopped in app.stopped},
    }
