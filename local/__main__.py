"""`python -m local`: the whole of Prospect to cash on one machine.

What a command needs is imported when it runs: `sim` is for many quick calls and needs nothing of the world.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local import targets
from local.sim import sim

if TYPE_CHECKING:
    from rich.console import Console


_tables = click.option(
    "--tables", type=click.Path(path_type=Path), help="Folder of tables that Sales has of your own, as *.toml."
)


@click.group()
def main() -> None:
    """The local world: Azurite, simulators of both systems, the Functions host."""


@main.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of CSV files; without it sample data is made.")
@click.option("--dump", type=targets.FolderToWrite(), help="Folder for the final content of both systems as CSV.")
@click.option(
    "--json",
    "json_file",
    type=targets.FileToWrite(),
    help="File for the summary as JSON; with - it is standard output, and all else goes to standard error.",
)
@click.option("--hosts", default=1, show_default=True, type=click.IntRange(1, 8), help="Functions hosts side by side.")
@_tables
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def demo(
    data: Path | None, dump: Path | None, json_file: Path | None, hosts: int, tables: Path | None, quiet: bool
) -> None:
    """Enter data, sync until quiet, show what came of it.

    Exit status: 0 only if every promise holds, 1 when one is broken, 2 when the command, the data or the machine is
    not as it should be.
    """
    from local import demo as demos

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # through the blocks that end the children
    console = _console(quiet=quiet, stderr=json_file == targets.STDOUT)
    _exit(lambda: demos.run(data, dump, json_file, hosts=hosts, tables=tables, console=console))


@main.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of CSV files; without it sample data is made.")
@click.option("--hosts", default=1, show_default=True, type=click.IntRange(0, 8), help="Functions hosts; 0 for none.")
@_tables
def up(data: Path | None, hosts: int, tables: Path | None) -> None:
    """Keep the same world running until Ctrl-C, with its addresses printed."""
    from local import up as ups

    _exit(lambda: ups.run(data, hosts=hosts, tables=tables, console=_console()))


main.add_command(sim)


def _console(*, quiet: bool = False, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(quiet=quiet, stderr=stderr)


def _exit(work: Callable[[], int]) -> None:
    from local.azurite import AzuriteError
    from local.data.enter import EnterError
    from local.data.folder import DataFolderError
    from local.demo import DemoError
    from local.processes import ChildError

    try:
        sys.exit(work())
    except (AzuriteError, DataFolderError, EnterError, ChildError, DemoError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
