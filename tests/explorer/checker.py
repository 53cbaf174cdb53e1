"""The promises of a world that has come to rest, checked from outside of the engine with expectations of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sync.model import Link, Record, Tally, key_text
from sync.totals import totals
from tests.explorer.world import World


def broken_promises(world: World) -> list[str]:
    """A sentence for each promise that this world breaks."""
    checks = (counts_close, nothing_doubles, newest_wins, shown_is_true, nothing_is_left)
    return [*world.watermarks.problems, *(problem for check in checks for problem in check(world))]


def counts_close(world: World) -> Iterator[str]:
    """Promise 1: what each run detected is what its tallies sum up to, and what is shown adds up."""
    detected = {run.id: run.detected for run in world.runs.latest(world.flow, 10_000)}
    mark = world.watermarks.read(world.flow)
    if mark.run:
        detected[mark.run] = mark.detected
    sums: Counter[str] = Counter()
    for tally in _counted(world):
        if tally.kind == "detected":
            sums[tally.run] += sum(tally.outcomes.values())
    for run in sorted(set(detected) | set(sums)):
        if detected.get(run, 0) != sums[run]:
            yield f"counts: run {run} detected {detected.get(run, 0)}, its outcomes are {sums[run]}"
    shown = totals(sum(detected.values()), world.links.all_tallies(world.mapping, world.flow))
    if not shown.close:
        yield f"counts: what is shown does not add up: {shown}"
    for state in ("parked", "waiting"):
        there = Counter(link.reason for link in _links(world).values() if link.state == state)
        if shown.reasons[state] != there or shown.endings[state] != there.total():
            yield f"counts: {state} are {dict(shown.reasons[state])}, the links say {dict(there)}"


def nothing_doubles(world: World) -> Iterator[str]:
    """Promise 2: a source record has at most one target row, a target row at most one source record."""
    links = _links(world)
    owners = Counter(key_text(link.target) for link in links.values() if link.linked and link.id in world.sales.rows)
    yield from (f"double: {count} records are linked to {key}" for key, count in owners.items() if count > 1)
    yield from (f"link: {key} is not there" for key in owners if key not in world.finops.rows)
    linked = {key_text(link.target) for link in links.values() if link.linked}
    for key, row in world.finops.rows.items():
        if key not in linked | _left(world) and not str(row["PartyNumber"]).startswith("OLD-"):
            yield f"double: {key} was created and is linked to nothing"
    keys = {*world.finops.rows, *(f"usmf|{number.casefold()}" for number in world.numbers_given)}
    holders = world.links.find(world.mapping, sorted(keys))
    for key, id in holders.items():  # a process that ends early may leave one behind; it stands in nobody's way
        if _orderly(world) and key not in {key_text(links[id].target), key_text(links[id].reserved)}:
            yield f"reverse row: {key} says {id}, whose link is {links[id]}"
    for link in links.values():
        if link.linked and link.id in world.sales.rows and holders.get(key_text(link.target)) != link.id:
            yield f"reverse row: {link.id} is linked to {link.target}, held by {holders.get(key_text(link.target))}"


def newest_wins(world: World) -> Iterator[str]:
    """Promises 1 and 3: every record stands in the target in its newest state, or there is a reason that holds."""
    links = _links(world)
    for id, record in world.sales.rows.items():
        link = links.get(id)
        if link is None:
            yield f"missing: nobody has seen {id}"
        elif record.values["statecode"] != 0:
            yield from _inactive(world, link)
        elif link.state == "parked":
            if not _deserved(world, record, link):
                yield f"parked: {id} for {link.reason} that does not hold, {record.values['accountnumber']}"
        elif link.state == "waiting":
            if world.linked(link.awaits.partition(":")[2]):
                yield f"waiting: {id} for {link.awaits}, which is there"
        elif link.state != "linked" or not link.linked:
            yield f"missing: {id} is active and its link is {link}"
        else:
            yield from _differences(world, record, link)


def shown_is_true(world: World) -> Iterator[str]:
    """Issues and waiting rows say what the links say."""
    links = _links(world).values()
    parked = {link.id: link.reason for link in links if link.state == "parked"}
    issues = {issue.id: issue.trouble.code for issue in world.issues.open(world.flow) if not issue.of_flow}
    if parked != issues:
        yield f"issues: open are {issues}, parked are {parked}"
    waiting = {(link.id, link.awaits) for link in links if link.state == "waiting"}
    rows = {(waiter.id, waiter.awaits) for waiter in world.waiting.open(world.flow)}
    if world.gentle and _orderly(world) and rows != waiting:
        yield f"waiting: the rows say {rows}, the links {waiting}"
    if not waiting <= rows:
        yield f"waiting: {waiting - rows} have no row"
    if world.gentle and world.waited_in_vain:
        yield f"waiting: {world.waited_in_vain} were not released by the link that they waited for"


def nothing_is_left(world: World) -> Iterator[str]:
    """At rest nothing is under way."""
    if world.watermarks.read(world.flow).pending:
        yield "watermark: a page was never confirmed"
    yield from (f"claim: {link.id} is still claimed: {link}" for link in _links(world).values() if link.claim)
    yield from (f"lost: {batch.batch} left the poison queue undone" for batch in world.lost)


def _inactive(world: World, link: Link) -> Iterator[str]:
    policy = world.plan.on_deactivate
    row = world.finops.rows.get(key_text(link.target)) if link.linked else None
    if policy and policy.hold and row is not None and link.state != "parked" and row.get("OnHoldStatus") != "All":
        yield f"hold: {link.id} is inactive, its customer is not on hold: {link}"
    if link.state not in ("skipped", "removed", "parked"):
        yield f"skip: {link.id} is inactive and its link is {link}"


def _differences(world: World, record: Record, link: Link) -> Iterator[str]:
    row = world.finops.rows.get(key_text(link.target), {})
    inherited = key_text(link.target) in _left(world)  # what is blank in the source stays with an adopted customer
    values = record.values
    wanted = {"OrganizationName": values["name"], "PrimaryContactPhone": values["telephone1"] or ""}
    if values["address1_city"] and world.plan.definition != world.first_definition:
        wanted |= {"AddressCity": values["address1_city"], "AddressCountryRegionISOCode": "US"}
    for name, value in wanted.items():
        if (row.get(name) or "") != value and (value or not inherited):
            yield f"stale: {record.id} {name} is {row.get(name)!r}, the source says {value!r} ({link})"
    if row.get("OnHoldStatus") == "All" and not inherited:
        yield f"hold: {record.id} is active, its customer is on hold"


def _deserved(world: World, record: Record, link: Link) -> bool:
    """The record is parked for something that is so."""
    number = str(record.values["accountnumber"] or "")
    key = f"usmf|{number.casefold()}"
    match link.reason:
        case "missing-number":
            return not number and world.plan.allocate is None
        case "duplicate-number":
            twins = [r for r in world.sales.rows.values() if str(r.values["accountnumber"]) == number]
            holders = [other for other in _links(world).values() if other.id != link.id and other.linked]
            return sum(twin.values["statecode"] == 0 for twin in twins) > 1 or any(
                key_text(other.target) == key for other in holders
            )
        case "adopt-mismatch":
            row = world.finops.rows.get(key)
            holder = world.links.find(world.mapping, [key]).get(key)
            return row is not None and (row["OrganizationName"] != record.values["name"] or holder != link.id)
        case _:
            return False


def _orderly(world: World) -> bool:
    """No process has ended before its time."""
    return not any(world.scheduler.met[fault] for fault in ("crash", "crash-after", "fail", "fail-after", "outage"))


def _left(world: World) -> set[str]:
    """Keys of customers that may be left over from accounts that were deleted: nobody deletes customers."""
    return {f"usmf|{number}" for number in world.sales.numbers_of_deleted}


def _links(world: World) -> dict[str, Link]:
    return {link.id: link for link in world.links.all_links(world.mapping)}


def _counted(world: World) -> list[Tally]:
    return [tally for tally in world.links.all_tallies(world.mapping, world.flow) if not tally.void]
