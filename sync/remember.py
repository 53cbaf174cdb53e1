"""Remember: the waiting rows, the links with the row of outcomes, the issues, then the release of who waited.

The links of a chunk and its tally are one Table transaction: counts and links can never disagree (promise 1). What is
outside of it follows from the links and is repeated by a redelivery: the issues are copies of what the links say, in
the links' own order, so that a worker that is late cannot open what is settled or close what is open.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sync.keys import key_text
from sync.mapping.plan import BY_TARGET
from sync.model import Change, ChangeBatch, Chunk, Ending, Issue, Link, Outcome, Tally, Waiter, chunked
from sync.ports import AlreadyTallied, Links
from sync.work import Applier, Work, number_of

OPEN = ("parked", "waiting")
"""The states of a link that have a row of their own among the issues or the waiting."""

REFERENCE_DATA = ("sales:", "finops:")
"""How names of reference data begin; all others name a record by mapping and id."""


PARCEL = 24 * 1024
"""Bytes of the records' ids in one message; base64 and the frame come on top, a queue takes 64 KiB."""

BESIDE_AN_ID = 8
"""Bytes that a message has beside each id."""


def remember(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier) -> None:
    """Store what the chunk came to. Raises Stale when a link changed meanwhile: nothing of the chunk is stored then."""
    for work in works:
        _stamp(work)
    # What is superseded is the business of the claim's holder: it would be released, and superseded, again and again.
    judged = [work for work in works if work.after is not None and not _is_superseded(work)]
    turn = _short([batch.batch])
    waiters = [waiter for work in judged for waiter in _begin_to_wait(work, batch, turn, tools)]
    if waiters:
        tools.waiting.put(waiters)
    before = [work.stored for work in works]
    store(works, batch, chunk, tools)
    pairs = list(zip(before, works, strict=True))
    # A delivery before this one may have ended right behind its transaction: then what follows is repeated.
    show(
        [work.stored for old, work in pairs if work.sealing or "parked" in (old.state, work.stored.state)], batch, tools
    )
    served = [each for old, work in pairs for each in _waiters(old, batch) if each.awaits not in _names(work.stored)]
    if served:
        tools.waiting.remove(served)
    # Reference data is there when a record has got past it, not when it was skipped or parked before.
    past = {work.stored.id for work in works if work.stored.state in ("linked", "waiting")}
    found = [each.awaits for each in served if each.awaits.startswith(REFERENCE_DATA) and each.id in past]
    # Who was linked since these records were judged did not see that they wait: whoever looks second sees the other.
    found += linked({waiter.awaits for waiter in waiters}, tools.links)
    if tools.awaited:
        found += [name for old, work in pairs if _joined(old, work) for name in names_of(tools, work.stored)]
    release_waiters(list(dict.fromkeys(found)), batch, tools)


def store(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk, tools: Applier) -> None:
    """The links and the tally, in one transaction."""
    mapping = tools.plan.flow.mapping
    changed = [work for work in works if work.after is not None or work.sealing or work.stored.owed]
    counted = [dataclasses.replace(work.after or work.stored, owed="") for work in changed]
    outcomes = tally(works, batch, chunk)
    try:
        stored = tools.links.write(mapping, batch.partition, counted, outcomes)
        if tools.storm is not None:
            tools.storm.note(outcomes.outcomes)
    except AlreadyTallied:
        # These records are counted elsewhere, whole or in parts: what is shown as open is left to that count.
        kept = [_uncounted(work) for work in changed]
        # First of all: once no claim is left, nobody comes back for them.
        _take_up([link for work, link in zip(changed, kept, strict=True) if _needs_another(work)], batch, tools)
        stored = tools.links.write(mapping, batch.partition, kept) if kept else []
    for work, link in zip(changed, stored, strict=True):
        work.link = work.stored = link
        work.after = None


