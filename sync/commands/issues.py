"""`issues`: the records that a person must look at."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial

import click

from sync.commands.telling import status_of, tell_broken, told
from sync.issue_text import issues_json, lines_of, wanted


@click.command("issues")
@click.option("--flow", "flows", multiple=True, help="Only those of this flow; can be given more than once.")
@click.option("--code", "codes", multiple=True, help="Only those with this code, such as missing-number; likewise.")
@click.option("--json", "as_json", is_flag=True, help="Print the issues as JSON.")
@click.pass_obj
def issues_command(environment: Mapping[str, str], flows: Sequence[str], codes: Sequence[str], as_json: bool) -> None:
    """List the records that a person must look at: which, what is wrong, what to do. Writes nothing.

    Exit status: 0 when there is none, 1 when there are some or a mapping file cannot be used, 2 as everywhere.
    """
    app, statuses = told(lambda: status_of(environment))
    tell_broken(app)
    for flow in flows:
        told(partial(app.refuse_unknown, flow))
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
