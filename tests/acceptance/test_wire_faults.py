"""Faults of the wire, end to end: nothing is lost, nothing doubles, a throttled system is left alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_trade import PRODUCTS, Trade
from tests.acceptance.acceptance_world import World, many, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

QUICK = {"CONNECT_TIMEOUT": "0.1", "READ_TIMEOUT": "0.6", "LEASE_SECONDS": "2.8"}
"""Time-outs and a lease so short that a test can wait for their end."""
BATCH = {"path": "$batch", "method": "POST"}
GATEWAY = {"status": 502, "html": True}


def expect_all_customers(world: World, here: Installation, count: int) -> dict[str, Any]:
    """Every account is one customer under its own name; gives how the changes ended."""
    customers = world.customers()
    assert {number: row["OrganizationName"] for number, row in customers.items()} == {
        f"M{index:04}": f"Company {index}" for index in range(count)
    }
    expect_no_issue(here)
    return shown(here.status().totals)


@pytest.mark.parametrize("after", [0, 1], ids=["at the first request", "in the middle"])
def test_f_o_throttles_and_is_left_alone(world: World, after: int) -> None:
    world.accounts(many(60))
    world.settle()
    here = world.install(FINOPS_BATCH="20", LINK_PARTITIONS="2")
    here.outbox.longest = 5
    world.finops_admin.fault({"status": 429, "retry_after": 2}, **BATCH, after=after)
    here.sync()

    assert expect_all_customers(world, here, 60)["created"] == 60
    counters = world.finops_admin.counters()
    assert counters["rejected_429"] == 1
    assert counters["started_during_retry_after"] == 0


def test_a_throttle_that_goes_on_burns_no_delivery(world: World) -> None:
    world.accounts(many(10))
    world.settle()
    here = world.install()
    world.finops_admin.fault({"status": 429, "retry_after": 1}, **BATCH, times=2)
    here.outbox.longest = 3
    here.sync()

    assert expect_all_customers(world, here, 10) == {"created": 10}
    counters = world.finops_admin.counters()
    assert counters["rejected_429"] == 2
    assert here.most_deliveries == 1  # every message that came back was a new one
    assert counters["started_during_retry_after"] == 0


def test_sales_throttles_detection_and_fetching(world: World) -> None:
    world.accounts(many(10))
    world.settle()
    here = world.install()
    here.outbox.longest = 3
    world.sales_admin.fault({"status": 429, "retry_after": 1}, path="orderby")
    assert here.app.detect(here.flow) is None
    here.app.detect(here.flow)  # the next tick comes at once, and asks nothing while the gate is shut
    assert world.sales_admin.counters()["started_during_retry_after"] == 0
    _wait_for_the_gate(here, "sales")
    world.sales_admin.fault({"status": 429, "retry_after": 1}, path="PropertyName='accountid'")
    here.sync()

    assert expect_all_customers(world, here, 10) == {"created": 10}
    counters = world.sales_admin.counters()
    assert (counters["rejected_429"], counters["started_during_retry_after"]) == (2, 0)


@pytest.mark.parametrize(("action", "done"), [
    (GATEWAY, False),
    ({"drop": "before"}, False),
    ({"drop": "after"}, True),
    ({"cut": 700}, True),
    ({"delay": 1.0}, True),
], ids=["gateway page", "lost before", "lost after", "answer cut", "too slow"])  # fmt: skip
def test_a_write_without_an_answer_is_found_out_and_never_doubled(world: World, action: dict[str, Any], done: bool
                                                                   ) -> None:  # fmt: skip
    world.accounts(many(12))
    world.settle()
    here = world.install(**QUICK)
    world.finops_admin.fault(action, **BATCH)
    here.detect()
    here.deliver_next()
    # It is not known what was done: the message comes back when the lease is over, not before.
    assert here.outbox.delays
    assert min(here.outbox.delays) >= 2.8

    here.outbox.longest = 3
    here.pump()
    assert expect_all_customers(world, here, 12) == {"adopted" if done else "created": 12}


def test_an_update_without_an_answer_is_sent_again_with_the_newest_state(world: World) -> None:
    ids = world.accounts(many(3))
    world.settle()
    here = world.install(**QUICK)
    here.sync()
    world.change(ids[0], name="Lost on the way")
    world.finops_admin.fault({"drop": "after"}, **BATCH)
    here.detect()
    here.deliver_next()
    assert here.link(ids[0]).claim
    world.change(ids[0], name="Company 0")
    here.outbox.longest = 3
    here.pump()

    assert expect_all_customers(world, here, 3)["created"] == 3


@pytest.mark.parametrize("action", [GATEWAY, {"drop": "before"}, {"drop": "after"}, {"cut": 100}],
                         ids=["gateway page", "lost before", "lost after", "cut"])  # fmt: skip
def test_a_read_without_an_answer_is_repeated(world: World, action: dict[str, Any]) -> None:
    world.accounts(many(12))
    world.settle()
    here = world.install()
    world.sales_admin.fault(action, path="PropertyName='accountid'")
    world.finops_admin.fault(action, path="CustomersV3", method="GET")
    here.sync()

    assert expect_all_customers(world, here, 12) == {"created": 12}
    assert len(here.outbox.delays) == 2


@pytest.mark.parametrize("action", [GATEWAY, {"drop": "after"}, {"cut": 200}], ids=["gateway page", "lost", "cut"])
def test_a_page_of_the_feed_without_an_answer_is_read_at_the_next_tick(world: World, action: dict[str, Any]) -> None:
    world.start(page_size=5)
    world.enter_reference_data()
    world.accounts(many(12))
    world.settle()
    here = world.install(PAGE_SIZE="5")
    world.sales_admin.fault(action, path="orderby", after=1)
    assert here.app.detect(here.flow) is None
    here.sync()

    assert expect_all_customers(world, here, 12) == {"created": 12}
    assert here.status().totals.detected == 12


def test_a_flow_that_was_told_to_be_not_available_runs_again_whichever_process_says_so(world: World) -> None:
    world.account()
    world.settle()
    first, second = world.install(), world.install()
    first.sync()
    world.sales_admin.fault({"drop": "before"}, path="accounts", times=None)
    assert second.app.detect(second.flow) is None  # the timer has moved there, and never comes back
    assert first.status().state == "not available"
    world.sales_admin.heal()
    # The processes read the clock of the storage each for itself, to within a second: a later tick settles it.
    deadline = time.monotonic() + 10
    while first.status().state != "running" and time.monotonic() < deadline:
        first.detect()
    assert first.status().state == "running"


def test_an_expired_delta_token_leads_to_a_full_read_that_writes_only_what_differs(world: World) -> None:
    ids = world.accounts(many(20))
    world.settle()
    here = world.install()
    here.sync()
    world.change(ids[4], telephone1="+1 555")
    world.sales_admin.advance(8 * 24 * 3600)
    world.count_anew()
    here.sync()

    assert expect_all_customers(world, here, 20) == {"created": 20, "updated": 1, "unchanged": 19}
    assert world.finops_admin.counters()["writes"] == 1
    assert here.status().mode == "delta"


def test_a_page_that_repeats_a_record_doubles_nothing(world: World) -> None:
    world.start(page_size=5)
    world.enter_reference_data()
    world.accounts(many(23))
    world.settle()
    here = world.install(PAGE_SIZE="5")
    world.sales_admin.fault({"repeat": True}, path="skiptoken", times=None)
    here.sync()

    endings = expect_all_customers(world, here, 23)
    assert endings["created"] == 23
    assert set(endings) <= {"created", "unchanged"}
    assert here.status().totals.detected == sum(endings.values())


def test_f_o_is_down_for_a_while_and_everything_arrives_afterwards(world: World) -> None:
    world.accounts(many(30))
    world.settle()
    here = world.install(LINK_PARTITIONS="3")
    here.detect()
    world.finops_admin.fault({"drop": "before"}, times=None)
    for _ in range(3):
        here.deliver_next()
        here.wait_for_messages()
    assert not world.customers()
    assert not here.app.status()[0].issues
    world.finops_admin.heal()
    here.pump()

    assert expect_all_customers(world, here, 30) == {"created": 30}
    # Longer and longer pauses, and no delivery counted as failed.
    assert here.outbox.delays[-1] > 1.5 * here.outbox.delays[0]


def _wait_for_the_gate(here: Installation, system: Any) -> None:
    while here.app.connections.gates.delay(system) > 0:
        here.rest()


@pytest.mark.parametrize("action", [GATEWAY, {"drop": "before"}, {"drop": "after"}, {"cut": 100}],
                         ids=["gateway page", "lost before", "lost after", "answer cut"])  # fmt: skip
def test_whichever_write_to_sales_goes_wrong_each_product_is_there_once_with_its_price(
    world: World, trade: Trade, action: dict[str, Any]
) -> None:
    numbers = [f"P{number:02}" for number in range(6)]
    trade.release_many(numbers)
    world.settle()
    here = world.install(**QUICK).of(PRODUCTS)
    here.outbox.longest = 3
    for nth in (0, 2, 4):  # the product, the price, the activation
        world.sales_admin.fault(action, method="POST", after=nth)
    here.sync()
    assert len(here.outbox.delays) == 3

    assert sorted(row["productnumber"] for row in world.sales_admin.rows("products")) == numbers
    assert {row["statecode"] for row in trade.products().values()} == {0}
    assert len(world.sales_admin.rows("productpricelevels")) == len(numbers)
    ended = shown(here.status().totals)
    assert ended.get("created", 0) + ended.get("adopted", 0) == len(numbers)
    expect_no_issue(here)
