"""`python -m sync`: look at an installation and check its mapping files.

Exit status: 0 when all is well, 1 when something was found, 2 when the command or its settings make no sense, or
storage cannot be asked.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from sync.commands import COMMANDS

_OF_THE_PROCESS = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
"""Where managed identities are asked for; msal reads it from nowhere but the environment of the process."""


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


for command in COMMANDS:
    main.add_command(command)


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
