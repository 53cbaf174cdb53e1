"""`python -m local`: the whole of Prospect to cash on one machine."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click
from rich.console import Console

from local import demo as demos
from local import up as ups
from local.azurite import AzuriteError
from local.data.enter import EnterError
from local.data.folder import DataFolderError
from local.processes import ChildError


@click.group()
def main() -> None:
    """The local world: Azurite, simulators of both systems, the Functions host."""


@main.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of CSV files; without it sample data is made.")
@click.option("--dump", type=click.Path(path_type=Path), help="Folder for the final content of both systems as CSV.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="File for the summary as JSON.")
@click.option("--hosts", default=1, show_default=True, type=click.IntRange(1, 8), help="Functions hosts side by side.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def demo(data: Path | None, dump: Path | None, json_file: Path | None, hosts: int, quiet: bool) -> None:
    """Enter data, sync until quiet, show what came of it. Exit status 0 only if every promise holds."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # through the blocks that end the children
    _exit(lambda: demos.run(data, dump, json_file, hosts=hosts, console=Console(quiet=quiet)))


@main.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of CSV files; without it sample data is made.")
@click.option("--hosts", default=1, show_default=True, type=click.IntRange(0, 8), help="Functions hosts; 0 for none.")
def up(data: Path | None, hosts: int) -> None:
    """Keep the same world running until Ctrl-C, with its addresses printed."""
    _exit(lambda: ups.run(data, hosts=hosts, console=Console()))


def _exit(work: object) -> None:
    assert callable(work)  # noqa: S101 - both commands pass a function
    try:
        sys.exit(work())
    except (AzuriteError, DataFolderError, EnterError, ChildError, demos.DemoError) as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
