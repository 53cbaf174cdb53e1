"""Deliveries as the host makes them, on twins: what hangs or fails holds up nobody else (promise 5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sync.compare import Digester
from sync.errors import Unsure
from sync.model import Change, ChangeBatch, EntityRef, Waiter, Watermark, chunked
from sync.ports import Result, Write, Written
from sync.retry import Courier
from sync.stores.memory import (
    MemoryClock,
    MemoryIssues,
    MemoryLinks,
    MemoryNumbers,
    MemoryOutbox,
    MemoryWaiting,
    MemoryWatermarks,
)
from sync.stores.messages import dump, load
from sync.work import Applier
from tests.explorer.plans import AllFacts, accounts_plan
from tests.explorer.systems import MemoryFinops, MemorySales

FLOW = "accounts_to_finops"
POISON = "poison"


class Host:
    """A queue, its poison queue, and a clock that goes on to the next message."""

    def __init__(self, accounts: int) -> None:
        self.clock = MemoryClock()
        self.began = self.clock.now()
        self.sales = MemorySales(accounts_plan().columns)
        self.finops = MemoryFinops()
        self.links = MemoryLinks(partitions=1)
        self.issues = MemoryIssues(self.clock)
        self.outbox = MemoryOutbox(self.clock)
        self.watermarks = MemoryWatermarks()
        self.deliveries = 0
        applier = Applier(
            accounts_plan(),
            self.sales,
            self.finops,
            self.links,
            self.watermarks,
            self.issues,
            MemoryWaiting(),
            MemoryNumbers(),
            self.outbox,
            self.clock,
            AllFacts(),
            Digester(b"a key of these tests"),
        )
        self.courier = Courier(applier, load)
        for n in range(accounts):
            self.account(n)
        changes = [Change(id) for id in sorted(self.sales.rows)]
        if changes:
            self.outbox.post([ChangeBatch(FLOW, "run", "run.0", 0, chunked(changes))])

    def account(self, n: int, **values: Any) -> str:
        id = f"00000000-0000-0000-0000-{n:012d}"
        known: dict[str, Any] = {"accountnumber": f"N{n}", "name": f"Account {n}", "statecode": 0}
        self.sales.put(id, **{**known, "_transactioncurrencyid_value": "usd", **values})
        return id

    def post(self, *changes: Change, batch: str) -> None:
        self.outbox.post([ChangeBatch(FLOW, "run", f"run.{batch}", 0, chunked(list(changes)))])

    def run(self, until: Callable[[], bool], *, most: int = 300) -> bool:
        """Deliver, fail, poison, as the real host does, until something holds; False when it never does."""
        for _ in range(most):
            if until():
                return True
            next_one = self.outbox.next_visible(FLOW)
            if next_one is None:
                return until()
            self.clock.set(max(next_one, self.clock.now()))
            (delivered,) = self.outbox.receive(FLOW)
            self.deliveries += 1
            try:
                self.courier.deliver(dump(delivered.batch), delivered.times)
                self.outbox.delete(delivered)
            except ZeroDivisionError:
                if delivered.times < 5:
                    self.outbox.hide(delivered, 30)
                else:
                    self.outbox.delete(delivered)
                    self.courier.deliver_poison(dump(delivered.batch))
        return until()

    def spoil(self, number: str, error: Callable[[], Exception]) -> None:
        """From now on a write that holds this customer fails as a whole."""
        real = self.finops.write

        def write(entity: EntityRef, writes: Sequence[Write], **options: Any) -> list[Result]:
            if any(_number(each.key) == number for each in writes):
                raise error()
            return real(entity, writes, **options)

        self.finops.write = write  # type: ignore[method-assign]


def _number(key: Mapping[str, object]) -> object:
    return key["CustomerAccount"]


def test_a_record_on_which_the_target_hangs_holds_up_no_other() -> None:
    host = Host(accounts=99)
    host.spoil("N7", lambda: Unsure("no answer", delay=5))
    assert host.run(lambda: len(host.finops.rows) == 98)
    assert host.clock.now() - MemoryClock().now() < timedelta(hours=1)


def test_a_bug_in_a_write_ends_as_an_issue_though_its_message_waits_in_between() -> None:
    host = Host(accounts=3)
    host.spoil("N1", ZeroDivisionError)
    assert host.run(lambda: len(host.finops.rows) == 2 and bool(list(host.issues.open(FLOW))))
    (issue,) = host.issues.open(FLOW)
    assert issue.trouble.code == "gave-up"
    assert issue.trouble.remedy


def test_an_older_change_that_comes_after_the_delete_leaves_its_mark_and_frees_the_number() -> None:
    host = Host(accounts=1)
    host.run(lambda: False)
    (id,) = host.sales.rows
    host.sales.delete(id)
    host.post(Change(id, deleted=True), batch="1")
    host.post(Change(id, "an older version"), batch="2")
    host.run(lambda: False)
    link = host.links.read("accounts", 0, [id])[id]
    assert (link.state, link.reason) == ("removed", "source-deleted")
    again = host.account(500, accountnumber="N0", name="Account 0")
    host.post(Change(again), batch="3")
    host.run(lambda: False)
    assert host.links.read("accounts", 0, [again])[again].linked
    assert not list(host.issues.open(FLOW))


def test_a_message_that_takes_too_long_is_gone_on_with_in_another_run() -> None:
    host = Host(accounts=300)
    real = host.finops.write

    def slow(entity: EntityRef, writes: Sequence[Write], **options: Any) -> list[Result]:
        host.clock.advance(150)
        return real(entity, writes, **options)

    host.finops.write = slow  # type: ignore[method-assign]
    assert host.run(lambda: len(host.finops.rows) == 300)
    assert host.deliveries == 4, "a chunk a run: 99, 99, 99 and 3"


def test_a_message_whose_records_are_counted_and_that_fails_all_the_same_ends_as_an_issue() -> None:
    host = Host(accounts=9)

    def fail(names: Sequence[str]) -> list[Waiter]:
        raise ZeroDivisionError

    tools = dataclasses.replace(host.courier.tools, awaited=True)
    tools.waiting.awaiting = fail  # type: ignore[method-assign]
    host.courier = dataclasses.replace(host.courier, tools=tools)
    assert host.run(lambda: host.outbox.depth(FLOW) == 0)
    assert len(host.finops.rows) == 9
    (issue,) = host.issues.open(FLOW)
    assert (issue.id[:8], issue.trouble.code, issue.trouble.kind) == ("message:", "gave-up", "Message")


def test_a_key_that_the_target_gives_in_place_of_ours_is_not_taken_from_the_record_that_holds_it() -> None:
    host = Host(accounts=1)
    host.run(lambda: False)
    (first,) = host.sales.rows
    real = host.finops.write

    def renumbering(entity: EntityRef, writes: Sequence[Write], **options: Any) -> list[Result]:
        results = real(entity, writes, **options)
        return [Written({**result.values, "CustomerAccount": "N0"}) for result in results]  # type: ignore[union-attr]

    host.finops.write = renumbering  # type: ignore[method-assign]
    second = host.account(1)
    host.post(Change(second), batch="1")
    host.run(lambda: False)
    links = host.links.read("accounts", 0, [first, second])
    assert links[first].target["CustomerAccount"] == "N0"
    assert (links[second].linked, links[second].state) == (False, "parked")
    assert links[second].reserved == {}
    assert links[second].claim is None
    assert host.links.find("accounts", ["usmf|n0", "usmf|n1"]) == {"usmf|n0": first}
    (issue,) = host.issues.open(FLOW)
    assert issue.id == second


def test_of_two_records_that_get_one_key_only_one_is_linked() -> None:
    host = Host(accounts=2)
    real = host.finops.write

    def renumbering(entity: EntityRef, writes: Sequence[Write], **options: Any) -> list[Result]:
        results = real(entity, writes, **options)
        return [Written({**result.values, "CustomerAccount": "Z"}) for result in results]  # type: ignore[union-attr]

    host.finops.write = renumbering  # type: ignore[method-assign]
    host.run(lambda: False)
    states = sorted(link.state for link in host.links.all_links("accounts"))
    assert states == ["linked", "parked"]
    (linked,) = (link for link in host.links.all_links("accounts") if link.linked)
    assert host.links.find("accounts", ["usmf|z", "usmf|n0", "usmf|n1"]) == {"usmf|z": linked.id}


def test_a_message_of_a_newer_version_stays_as_it_is_and_is_told_of_when_no_deployment_takes_so_long() -> None:
    host = Host(accounts=0)
    newer = '{"format":2,"flow":"accounts_to_finops","more":"of it"}'
    host.courier.deliver(newer, 1)
    assert host.outbox.unread[FLOW] == [newer]
    assert not list(host.issues.open(FLOW))

    host.clock.advance(700)
    host.courier.deliver_poison(newer)
    assert host.outbox.unread[FLOW] == [newer, newer]
    (issue,) = host.issues.open(FLOW)
    assert issue.trouble.code == "message-newer"
    assert issue.trouble.remedy


def test_a_host_of_other_rules_than_the_flow_is_read_under_leaves_its_messages_to_others() -> None:
    host = Host(accounts=3)
    host.watermarks.save(Watermark(FLOW, definition="that of a newer host"))
    assert not host.run(lambda: bool(host.finops.rows), most=20)
    assert host.outbox.depth(FLOW) == 1
    assert not list(host.issues.open(FLOW))

    read = host.watermarks.read(FLOW)
    host.watermarks.save(dataclasses.replace(read, step=1, definition=accounts_plan().definition))
    assert host.run(lambda: len(host.finops.rows) == 3)
