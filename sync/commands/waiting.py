"""`waiting`: who waits for what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from sync.app import Awaited, create_app
from sync.commands.telling import told

MOST_SHOWN = 10
"""Records of one flow that are named where they wait for the same."""


@click.command("waiting")
@click.argument("flows", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def waiting_command(environment: Mapping[str, str], flows: tuple[str, ...], as_json: bool) -> None:
    """Show what records wait for, how that stands, and who waits: of FLOWS, or of all flows. Writes nothing.

    A record that waits goes on by itself as soon as what it waits for is there.
    """
    app = told(lambda: create_app(environment))
    found = told(lambda: app.awaited(flows))
    if as_json:
        click.echo(json.dumps([_awaited_json(each) for each in found], indent=2, ensure_ascii=False))
        return
    for each in found:
        click.echo("\n".join(_awaited_lines(each)))
    records = len({(waiter.flow, waiter.id) for each in found for waiter in each.waiters})
    click.echo(f"{records} record{'s' * (records != 1)} wait{'s' * (records == 1)}." if records else "Nothing waits.")


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
