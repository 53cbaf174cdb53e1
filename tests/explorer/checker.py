"""The promises of a world that has come to rest, checked from outside of the engine with expectations of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sync.mapping.plan import BY_TARGET
from sync.model import Link, Tally
from sync.totals import totals
from tests.explorer.looks import links_of, orderly
from tests.explorer.world import Lane, World


def broken_promises(world: World) -> list[str]:
    """A sentence for each promise that this world breaks."""
    checks = (counts_close, shown_is_true, nothing_is_left)
    of_lanes = (
        world.told(lane) + problem
        for lane in world.lanes.values()
        for check in checks
        for problem in check(world, lane)
    )
    return [*world.watermarks.problems, *of_lanes, *world.broken(), *_nothing_is_lost(world)]


def counts_close(world: World, lane: Lane) -> Iterator[str]:
    """Promise 1: what each run detected is what its tallies sum up to, and what is shown adds up."""
    detected = {run.id: run.detected for run in world.runs.latest(lane.flow, 10_000)}
    mark = world.watermarks.read(lane.flow)
    if mark.run:
        detected[mark.run] = mark.detected
    sums: Counter[str] = Counter()
    for tally in _counted(world, lane):
        if tally.kind == "detected":
            sums[tally.run] += sum(tally.outcomes.values())
    for run in sorted(set(detected) | set(sums)):
        if detected.get(run, 0) != sums[run]:
            yield f"counts: run {run} detected {detected.get(run, 0)}, its outcomes are {sums[run]}"
    shown = totals(sum(detected.values()), world.links.all_tallies(lane.mapping, lane.flow))
    if not shown.close:
        yield f"counts: what is shown does not add up: {shown}"
    for state in ("parked", "waiting"):
        there = Counter(link.reason for link in links_of(world, lane.mapping).values() if link.state == state)
        if shown.reasons[state] != there or shown.endings[state] != there.total():
            yield f"counts: {state} are {dict(shown.reasons[state])}, the links say {dict(there)}"


def shown_is_true(world: World, lane: Lane) -> Iterator[str]:
    """Issues and waiting rows say what the links say, and nobody waits for what is there."""
    links = links_of(world, lane.mapping).values()
    parked = {link.id: link.reason for link in links if link.state == "parked"}
    open_ = world.issues.open(lane.flow)
    issues = {each.id: each.trouble.code for each in open_ if not each.of_flow and each.trouble.kind != "Message"}
    if parked != issues:
        yield f"issues: open are {issues}, parked are {parked}"
    stopped = {issue.id: issue.trouble.code for issue in world.issues.open(lane.flow) if issue.of_flow}
    if stopped:
        yield f"issues: the flow goes on, and is shown as {stopped}"
    waiting = {(link.id, name) for link in links for name in (link.awaits, *link.hopes) if name}
    rows = {(waiter.id, waiter.awaits) for waiter in world.waiting.open(lane.flow)}
    if world.gentle and orderly(world) and rows != waiting:
        yield f"waiting: the rows say {rows}, the links {waiting}"
    if not waiting <= rows:
        yield f"waiting: {waiting - rows} have no row"
    yield from (f"waiting: {id} for {name}, which is there" for id, name in waiting if is_there(world, name))
    if world.gentle and lane is next(iter(world.lanes.values())) and world.waited_in_vain:
        yield f"waiting: {world.waited_in_vain} were not released by what they waited for"


def nothing_is_left(world: World, lane: Lane) -> Iterator[str]:
    """At rest nothing is under way."""
    if world.watermarks.read(lane.flow).pending:
        yield "watermark: a page was never confirmed"
    links: dict[str, Link] = links_of(world, lane.mapping)
    yield from (f"claim: {link.id} is still claimed: {link}" for link in links.values() if link.claim)


def is_there(world: World, name: str) -> bool:
    """What is waited for by this name is a record that is linked."""
    owner, _, id = name.partition(":")
    if owner.endswith(BY_TARGET):
        owner = owner.removesuffix(BY_TARGET)
        id = world.links.find(owner, [id]).get(id, "")
    return owner in {lane.mapping for lane in world.lanes.values()} and world.linked(id, owner)


def _nothing_is_lost(world: World) -> Iterator[str]:
    yield from (f"lost: {batch.batch} left the poison queue undone" for batch in world.lost)


def _counted(world: World, lane: Lane) -> list[Tally]:
    return [tally for tally in world.links.all_tallies(lane.mapping, lane.flow) if not tally.void]
