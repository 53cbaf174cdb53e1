"""`python -m benchmarks`: what the path costs, and what it survives."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import explore as exploring
from benchmarks import kills as killing
from benchmarks import load as loading
from benchmarks import quotes as documents
from benchmarks import throttle as throttling
from benchmarks.measured import WrongResult
from local.processes import ChildError


def _output(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where the result of a command goes."""
    command = click.option("--quiet", is_flag=True, help="Print nothing but errors.")(command)
    file = click.Path(path_type=Path)
    return click.option("--json", "json_file", type=file, help="File for the result as JSON.")(command)


@click.group()
def main() -> None:
    """Figures of the app, measured in the local world."""


@main.command()
@click.option("--records", default=10_000, show_default=True, type=click.IntRange(1, 1_000_000), help="Accounts.")
@_output
def load(records: int, json_file: Path | None, quiet: bool) -> None:
    """Sync so many new accounts, then read them all again unchanged, then tick with nothing to do."""
    console = Console(quiet=quiet)
    figures = _measured(lambda: loading.run(records, console))
    console.print(loading.table(figures))
    _write(json_file, figures)


@main.command()
@click.option("--quotes", default=1000, show_default=True, type=click.IntRange(1, 100_000), help="Active quotes.")
@click.option("--lines", default=20, show_default=True, type=click.IntRange(1, 500), help="Lines of each.")
@_output
def quotes(quotes: int, lines: int, json_file: Path | None, quiet: bool) -> None:
    """Sync so many new quotes, then read them all again unchanged, then sync a revision of every tenth."""
    console = Console(quiet=quiet)
    figures = _measured(lambda: documents.run(quotes, lines, console))
    console.print(documents.table(figures))
    _write(json_file, figures)


@main.command()
@click.option("--seeds", default=2000, show_default=True, type=click.IntRange(1), help="Worlds to run.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--kind", default="", help="The kind of world; without it, all take turns.")
@_output
def explore(seeds: int, first: int, kind: str, json_file: Path | None, quiet: bool) -> None:
    """Run seeded worlds of the explorer; exit status 1 when one of them breaks a promise."""
    console = Console(quiet=quiet)
    result = exploring.run(range(first, first + seeds), console, kind)
    _write(json_file, result)
    kinds = ", ".join(f"{count} {kind}" for kind, count in result["kinds"].items())
    console.print(f"{result['worlds']} worlds ({kinds}), {result['broken']} broken, {result['seconds']} s")
    sys.exit(1 if result["broken"] else 0)


@main.command()
@click.option("--records", default=20_000, show_default=True, type=click.IntRange(50, 1_000_000), help="Accounts.")
@click.option("--kills", default=20, show_default=True, type=click.IntRange(1, 1000), help="Hosts that are killed.")
@click.option("--hosts", default=2, show_default=True, type=click.IntRange(1, 8), help="Hosts at a time.")
@click.option("--seed", default=1, show_default=True, help="What decides the data, the moments and the victims.")
@_output
def kills(records: int, kills: int, hosts: int, seed: int, json_file: Path | None, quiet: bool) -> None:
    """Kill hosts again and again during a first load of accounts; exit status 1 when a promise is broken."""
    console = Console(quiet=quiet)
    result = _measured(lambda: killing.run(records, kills, hosts, seed, console))
    console.print(killing.table(result))
    _end(result, json_file)


@main.command()
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0.1, 600), help="How long.")
@click.option("--records", default=2000, show_default=True, type=click.IntRange(50, 100_000), help="Accounts.")
@click.option("--hosts", default=2, show_default=True, type=click.IntRange(1, 8), help="Hosts.")
@click.option("--seed", default=1, show_default=True, help="What decides the data, and who asks for how long.")
@_output
def throttle(minutes: float, records: int, hosts: int, seed: int, json_file: Path | None, quiet: bool) -> None:
    """Have both systems throttle the app again and again; exit status 1 when a promise is broken."""
    console = Console(quiet=quiet)
    result = _measured(lambda: throttling.run(records, minutes, hosts, seed, console))
    console.print(throttling.table(result))
    _end(result, json_file)


def _end(result: Mapping[str, Any], json_file: Path | None) -> None:
    for line in result["broken"][:20]:
        click.echo(line, err=True)
    _write(json_file, result)
    sys.exit(1 if result["broken"] else 0)


def _measured(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The figures; what keeps them from meaning anything is told in a sentence."""
    try:
        return run()
    except (WrongResult, ChildError) as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(2)


def _write(file: Path | None, figures: Mapping[str, Any]) -> None:
    if file is not None:
        file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
