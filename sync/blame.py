"""Blame: whether a message fails because of a record in it, or because a system does not answer (promise 5).

One record that the systems always answer with "busy" or 500 must not hold up the others of its batch for ever, nor be
tried for ever without a word; a system that is down for days must cost no record an issue. The error alone does not
tell them apart: a gateway answers for a dead system, too. So it is told by what becomes of others:

- Throttled, Busy and Unavailable are about a whole system or another worker, never about a record; Contested is about
  the record alone. Any other Transient may be either.
- Others go through when this process had a record of the flow written within the last minutes, or when other pieces of
  the same batch have come to a write: both systems answered, and took it. What is merely unchanged or skipped proves
  nothing, for the target was not asked.
- A record that is parked already cannot be harmed: it ends parked once more, and the sweep's pauses grow.

A batch that has been put back `PATIENCE` times is cut in pieces once without any proof, since nobody else may be there
to give one; a piece is cut further when others go through. A lone record is blamed for what it meets while others go
through; blamed often enough it is given up, as an issue that says what was answered and that the sweep tries again.
Without proof it waits, and the flow is shown as not available.
"""

from __future__ import annotations

from sync.errors import Busy, Contested, Throttled, Transient, Unavailable, Unsure
from sync.model import ChangeBatch, Ending
from sync.work import Applier

PATIENCE = 6
"""So often a message is put back before anybody is blamed or told: about ten minutes, where a try costs ten seconds."""

CONTESTED_PATIENCE = 3
"""The same for a batch of which it is known that a record of it is to blame: half a minute at most."""

LASTING_THROTTLE = 1800.0
"""Seconds, about: a system that has asked to be left alone for so long is shown as not available."""

RECENT = 720.0
"""Seconds for which a write proves that others go through: longer than the longest delay, its spread included."""

_WRITTEN = frozenset({Ending.CREATED, Ending.ADOPTED, Ending.UPDATED})


def is_its_own(error: Transient, batch: ChangeBatch, tools: Applier, *, parts: int) -> bool:
    """Whether this counts as a failure of the batch: of several records it is cut in `parts` then, of one given up when
    it has failed often enough.

    What timed out is cut at once: it may be the size.
    """
    several = batch.size > 1
    match error:
        case Throttled() | Busy() | Unavailable():
            return False
        case Contested():
            return batch.delays >= (CONTESTED_PATIENCE if several else PATIENCE)
        case Unsure() if several:
            return True
    if batch.delays < PATIENCE:
        return False
    return not is_proved(batch) or others_go_through(batch, tools, parts=parts)


def others_go_through(batch: ChangeBatch, tools: Applier, *, parts: int) -> bool:
    """Other records of the flow are written, or it does this one no harm to say so."""
    if tools.pulse.beats(tools.clock.now(), within=RECENT):
        return True
    return _is_parked(batch, tools) or _relatives_were_written(batch, tools, parts)


def is_lasting(error: Transient, batch: ChangeBatch) -> bool:
    """It has gone on for so long that people should see it, and it is about a system."""
    match error:
        case Busy() | Contested():
            return False
        case Throttled():
            return batch.delays * error.delay >= LASTING_THROTTLE
    return batch.delays >= PATIENCE


def is_proved(batch: ChangeBatch) -> bool:
    """To blame this batch takes a proof; one of several records that was never cut is cut without any."""
    return batch.size == 1 or _is_piece(batch)


def _is_piece(batch: ChangeBatch) -> bool:
    return len(batch.chunks) == 1 and "." in batch.chunks[0].name


def _is_parked(batch: ChangeBatch, tools: Applier) -> bool:
    """It is a single record that has its issue already."""
    if batch.size > 1:
        return False
    id = batch.chunks[0].changes[0].id
    link = tools.links.read(tools.plan.flow.mapping, batch.partition, [id]).get(id)
    return link is not None and link.state == "parked"


def _relatives_were_written(batch: ChangeBatch, tools: Applier, parts: int) -> bool:
    """Of the pieces that this one was cut off from, some have come to a write."""
    if not _is_piece(batch):
        return False
    place, names = batch.chunks[0].name, []
    while "." in place:
        place = place.rpartition(".")[0]
        names += [f"{place}.{number}" for number in range(parts)]
    tallies = tools.links.tallies(tools.plan.flow.mapping, batch.partition, batch.batch, names)
    return any(name in _WRITTEN for tally in tallies.values() for name in tally.outcomes)
