"""What the demo can check of the promises, from outside: by looking at both systems and at the app's own tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.world import World
from sync.app import App, FlowStatus


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that does not hold, and how one sees it."""

    promise: str
    sight: str


def check_world(world: World, app: App, flows: list[FlowStatus]) -> list[Broken]:
    """Every promise that is seen broken in a world that is quiet."""
    found = [*_counts(flows), *_stopped(app), *_poison(world, flows)]
    if any(flow.name == "accounts_to_finops" for flow in flows):
        found += _accounts(world, flows)
    return found


def _counts(flows: list[FlowStatus]) -> Iterator[Broken]:
    for flow in flows:
        if not flow.totals.close:
            yield Broken("Nothing disappears", f"{flow.name}: the counts do not close: {flow.totals.as_json()}")
        open_issues = Counter(issue.trouble.code for issue in flow.issues)
        if open_issues != flow.totals.reasons["parked"]:
            yield Broken("Nothing disappears", f"{flow.name}: the issues are {dict(open_issues)}, not what is parked")


def _stopped(app: App) -> Iterator[Broken]:
    for flow in app.stopped:
        yield Broken("No flow blocks another", f"{flow.name} is stopped: {flow.reason}")


def _poison(world: World, flows: list[FlowStatus]) -> Iterator[Broken]:
    for flow in flows:
        if flow.poisoned:
            yield Broken("No record blocks another", f"{flow.poisoned} messages of {flow.name} are in its poison queue")
    for host in world.hosts:
        for name, counts in host.counters()["functions"].items():
            if counts["failures"]:
                yield Broken("No record blocks another", f"{name} failed {counts['failures']} times")


def _accounts(world: World, flows: list[FlowStatus]) -> Iterator[Broken]:
    """Every active account is one customer, has an open issue or is left out; nobody else is a customer."""
    (flow,) = (each for each in flows if each.name == "accounts_to_finops")
    parked = {issue.id for issue in flow.issues}
    active = [row for row in world.rows("sales", "accounts") if row["statecode"] == 0]
    customers = world.rows("finops", "CustomersV3")
    numbers = Counter(str(customer["CustomerAccount"]).casefold() for customer in customers)
    for number, count in numbers.items():
        if count > 1:
            yield Broken("Nothing doubles", f"customer {number} exists {count} times")
    by_number = {str(customer["CustomerAccount"]).casefold(): customer for customer in customers}
    missing = []
    for account in active:
        customer = by_number.get(_number(account))
        if account["accountid"] in parked:
            continue
        if customer is None:
            missing.append(account["accountid"])
        elif _name(account).casefold() != str(customer["OrganizationName"]).casefold():
            yield Broken("The newest wins", f"account {account['accountid']} has another name than its customer")
    reasons = flow.totals.reasons
    left_out = reasons["skipped"].total() - reasons["skipped"]["not-active"] + reasons["waiting"].total()
    for id in missing[left_out:]:
        yield Broken("Nothing disappears", f"account {id} is neither a customer nor an issue, nor left out by a filter")
    expected = len(active) - len(parked) - len(missing)
    if len(customers) != expected:
        yield Broken("Nothing doubles", f"{len(customers)} customers for {expected} accounts that went through")


def _number(account: dict[str, Any]) -> str:
    return str(account["accountnumber"] or "").strip().casefold()


def _name(account: dict[str, Any]) -> str:
    """The name as it fits F&O: 100 UTF-16 code units."""
    name = str(account["name"]).strip()
    while len(name.encode("utf-16-le")) > 200:
        name = name[:-1]
    return name.rstrip()
