"""Promises 1 to 4 of a world that has come to rest, checked from outside of the engine."""

from __future__ import annotations

from collections import Counter

from sync.model import Tally, key_text
from tests.explorer.world import World

FIELDS = {"OrganizationName": "name", "PrimaryContactPhone": "telephone1"}


def broken_promises(world: World) -> list[str]:
    """A sentence for each promise that this world breaks."""
    return [*counts_close(world), *nothing_doubles(world), *newest_wins(world), *issues_match(world)]


def counts_close(world: World) -> list[str]:
    """Promise 1: what each run detected is what its tallies sum up to."""
    flow = world.plan.flow
    detected = {run.id: run.detected for run in world.runs.latest(flow.name, 10_000)}
    mark = world.watermarks.read(flow.name)
    if mark.run:
        detected[mark.run] = mark.detected
    problems = []
    sums: Counter[str] = Counter()
    for tally in _counted(world):
        sums[tally.run] += sum(tally.outcomes.values())
    for run in sorted(set(detected) | set(sums)):
        if detected.get(run, 0) != sums[run]:
            problems.append(f"counts: run {run} detected {detected.get(run, 0)}, its outcomes are {sums[run]}")
    if mark.pending:
        problems.append("watermark: a page was never confirmed")
    return problems


def nothing_doubles(world: World) -> list[str]:
    """Promise 2: a source record has at most one target row, a target row at most one source record."""
    problems = []
    owners = Counter(
        key_text(link.target)
        for link in world.links.all_links(world.plan.flow.mapping)
        if link.linked and link.id in world.sales.rows
    )
    problems += [f"double: {count} records are linked to {key}" for key, count in owners.items() if count > 1]
    problems += [f"link: {key} is not there" for key in owners if key not in world.finops.rows]
    linked = {key_text(link.target) for link in world.links.all_links(world.plan.flow.mapping) if link.linked}
    strays = [key for key, row in world.finops.rows.items() if key not in linked and not _old(row)]
    problems += [f"double: {key} was created and is linked to nothing" for key in strays]
    return problems


def newest_wins(world: World) -> list[str]:
    """Promises 3 and 4: every active record that is not parked stands in the target in its newest state."""
    problems = []
    parked = {issue.id for issue in world.issues.open(world.plan.flow.name)}
    links = {link.id: link for link in world.links.all_links(world.plan.flow.mapping)}
    for id, record in world.sales.rows.items():
        if record.values["statecode"] != 0 or id in parked:
            continue
        link = links.get(id)
        row = world.finops.rows.get(key_text(link.target)) if link and link.linked else None
        if row is None:
            problems.append(f"missing: {id} {record.values['name']} has no customer (link {link})")
            continue
        for target, source in FIELDS.items():
            wanted, found = record.values[source] or "", row.get(target) or ""
            if wanted != found:
                problems.append(f"stale: {id} {target} is {found!r}, the source says {wanted!r}")
    return problems


def issues_match(world: World) -> list[str]:
    """Promise 1, as shown: the open issues are the parked outcomes less those that were replaced."""
    net: Counter[str] = Counter()
    for tally in _counted(world):
        net.update({name: count for name, count in tally.outcomes.items() if name.startswith("parked")})
        net.subtract({name: count for name, count in tally.closed.items() if name.startswith("parked")})
    issues = Counter(f"parked/{issue.trouble.code}" for issue in world.issues.open(world.plan.flow.name))
    net = +net
    return [] if net == issues else [f"issues: the tallies say {dict(net)}, open are {dict(issues)}"]


def _counted(world: World) -> list[Tally]:
    flow = world.plan.flow
    return [tally for tally in world.links.all_tallies(flow.mapping, flow.name) if not tally.void]


def _old(row: dict[str, object]) -> bool:
    return str(row.get("PartyNumber", "")).startswith("OLD-")
