"""`issues` and `retry`: the records that a person must look at, and what is to be tried again now."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import click

from sync.app import App, Issue
from sync.commands.telling import status_of, tell_broken, told
from sync.issue_text import Wanted, issues_json, lines_of

_BACK = {"m": "minutes", "h": "hours", "d": "days"}


class _Since(click.ParamType[datetime]):
    """A moment, or how long ago."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ARG002
        if back := re.fullmatch(r"(\d{1,6})([mhd])", str(value)):
            return datetime.now(UTC) - timedelta(**{_BACK[back[2]]: int(back[1])})
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment: write 2026-03-01, 2026-03-01T12:00, or 90m, 12h, 7d for so long ago.")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filters[**P, T](command: Callable[P, T]) -> Callable[P, T]:
    for option in reversed(
        (
            click.option("--flow", "flows", multiple=True, help="Only those of this flow; can be repeated."),
            click.option("--class", "classes", multiple=True, help="Only those of this class, such as DataError."),
            click.option("--code", "codes", multiple=True, help="Only those with this code, such as missing-number."),
            click.option("--since", type=_Since(), help="Only those last seen since then: a moment, or 90m, 12h, 7d."),
        )
    ):
        command = option(command)
    return command


@click.command("issues")
@_filters
@click.option("--closed", is_flag=True, help="Those that are settled, as long as they are kept (ISSUE_DAYS).")
@click.option("--json", "as_json", is_flag=True, help="Print the issues as JSON.")
@click.pass_obj
def issues_command(
    environment: Mapping[str, str],
    flows: Sequence[str],
    classes: Sequence[str],
    codes: Sequence[str],
    since: datetime | None,
    closed: bool,
    as_json: bool,
) -> None:
    """List the records that a person must look at: which, what is wrong, what to do. Writes nothing.

    Exit status: 0 when there is none, 1 when there are some or a mapping file cannot be used, 2 as everywhere.
    """
    app, every = _issues(environment, flows, closed=closed)
    asked = Wanted(flows, classes, codes, since)
    issues = [issue for issue in every if asked.takes(issue)]
    if as_json:
        click.echo(json.dumps(issues_json(issues), indent=2, ensure_ascii=False))
    else:
        for issue in issues:
            click.echo("\n".join(lines_of(issue)))
        of_all = "" if asked.all else f" of {len(every)}"
        settled = " settled" if closed else ""
        click.echo(f"{len(issues)}{of_all}{settled} issue{'s' * (len(every if of_all else issues) != 1)}.")
    sys.exit(1 if (issues and not closed) or app.broken else 0)


@click.command("retry")
@click.argument("records", metavar="[ID]...", nargs=-1)
@_filters
@click.option("--all", "every_one", is_flag=True, help="Every record that has an open issue.")
@click.pass_obj
def retry_command(
    environment: Mapping[str, str],
    records: tuple[str, ...],
    flows: Sequence[str],
    classes: Sequence[str],
    codes: Sequence[str],
    since: datetime | None,
    every_one: bool,
) -> None:
    """Have parked records tried again now: those with this ID or number, those of a flow, class or code, or all.

    They take the way of every change. What goes through settles its issue by itself; what fails again stays parked.
    """
    asked = Wanted(flows, classes, codes, since)
    if every_one == bool(records or not asked.all):
        raise click.UsageError("Name records by id or number, or say --flow, --class, --code, --since, or --all.")
    app, every = _issues(environment, flows, closed=False)
    chosen = [issue for issue in every if asked.takes(issue) and (not records or _is_one(issue, records))]
    if unknown := [record for record in records if not any(_is_one(issue, [record]) for issue in chosen)]:
        click.echo(f"No open issue is about {', '.join(unknown)}. See `python -m sync issues`.", err=True)
        sys.exit(2)
    count = told(partial(app.desk.retry, chosen))
    click.echo(f"{count} record{'s are' if count != 1 else ' is'} tried again.")
    if others := [issue for issue in chosen if not issue.of_record]:
        click.echo(f"{len(others)} of the issues are about a flow or a message: they settle when that goes well.")


def _issues(environment: Mapping[str, str], flows: Sequence[str], *, closed: bool) -> tuple[App, Sequence[Issue]]:
    """The issues of these flows, of all when none is named; those that a column lacks are known by the status."""
    app, statuses = told(partial(status_of, environment))
    tell_broken(app)
    for flow in flows:
        told(partial(app.refuse_unknown, flow))
    if closed:
        return app, told(partial(app.desk.closed, app.flows))
    return app, [issue for flow in statuses for issue in flow.issues]


def _is_one(issue: Issue, records: Sequence[str]) -> bool:
    """Ids and numbers are compared without case."""
    return bool({issue.id.casefold(), issue.trouble.number.casefold()} & {record.casefold() for record in records})
