"""What one delivery of a batch works with, and what it knows about each change on the way."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from sync.compare import Digester, Draft
from sync.documents import There
from sync.mapping.plan import Identity, Mapped, Plan, StepMapped, Tables
from sync.model import Change, Claim, Link, Outcome, Record, Scalar, Values
from sync.ports import Clock, Issues, Links, Numbers, Outbox, Reader, Waiting, Watermarks, Writer
from sync.pulse import Pulse
from sync.storm import StormWatch


@dataclass(frozen=True, slots=True)
class Applier:
    """What the queue function of one flow works with.

    `lease` is longer than a write can take (`longest_write`) and shorter than the hiding time of a message.
    After `budget` no other chunk of a batch is begun: the host ends a run that takes too long, and all others with it.
    `awaited` tells that another flow refers to this one's records, so that links release waiters;
    `awaited_by_target` that one does by the keys of their counterparts.
    `pulse` tells when this process last had a record of the flow written; `storm` counts what the target refuses.
    `tables` gives reference data. What waits longer than `patience` becomes an issue.
    """

    plan: Plan
    reader: Reader
    writer: Writer
    links: Links
    watermarks: Watermarks
    issues: Issues
    waiting: Waiting
    numbers: Numbers
    outbox: Outbox
    clock: Clock
    tables: Tables
    digester: Digester
    lease: timedelta = timedelta(seconds=540)
    longest_write: timedelta = timedelta(seconds=420)
    budget: timedelta = timedelta(seconds=120)
    patience: timedelta = timedelta(hours=24)
    awaited: bool = False
    awaited_by_target: bool = False
    pulse: Pulse = field(default_factory=Pulse)
    storm: StormWatch | None = None
    name_delivery: Callable[[], str] = lambda: uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a batch: its claims carry this name, so that a second delivery of the same batch is known.

    `resend` has all values of a linked record sent; `anew` has a counterpart that somebody has deleted made again.
    """

    batch: str
    name: str
    resend: bool = False
    anew: bool = False

    @property
    def holder(self) -> str:
        return f"{self.batch}/{self.name}"

    def owns(self, claim: Claim | None) -> bool:
        return claim is not None and claim.holder == self.holder

    def is_sibling(self, claim: Claim) -> bool:
        """The claim belongs to another delivery of this batch, which may be running or dead."""
        return claim.holder.startswith(f"{self.batch}/") and claim.holder != self.holder


RULE = "*rule"
"""Under this name a link's `gives` keeps which row made the record's number: another rule does not renumber it."""

OTHER = "*other"
"""The rule of a number that is the target's own: found by something else, or given by it in place of ours."""

NOTHING_THERE = There()

type Step = Literal["create", "adopt", "update", "hold"]
"""What the first write is; writes behind it are the plan's own steps."""


@dataclass(slots=True)
class Work:
    """One change on its path. It is finished when it has an outcome and no draft left to write.

    `stored` is the link as it was last read: its state is what is counted and shown. `link` is what is known beyond
    that: a claim of this delivery, a claim that has run out, a write that is not remembered yet. `after` is what is to
    be stored (None: as it stands). `known` is the link as of the last write that the target took, for as long as the
    claim is held that it was written under. `wrote` tells that this delivery has sent a write, so that without its
    claim nothing is proved about the target any more; `done` is what the first write that the target took amounts to,
    whatever is found out afterwards. `sealing` has the link stored in any case: a delivery that began earlier and is
    still at work cannot claim it any more when the message is done with. `adrift` tells that this is such a delivery.

    `remaining` are the plan's steps behind the first write that are still to come; `behind` is the one that the draft
    is of, which makes a row of its own table when `fresh`. `fetched_back` tells that the target row was read behind the
    first write, `searched_again` that the row of a step was not as it was found. `watched` has the versions of other
    mappings' links that it was judged by. `version` stands for the source values, where the link keeps that.
    `there` is what is known of a document's lines, on both sides; `follows` the link of the earlier revision that it
    takes over, and `own` its own link, which it keeps as long as that is not claimed.
    `lasting` tells that the hold which is written stays, since a person had set another one.
    """

    change: Change
    stored: Link
    sealing: bool = False
    link: Link = field(init=False)
    record: Record | None = None
    identity: Identity | None = None
    mapped: Mapped | None = None
    step: Step | None = None
    draft: Draft | None = None
    remaining: tuple[StepMapped, ...] = ()
    behind: StepMapped | None = None
    fresh: bool = False
    fetched_back: bool = False
    searched_again: bool = False
    watched: dict[tuple[str, str], str | None] = field(default_factory=dict)
    version: str = ""
    lasting: bool = False
    key: dict[str, Scalar] = field(default_factory=dict)
    target: Values | None = None
    there: There = NOTHING_THERE
    follows: Link | None = None
    own: Link | None = None
    outcome: Outcome | None = None
    after: Link | None = None
    known: Link | None = None
    wrote: bool = False
    adrift: bool = False
    done: Outcome | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.link = self._told(self.stored)

    @property
    def source(self) -> Record:
        """The fetched record of a work that the filter has let through."""
        assert self.record is not None, "a record that is not there has its outcome"  # noqa: S101
        return self.record

    @property
    def turns(self) -> bool:
        """A link that was stored before is to say something else, without a write to the target."""
        after, stored = self.after, self.stored
        if after is None or stored.etag is None or self.draft is not None or after.again:
            return False
        return (after.state, after.reason, after.awaits) != (stored.state, stored.reason, stored.awaits)

    def restart(self, link: Link) -> None:
        """Judge this change once more, from the newest source state and this link."""
        self.link = self._told(link)
        self.record = self.identity = self.mapped = self.step = self.draft = self.target = None
        self.remaining, self.behind, self.watched, self.there, self.follows = (), None, {}, NOTHING_THERE, None
        self.fresh = self.fetched_back = self.searched_again = self.lasting = False
        self.outcome = self.after = self.own = None
        self.key = {}
        self.warnings = ()

    def _told(self, link: Link) -> Link:
        """What the change tells is known by the link, whoever comes to judge the record: a feed tells a delete once."""
        return dataclasses.replace(link, gone=True) if self.change.deleted else link


def number_of(work: Work, tools: Applier) -> str:
    """The number that people know the record by, "" as long as it is not known."""
    if work.identity is not None and work.identity.number:
        return work.identity.number
    return tools.plan.number(work.record) if work.record else ""