def tidy(links: Sequence[Link], batch: ChangeBatch, tools: Applier) -> None:
    """Repeat what follows from the stored links, for a delivery that may have ended right behind their transaction."""
    show(links, batch, tools)
    if tools.awaited:
        release_waiters([name for link in links if link.linked for name in names_of(tools, link)], batch, tools)


def show(links: Sequence[Link], batch: ChangeBatch, tools: Applier) -> None:
    """Let the issues follow the links: what is parked is shown, anything else is not."""
    flow = tools.plan.flow.name
    parked = [Issue(flow, batch.partition, link.id, link.trouble, link.seq) for link in links if link.trouble]
    settled = {link.id: link.seq for link in links if link.shown and not link.trouble}
    if parked:
        tools.issues.put(parked)
    if settled:
        tools.issues.close(flow, batch.partition, settled)


def release_waiters(names: Sequence[str], batch: ChangeBatch, tools: Applier) -> None:
    """Post the records that wait for these names as changes of their own flows, then let their rows go.

    One that was judged meanwhile, and waits once more, does so in a turn of its own: its row stays. So do the rows of a
    flow that has no queue here, as long as its mapping file is broken: its sweep finds them.
    """
    waiters = tools.waiting.awaiting(names) if names else []
    groups: dict[tuple[str, int], list[Waiter]] = defaultdict(list)
    for waiter in waiters:
        groups[waiter.flow, waiter.partition].append(waiter)
    for (flow, partition), members in groups.items():
        for part in _parcels(members) if tools.outbox.serves(flow) else ():
            changes = tuple(Change(id) for id in dict.fromkeys(waiter.id for waiter in part))
            # Releasing the same turns twice counts once; others, of the same records too, are another batch.
            name = f"{batch.batch}.{flow}-{partition}-{_short(f'{each.id}:{each.turn};' for each in part)}"
            tools.outbox.post([ChangeBatch(flow, batch.run, name, partition, chunked(changes), kind="reopened")])
            tools.waiting.remove(part)


def _parcels(waiters: Sequence[Waiter]) -> Iterator[list[Waiter]]:
    """So many of them that their message keeps far below what a queue takes."""
    part: list[Waiter] = []
    room = PARCEL
    for waiter in waiters:
        room -= len(waiter.id.encode()) + BESIDE_AN_ID
        if part and room < 0:
            yield part
            part, room = [], PARCEL - len(waiter.id.encode()) - BESIDE_AN_ID
        part.append(waiter)
    if part:
        yield part


def linked(names: Iterable[str], links: Links) -> set[str]:
    """Of these names those of records that are linked now."""
    wanted: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    keys: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if not name.startswith(REFERENCE_DATA):
            mapping, _, id = name.partition(":")
            if mapping.endswith(BY_TARGET):
                keys[mapping.removesuffix(BY_TARGET)].append(id)
            else:
                wanted[mapping, links.partition(id)][id] = name
    for mapping, asked in keys.items():
        for key, id in links.find(mapping, asked).items():
            wanted[mapping, links.partition(id)][id] = f"{mapping}{BY_TARGET}:{key}"
    found = set()
    for (mapping, partition), ids in wanted.items():
        stored = links.read(mapping, partition, list(ids))
        found |= {ids[id] for id, link in stored.items() if link.linked}
    return found


def tally(works: Sequence[Work], batch: ChangeBatch, chunk: Chunk) -> Tally:
    """The outcomes of a chunk by ending and reason, and the waiting and parked records that they replace."""
    outcomes: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    for work in works:
        outcome = final(work)
        outcomes[name_of(outcome)] += 1
        warnings.update(outcome.warnings)
        if work.stored.state in OPEN and work.after is not None and not _is_superseded(work):
            closed[f"{work.stored.state}/{work.stored.reason}"] += 1
    return Tally(batch.flow, batch.run, batch.batch, chunk.name, batch.kind, outcomes, closed, warnings)


