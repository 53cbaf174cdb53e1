"""`allow` and `resend`: what a person lets the flows send."""

from __future__ import annotations

from collections.abc import Mapping

import click

from sync.app import create_app
from sync.commands.telling import told


@click.command("allow")
@click.argument("flow")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def allow_command(environment: Mapping[str, str], flow: str, yes: bool) -> None:
    """Let the mass change that has stopped FLOW pass once: shows what it is, asks, and stores a permission.

    The permission is for as many records as are shown, holds for 24 hours, and is used up by the read that it lets
    through. A bigger mass change stops the flow again.
    """
    app = told(lambda: create_app(environment))
    weight = told(lambda: app.mass_change(flow))
    click.echo(f"{flow} is stopped: {weight}.")
    if not yes:
        click.confirm("Should this be carried over to the other system?", abort=True)
    until = told(lambda: app.allow(flow, weight))
    click.echo(f"Allowed once, until {until:%Y-%m-%d %H:%M} UTC; the next read of {flow} goes on.")


@click.command("resend")
@click.argument("flow")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def resend_command(environment: Mapping[str, str], flow: str, yes: bool) -> None:
    """Have every record of FLOW sent again with all its values, not only those that changed.

    What users changed on the other side in mapped columns is overwritten. The next run of the flow's timer begins.
    """
    app = told(lambda: create_app(environment))
    told(lambda: app.refuse_unknown(flow))
    if not yes:
        question = f"Send every record of {flow} again, and overwrite what was changed on the other side?"
        click.confirm(question, abort=True)
    told(lambda: app.resend(flow))
    click.echo(f"The next run of {flow} reads all its records and sends all their values.")
