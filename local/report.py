"""What the demo prints: a table per flow, what is in both systems, what did not come and why, and the promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from local.checks import Broken
from local.world import World
from sync.app import FlowStatus

PROMISES = ("Nothing disappears", "Nothing doubles", "The newest wins", "No record blocks another")
SHOWN_ISSUES = 20
SAMPLES = 6


def show(
    console: Console, world: World, flows: Sequence[FlowStatus], broken: Sequence[Broken], summary: Mapping[str, Any]
) -> None:
    """Print everything."""
    for flow in flows:
        console.print(flow_table(flow))
        if flow.issues:
            console.print(issue_table(flow))
    console.print(samples_table(world))
    console.print(systems_table(world))
    requests, storage = summary["requests"], summary["storage"]
    console.print(
        f"{requests['sales']} requests to Sales, {requests['finops']} to F&O; "
        f"{storage['queue']} queue and {storage['table']} table operations; {summary['seconds']} s with start-up."
    )
    for promise in PROMISES:
        seen = [each for each in broken if each.promise == promise]
        console.print(f"[bold {'red' if seen else 'green'}]{'broken' if seen else 'kept':>6}[/]  {promise}")
        for each in seen[:10]:
            console.print(f"        {each.sight}", markup=False)
    for each in broken:
        if each.promise not in PROMISES:
            console.print(f"[bold red]broken[/]  {each.promise}: {each.sight}")


def flow_table(flow: FlowStatus) -> Table:
    """The outcomes of a flow."""
    table = Table(title=f"{flow.name}: {flow.totals.detected} changes detected", title_justify="left")
    table.add_column("outcome")
    table.add_column("records", justify="right")
    table.add_column("why", overflow="fold")
    for ending, count in flow.totals.endings.items():
        if count:
            reasons = flow.totals.reasons.get(ending) or Counter()
            why = ", ".join(f"{code} {number}" for code, number in sorted(reasons.items()))
            table.add_row(str(ending), str(count), why)
    warnings = ", ".join(f"{code} {number}" for code, number in sorted(flow.totals.warnings.items()))
    if warnings:
        table.add_row("warnings", str(sum(flow.totals.warnings.values())), warnings)
    return table


def issue_table(flow: FlowStatus) -> Table:
    """The issues of a flow, as a person needs them."""
    table = Table(title=f"{flow.name}: issues", title_justify="left")
    table.add_column("number", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("what to do")
    for issue in sorted(flow.issues, key=lambda issue: (issue.trouble.code, issue.trouble.number))[:SHOWN_ISSUES]:
        name = issue.trouble.number or f"({issue.id[:8]}...)"
        table.add_row(name, issue.trouble.code, issue.trouble.remedy or issue.trouble.cause)
    if len(flow.issues) > SHOWN_ISSUES:
        table.caption = f"and {len(flow.issues) - SHOWN_ISSUES} more"
    return table


def samples_table(world: World) -> Table:
    """Some accounts beside the customers that they became."""
    table = Table(title="Accounts that became customers", title_justify="left")
    for heading in ("account in Sales", "country", "customer in F&O", "country", "party"):
        table.add_column(heading)
    customers = {str(row["CustomerAccount"]).casefold(): row for row in world.rows("finops", "CustomersV3")}
    accounts = sorted(world.rows("sales", "accounts"), key=lambda row: str(row["accountnumber"]))
    pairs = [
        (account, customers[number])
        for account in accounts
        if (number := str(account["accountnumber"]).strip().casefold()) in customers
    ]
    step = max(1, len(pairs) // SAMPLES)
    for account, customer in pairs[::step][:SAMPLES]:
        table.add_row(
            f"{account['name']}",
            str(account["address1_country"] or ""),
            f"{customer['CustomerAccount']} {customer['OrganizationName']}",
            str(customer["AddressCountryRegionISOCode"]),
            str(customer["PartyNumber"]),
        )
    return table


def systems_table(world: World) -> Table:
    """How many records each system holds."""
    table = Table(title="In both systems", title_justify="left")
    table.add_column("Sales")
    table.add_column("", justify="right")
    table.add_column("Finance & Operations")
    table.add_column("", justify="right")
    pairs = (("accounts", "CustomersV3"),)
    for sales, finops in pairs:
        table.add_row(sales, str(len(world.rows("sales", sales))), finops, str(len(world.rows("finops", finops))))
    return table