def final(work: Work) -> Outcome:
    """One change, one ending: what the target took stands, unless the record waits or is parked after all."""
    outcome = work.outcome
    assert outcome is not None  # noqa: S101 - a work without an outcome is not remembered
    done = Outcome(Ending(work.stored.owed)) if work.stored.owed else work.done
    if done is None or outcome.ending in (Ending.PARKED, Ending.WAITING):
        return outcome
    return dataclasses.replace(done, warnings=tuple(dict.fromkeys((*done.warnings, *outcome.warnings))))


def _take_up(links: Sequence[Link], batch: ChangeBatch, tools: Applier) -> None:
    """A change that counts may have been superseded by this one: what it comes to must be counted and shown."""
    if links:
        name = f"{batch.batch}.{_short(f'{link.id}:{link.seq}' for link in links)}"
        chunks = chunked([Change(link.id) for link in links])
        tools.outbox.post([ChangeBatch(batch.flow, batch.run, name, batch.partition, chunks, kind="reopened")])


def _needs_another(work: Work) -> bool:
    """Parked or waiting now, or before, and not the same as before; or written when it had lost its claim."""
    after, stored = work.after or work.stored, work.stored
    changed = (after.state, after.reason, after.awaits) != (stored.state, stored.reason, stored.awaits)
    return work.adrift or (changed and (after.state in OPEN or stored.state in OPEN))


def _short(texts: Iterable[str]) -> str:
    """A name for what these texts say, the same whoever asks."""
    return hashlib.blake2b("".join(texts).encode(), digest_size=6).hexdigest()


def _uncounted(work: Work) -> Link:
    after, stored = work.after or work.stored, work.stored
    if stored.state not in OPEN and after.state not in OPEN:
        return after
    return after.as_counted(stored)


def _joined(old: Link, work: Work) -> bool:
    """The record has its counterpart since now: nobody could know before this delivery has remembered it."""
    now = work.done is not None and work.done.ending in (Ending.CREATED, Ending.ADOPTED)
    return work.stored.linked and (work.sealing or now or not old.linked or bool(old.reserved or old.owed))


def name_of(outcome: Outcome) -> str:
    """ "created", "skipped/not-active", ..."""
    return f"{outcome.ending}/{outcome.reason}" if outcome.reason else str(outcome.ending)


def own_name(tools: Applier, id: str) -> str:
    """The name under which other records wait for this one (NotReady.awaits)."""
    return f"{tools.plan.flow.mapping}:{id.lower()}"


def names_of(tools: Applier, link: Link) -> tuple[str, ...]:
    """The names under which other records wait for this linked one: its own, and that of its counterpart."""
    own = own_name(tools, link.id)
    if not tools.awaited_by_target:
        return (own,)
    return own, f"{tools.plan.flow.mapping}{BY_TARGET}:{key_text(link.target)}"


def _names(link: Link) -> tuple[str, ...]:
    """What a record waits or hopes for."""
    return (link.awaits, *link.hopes) if link.awaits else link.hopes


def _begin_to_wait(work: Work, batch: ChangeBatch, turn: str, tools: Applier) -> list[Waiter]:
    waiters = _waiters(work.after or work.stored, batch)
    number = number_of(work, tools) if waiters else ""
    return [dataclasses.replace(waiter, turn=turn, number=number) for waiter in waiters]


def _waiters(link: Link, batch: ChangeBatch) -> list[Waiter]:
    return [Waiter(batch.flow, batch.partition, link.id, name, link.reason) for name in _names(link)]


def _is_superseded(work: Work) -> bool:
    return work.outcome is not None and work.outcome.ending == Ending.SUPERSEDED


def _stamp(work: Work) -> None:
    """Keep for which source values the record was judged, where the feed compares them; not by whom it is not."""
    gone = work.outcome is not None and work.outcome.ending == Ending.REMOVED and work.record is None
    after = work.after or work.stored
    version = "" if gone else work.version or after.version
    if not _is_superseded(work) and version != after.version:
        work.after = dataclasses.replace(after, version=version)
