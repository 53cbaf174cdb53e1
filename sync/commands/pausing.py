"""`pause` and `resume`: hold flows up, and let them go on."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from functools import partial

import click

from sync.app import App, create_app
from sync.commands.telling import told


@click.command("pause")
@click.argument("flows", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every flow.")
@click.option("--reason", default="", help="Shown to everybody who asks why nothing goes on.")
@click.option("--by", default="", help="Who pauses; without it, the name of the user of this machine.")
@click.pass_obj
def pause_command(environment: Mapping[str, str], flows: tuple[str, ...], every: bool, reason: str, by: str) -> None:
    """Hold up FLOWS until they are resumed: nothing is read, nothing written, nothing lost.

    All hosts know it within five seconds; what is being written then is written to its end. Changes stay where they
    are, in their source or in the queue.
    """
    app = told(lambda: create_app(environment))
    for flow in _named(app, flows, every=every):
        told(partial(app.pause, flow, reason=reason, by=by or _user()))
        click.echo(f"{flow} is paused. `python -m sync resume {flow}` lets it go on.")


@click.command("resume")
@click.argument("flows", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every flow.")
@click.pass_obj
def resume_command(environment: Mapping[str, str], flows: tuple[str, ...], every: bool) -> None:
    """Let paused FLOWS go on, whoever has paused them. What waits in the queue goes on within half a minute."""
    app = told(lambda: create_app(environment))
    for flow in _named(app, flows, every=every):
        was = told(partial(app.resume, flow))
        click.echo(f"{flow} goes on." if was else f"{flow} was not paused.")


def _named(app: App, flows: Sequence[str], *, every: bool) -> Sequence[str]:
    if bool(flows) == every:
        raise click.UsageError(f"Name flows, or say --all. The flows are {', '.join(app.flows)}.")
    for flow in flows:
        told(partial(app.refuse_unknown, flow))
    return flows or app.flows


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:
        return ""
