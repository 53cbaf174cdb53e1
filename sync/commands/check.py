"""`check`: are settings and mapping files fine, and do both systems have what they name."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import click

from sync.app import Finding, Problem, Severity, check, check_live
from sync.commands.telling import told


@click.command("check")
@click.option("--live", is_flag=True, help="Compare them with both systems, too: metadata and reference data.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.pass_obj
def check_command(environment: Mapping[str, str], live: bool, as_json: bool) -> None:
    """Check the app settings and the mapping files: names, values, form, examples. Writes nothing.

    Without --live neither system is asked anything. With it, problems are told apart: only errors make the exit status
    1; warnings concern some records, notes are to be known.
    """
    if live:
        if sys.stderr.isatty():
            click.echo("Reading both systems ...", err=True)
        findings = told(lambda: check_live(environment))
        click.echo(_findings_json(findings) if as_json else _findings_text(findings))
        sys.exit(1 if any(finding.severity == "error" for finding in findings) else 0)
    problems = told(lambda: check(environment))
    if as_json:
        click.echo(json.dumps([_problem_json(each) for each in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        what = "The settings and the mapping files" if environment.get("SALES_URL") else "The mapping files"
        fine = f"{what} are fine; their examples hold."
        click.echo(f"{len(problems)} problem{'s' * (len(problems) > 1)}." if problems else fine)
    sys.exit(1 if problems else 0)


def _findings_text(findings: Sequence[Finding]) -> str:
    """The findings, each group under what it is about."""
    lines: list[str] = []
    for about, group in groupby(findings, key=lambda finding: finding.about):
        lines += [f"{about}", *(f"  {each.severity:<8} {each}" for each in group), ""]
    counts = Counter(finding.severity for finding in findings)
    kinds: tuple[Severity, ...] = ("error", "warning", "note")
    said = [f"{counts[kind]} {kind}{'s' * (counts[kind] > 1)}" for kind in kinds if counts[kind]]
    if not counts["error"]:
        lines.append("The flows can run.")
    return "\n".join([*lines, f"{', '.join(said)}." if said else "Nothing was found."])


def _findings_json(findings: Sequence[Finding]) -> str:
    said = [{"about": each.about, "severity": each.severity, **_problem_json(each.problem)} for each in findings]
    return json.dumps(said, indent=2, ensure_ascii=False)


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "what", "remedy")}
