"""What the commands share: a mistake is told in a sentence, a mapping file that is not in use is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import click

from sync.app import App, FlowStatus, StoppedFlow, create_app
from sync.errors import SyncError


def status_of(environment: Mapping[str, str]) -> tuple[App, list[FlowStatus]]:
    """The app, and how its flows stand."""
    app = create_app(environment)
    try:
        return app, app.status()
    except SyncError:
        tell_broken(app)  # which is known without asking storage
        raise


def tell_broken(app: App) -> None:
    """The mapping files that are not in use, where they do not mix with what a program reads."""
    for file in app.broken:
        click.echo(stopped_text(file), err=True)


def stopped_text(stopped: StoppedFlow) -> str:
    return f"{click.style(stopped.name, fg='red', bold=True)} is stopped: {stopped.reason}"


def told[T](work: Callable[[], T]) -> T:
    """A user's mistake is told in a sentence, not in a traceback."""
    try:
        return work()
    except SyncError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
