"""References between flows: what waits is released, what is hoped for is taken up, what decides is looked at twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta

import pytest

from sync.apply import apply
from sync.errors import NotReady, Transient
from sync.mapping.job import NOTHING_KEPT
from sync.mapping.plan import Facts, Field, Mapped, Plan
from sync.model import Change, ChangeBatch, Claim, Link, Record, Scalar, Values, chunked
from sync.remember import release_waiters
from sync.sweep import Sweeper, sweep
from sync.work import Applier
from tests.explorer.plans import accounts_plan
from tests.explorer.systems import MemoryFinops, MemorySales
from tests.unit.test_retry import FLOW
from tests.unit.test_retry import tools as retry_tools

FRIEND = ("friends", "f")


@dataclass(frozen=True)
class WithFriend(Plan):
    """Accounts that refer to the link of a friend: they wait for it, hope for it, or are decided by it."""

    kind: str = field(default="waits", kw_only=True)

    def links_asked(self, record: Record) -> tuple[tuple[str, str], ...]:
        return (FRIEND,)

    def map(
        self,
        record: Record,
        facts: Facts,
        link: Mapping[str, Scalar] | None = None,
        target: Values | None = None,
        kept: Mapping[str, str] = NOTHING_KEPT,
    ) -> Mapped:
        mapped = super().map(record, facts, link, target, kept)
        friend = facts.link(*FRIEND)
        name = ":".join(FRIEND)
        if friend is not None and friend.linked:
            memo = Field("SalesMemo", str(friend.target["Name"]), "both", None, None)
            return dataclasses.replace(mapped, fields=(*mapped.fields, memo))
        if self.kind == "waits":
            raise NotReady("parent-not-linked", "The friend is parked: missing-number.", awaits=name)
        return dataclasses.replace(mapped, hopes=(name,))


def tools(kind: str) -> Applier:
    plan = accounts_plan()
    base = {item.name: getattr(plan, item.name) for item in fields(Plan)}
    watches = frozenset({"friends"} if kind == "decided" else ())
    return replace(retry_tools(), plan=WithFriend(**{**base, "watches": watches}, kind=kind))


def enter(using: Applier, number: int = 1) -> ChangeBatch:
    assert isinstance(using.reader, MemorySales)
    using.reader.put("a", accountnumber="N1", name="A", statecode=0, _transactioncurrencyid_value="usd")
    return ChangeBatch(FLOW, "run", f"run.{number}", 0, chunked([Change("a")]))


def befriend(using: Applier, **values: object) -> Link:
    link = Link("f", **values)  # type: ignore[arg-type]
    known = using.links.read("friends", 0, ["f"]).get("f")
    (stored,) = using.links.write("friends", 0, [replace(link, etag=known.etag if known else None)])
    return stored


def account(using: Applier) -> Link:
    return using.links.read("accounts", 0, ["a"])["a"]


def sweeper(using: Applier) -> Sweeper:
    return Sweeper(
        using.plan.flow,
        using.links,
        using.issues,
        using.waiting,
        using.outbox,
        using.clock,
        patience=using.patience,
    )


def customers(using: Applier) -> list[Values]:
    assert isinstance(using.writer, MemoryFinops)
    return list(using.writer.rows.values())


def test_a_record_waits_by_name_until_its_friend_is_linked() -> None:
    using = tools("waits")
    apply(enter(using), using)
    assert [waiter.awaits for waiter in using.waiting.open(FLOW)] == ["friends:f"]
    befriend(using, target={"Name": "F"})
    apply(enter(using, 2), using)
    assert customers(using)[0]["SalesMemo"] == "F"
    assert not list(using.waiting.open(FLOW))


def test_what_waits_too_long_becomes_an_issue_that_says_why_and_is_still_released() -> None:
    using = tools("waits")
    apply(enter(using), using)
    assert isinstance(sweeper(using), Sweeper)
    assert sweep(sweeper(using)) == 0
    using.clock.advance(timedelta(hours=25).total_seconds())  # type: ignore[attr-defined]
    assert sweep(sweeper(using)) == 1
    apply(enter(using, 2), using)
    (issue,) = using.issues.open(FLOW)
    assert issue.trouble.code == "parent-not-linked"
    assert "missing-number" in issue.trouble.cause
    assert account(using).state == "parked"
    assert [waiter.awaits for waiter in using.waiting.open(FLOW)] == ["friends:f"]
    befriend(using, target={"Name": "F"})
    apply(enter(using, 3), using)
    assert not list(using.issues.open(FLOW))
    assert customers(using)[0]["SalesMemo"] == "F"


def test_a_hope_keeps_nobody_waiting_and_is_taken_up_when_it_comes_true() -> None:
    using = tools("hopes")
    apply(enter(using), using)
    (waiter,) = using.waiting.open(FLOW)
    assert (account(using).state, account(using).hopes, waiter.awaits) == ("linked", ("friends:f",), "friends:f")
    befriend(using, target={"Name": "F"})
    release_waiters(["friends:f"], enter(using, 2), using)
    (raised,) = [delivered.batch for delivered in using.outbox.receive(FLOW)]  # type: ignore[attr-defined]
    apply(raised, using, again=True)
    assert customers(using)[0]["SalesMemo"] == "F"
    assert account(using).hopes == ()
    counts = [dict(tally.outcomes) for tally in using.links.all_tallies("accounts", FLOW)]
    assert counts == [{"created": 1}, {"updated": 1}]  # a change of its own: detected once more (flows.md R9)


def test_the_sweep_takes_up_a_hope_that_a_race_left_behind() -> None:
    using = tools("hopes")
    apply(enter(using), using)
    assert sweep(sweeper(using)) == 0
    befriend(using, target={"Name": "F"})
    assert sweep(sweeper(using)) == 1


def test_a_record_is_not_created_while_another_flow_decides_about_it() -> None:
    using = tools("decided")
    befriend(using, claim=Claim("other", using.clock.now() + timedelta(seconds=100)))
    with pytest.raises(Transient):
        apply(enter(using), using)
    assert not customers(using)
    befriend(using)
    apply(enter(using, 2), using)
    assert len(customers(using)) == 1


def test_what_another_flow_decided_since_is_seen_under_the_claim() -> None:
    using = tools("decided")
    befriend(using)
    batch = enter(using)
    meanwhile = Meanwhile(using)
    apply(batch, replace(using, links=meanwhile))  # type: ignore[arg-type]
    assert meanwhile.done
    assert [row["SalesMemo"] for row in customers(using)] == ["F"]


class Meanwhile:
    """Links: right before the first claim of an account is stored, the other flow links the friend."""

    def __init__(self, using: Applier) -> None:
        self._using, self.done = using, False

    def __getattr__(self, name: str) -> object:
        return getattr(self._using.links, name)

    def write(
        self, mapping: str, partition: int, links: list[Link], tally: object = None, lines: object = None
    ) -> list[Link]:
        if not self.done:
            self.done = True
            befriend(self._using, target={"Name": "F"})
        return self._using.links.write(mapping, partition, links, tally, lines)  # type: ignore[arg-type]
