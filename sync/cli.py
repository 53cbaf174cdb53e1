"""`python -m sync`: look at an installation and check its mapping files.

Exit status: 0 when all is well, 1 when something was found, 2 when the command or its settings make no sense, or
storage cannot be asked.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sync.app import (
    MODES,
    App,
    Awaited,
    Finding,
    FlowStatus,
    Problem,
    Severity,
    StoppedFlow,
    check,
    check_live,
    create_app,
)
from sync.errors import SyncError
from sync.issue_text import issues_json, lines_of, wanted

_OF_THE_PROCESS = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
"""Where managed identities are asked for; msal reads it from nowhere but the environment of the process."""


MOST_SHOWN = 10
"""Records of one flow that are named where they wait for the same."""


@click.group()
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A local.settings.json whose values are taken where the environment has none.",
)
@click.pass_context
def main(context: click.Context, settings: Path | None) -> None:
    """Prospect to cash: Dynamics 365 Sales and Finance & Operations in step.

    Exit status of every command: 0 when all is well, 1 when something was found or a question was answered with no, 2
    when the command or its settings make no sense, or storage or a system cannot be asked.
    """
    context.obj = _environment(settings)
    for name in _OF_THE_PROCESS & context.obj.keys():
        os.environ.setdefault(name, context.obj[name])


@main.command("check")
@click.option("--live", is_flag=True, help="Compare them with both systems, too: metadata and reference data.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.pass_obj
def check_command(environment: Mapping[str, str], live: bool, as_json: bool) -> None:
    """Check the app settings and the mapping files: names, values, form, examples. Writes nothing.

    Without --live neither system is asked anything. With it, problems are told apart: only errors make the exit status
    1; warnings concern some records, notes are to be known.
    """
    if live:
        if sys.stderr.isatty():
            click.echo("Reading both systems ...", err=True)
        findings = _told(lambda: check_live(environment))
        click.echo(_findings_json(findings) if as_json else _findings_text(findings))
        sys.exit(1 if any(finding.severity == "error" for finding in findings) else 0)
    problems = _told(lambda: check(environment))
    if as_json:
        click.echo(json.dumps([_problem_json(each) for each in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        what = "The settings and the mapping files" if environment.get("SALES_URL") else "The mapping files"
        fine = f"{what} are fine; their examples hold."
        click.echo(f"{len(problems)} problem{'s' * (len(problems) > 1)}." if problems else fine)
    sys.exit(1 if problems else 0)


@main.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.pass_obj
def status_command(environment: Mapping[str, str], as_json: bool) -> None:
    """Show how every flow stands: what it read, what waits, what came of it. Writes nothing.

    Behind the time of the last read stands what the next one does: full reads everything, delta follows the changes,
    survey compares everything with what is remembered, rest has done so and begins anew, stopped waits for a person.

    Exit status: 0 when all flows that are switched on run, 1 when one is stopped, switched off or cannot reach a
    system, 2 as everywhere.
    """
    app, flows = _told(lambda: _status(environment))
    if as_json:
        click.echo(json.dumps(_as_json(app, flows), indent=2))
    else:
        console = Console()
        for flow in flows:
            _show(console, flow)
        for stopped in app.stopped:
            click.echo(_stopped_text(stopped))
    sys.exit(1 if app.stopped or any(flow.state in ("stopped", "not available") for flow in flows) else 0)


@main.command("issues")
@click.option("--flow", "flows", multiple=True, help="Only those of this flow; can be given more than once.")
@click.option("--code", "codes", multiple=True, help="Only those with this code, such as missing-number; likewise.")
@click.option("--json", "as_json", is_flag=True, help="Print the issues as JSON.")
@click.pass_obj
def issues_command(environment: Mapping[str, str], flows: Sequence[str], codes: Sequence[str], as_json: bool) -> None:
    """List the records that a person must look at: which, what is wrong, what to do. Writes nothing.

    Exit status: 0 when there is none, 1 when there are some or a mapping file cannot be used, 2 as everywhere.
    """
    app, statuses = _told(lambda: _status(environment))
    _tell_broken(app)
    for flow in flows:
        _told(partial(app.refuse_unknown, flow))
    every = [issue for flow in statuses for issue in flow.issues]
    issues = wanted(every, flows, codes)
    if as_json:
        click.echo(json.dumps(issues_json(issues), indent=2, ensure_ascii=False))
    else:
        for issue in issues:
            click.echo("\n".join(lines_of(issue)))
        of_all = f" of {len(every)}" if flows or codes else ""
        click.echo(f"{len(issues)}{of_all} issue{'s' * (len(every if of_all else issues) != 1)}.")
    sys.exit(1 if issues or app.broken else 0)


@main.command("waiting")
@click.argument("flows", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def waiting_command(environment: Mapping[str, str], flows: tuple[str, ...], as_json: bool) -> None:
    """Show what records wait for, how that stands, and who waits: of FLOWS, or of all flows. Writes nothing.

    A record that waits goes on by itself as soon as what it waits for is there.
    """
    app = _told(lambda: create_app(environment))
    found = _told(lambda: app.awaited(flows))
    if as_json:
        click.echo(json.dumps([_awaited_json(each) for each in found], indent=2, ensure_ascii=False))
        return
    for each in found:
        click.echo("\n".join(_awaited_lines(each)))
    records = len({(waiter.flow, waiter.id) for each in found for waiter in each.waiters})
    click.echo(f"{records} record{'s' * (records != 1)} wait{'s' * (records == 1)}." if records else "Nothing waits.")


@main.command("allow")
@click.argument("flow")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def allow_command(environment: Mapping[str, str], flow: str, yes: bool) -> None:
    """Let the mass change that has stopped FLOW pass once: shows what it is, asks, and stores a permission.

    The permission is for as many records as are shown, holds for 24 hours, and is used up by the read that it lets
    through. A bigger mass change stops the flow again.
    """
    app = _told(lambda: create_app(environment))
    weight = _told(lambda: app.mass_change(flow))
    click.echo(f"{flow} is stopped: {weight}.")
    if not yes:
        click.confirm("Should this be carried over to the other system?", abort=True)
    until = _told(lambda: app.allow(flow, weight))
    click.echo(f"Allowed once, until {until:%Y-%m-%d %H:%M} UTC; the next read of {flow} goes on.")


@main.command("resend")
@click.argument("flow")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def resend_command(environment: Mapping[str, str], flow: str, yes: bool) -> None:
    """Have every record of FLOW sent again with all its values, not only those that changed.

    What users changed on the other side in mapped columns is overwritten. The next run of the flow's timer begins.
    """
    app = _told(lambda: create_app(environment))
    _told(lambda: app.refuse_unknown(flow))
    if not yes:
        question = f"Send every record of {flow} again, and overwrite what was changed on the other side?"
        click.confirm(question, abort=True)
    _told(lambda: app.resend(flow))
    click.echo(f"The next run of {flow} reads all its records and sends all their values.")


_TOLD_OF_WAITERS = ("flow", "id", "number", "code")


def _awaited_lines(each: Awaited) -> list[str]:
    """What is waited for, and below it who waits, a record a line, so that ids can be searched for and copied."""
    lines = [f"{each.name}: {each.stands}"]
    for (flow, code), count in sorted(each.by_flow.items()):
        who = [waiter for waiter in each.waiters if (waiter.flow, waiter.code) == (flow, code)][:MOST_SHOWN]
        lines += [f"  {count} of {flow}, {code}", *(f"    {waiter.id} {waiter.number}".rstrip() for waiter in who)]
        if count > MOST_SHOWN:
            lines.append(f"    and {count - MOST_SHOWN} more; --json names all")
    return lines


def _awaited_json(each: Awaited) -> dict[str, Any]:
    waiters = [{name: getattr(waiter, name) for name in _TOLD_OF_WAITERS} for waiter in each.waiters]
    return {"awaits": each.name, "stands": each.stands, "waiters": waiters}


def _findings_text(findings: Sequence[Finding]) -> str:
    """The findings, each group under what it is about."""
    lines: list[str] = []
    for about, group in groupby(findings, key=lambda finding: finding.about):
        lines += [f"{about}", *(f"  {each.severity:<8} {each}" for each in group), ""]
    counts = Counter(finding.severity for finding in findings)
    kinds: tuple[Severity, ...] = ("error", "warning", "note")
    told = [f"{counts[kind]} {kind}{'s' * (counts[kind] > 1)}" for kind in kinds if counts[kind]]
    if not counts["error"]:
        lines.append("The flows can run.")
    return "\n".join([*lines, f"{', '.join(told)}." if told else "Nothing was found."])


def _findings_json(findings: Sequence[Finding]) -> str:
    told = [{"about": each.about, "severity": each.severity, **_problem_json(each.problem)} for each in findings]
    return json.dumps(told, indent=2, ensure_ascii=False)


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "what", "remedy")}


def _status(environment: Mapping[str, str]) -> tuple[App, list[FlowStatus]]:
    app = create_app(environment)
    try:
        return app, app.status()
    except SyncError:
        _tell_broken(app)  # which is known without asking storage
        raise


def _tell_broken(app: App) -> None:
    """The mapping files that are not in use, where they do not mix with what a program reads."""
    for file in app.broken:
        click.echo(_stopped_text(file), err=True)


def _stopped_text(stopped: StoppedFlow) -> str:
    return f"{click.style(stopped.name, fg='red', bold=True)} is stopped: {stopped.reason}"


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


def _environment(settings: Path | None) -> dict[str, str]:
    if settings is None:
        return dict(os.environ)
    try:
        values = json.loads(settings.read_text(encoding="utf-8"))["Values"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise click.UsageError(
            f'{settings} is not a local.settings.json: {{"Values": {{"SALES_URL": "https://...", ...}}}}. '
            "local.settings.example.json shows one."
        ) from None
    for name, value in values:
        if isinstance(value, dict | list):
            raise click.UsageError(f"{settings}: {name} is no text. Write every value between quotes.")
    given = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in values if value is not None
    }
    return {**given, **os.environ}


def _told[T](work: Callable[[], T]) -> T:
    """A user's mistake is told in a sentence, not in a traceback."""
    try:
        return work()
    except SyncError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
