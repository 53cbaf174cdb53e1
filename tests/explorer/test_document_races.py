"""Races about documents and their lines, laid out by hand: what each must come to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sync.model import Record
from sync.stores.memory import MemoryClock
from tests.explorer.checker import broken_promises
from tests.explorer.directed import create, deliver, detect, go_on
from tests.explorer.explore import rest
from tests.explorer.quotes import LINES, PRODUCTS, QuotesWorld
from tests.explorer.quotes_life import ACTIVE, CLOSED, DRAFT
from tests.explorer.scheduler import Actor, Scheduler

FLOW = "quotes_to_finops"
NUMBER = "Q0"

type Goods = Sequence[tuple[int, int]]
"""Of each line the product, by its place in PRODUCTS, and the quantity."""


def desk(*, sold: Sequence[str] = PRODUCTS) -> QuotesWorld:
    """A world without faults in which an account is a customer and products are sold, and there is no quote yet."""
    world = QuotesWorld(Scheduler(0, MemoryClock()))
    for product in sold:
        world.sell(product)
    create(world, "N0")
    rest(world)
    return world


def revise(world: QuotesWorld, goods: Goods, name: str = "", *, heard: bool = True) -> str:
    """A quote, or its next revision, is made active with these lines, each at its place; gives its id.

    That there is a draft is heard of before, and that the earlier one is closed, too: where it is not `heard` of, a
    message about that alone is the oldest one.
    """
    (customer,) = world.sales.rows
    ids = world.revisions.setdefault(NUMBER, [])
    if ids:
        world.quotes.put(ids[-1], statecode=CLOSED)
        if not heard:
            detect(world, FLOW)
    id = _id_beside(world, len(ids))
    ids.append(id)
    world.quotes.children[id] = [_line(world, id, place, *each) for place, each in enumerate(goods, 1)]
    world.quotes.put(
        id,
        quotenumber=NUMBER,
        name=name or f"Bikes {len(ids)}",
        statecode=DRAFT,
        revisionnumber=len(ids) - 1,
        requestdeliveryby="2027-03-01T00:00:00Z",
        _customerid_value=customer,
        **{"_customerid_value@lookuplogicalname": "account", "_customerid_value@formatted": "Somebody"},
        _transactioncurrencyid_value="usd",
    )
    work(world)
    world.quotes.put(id, statecode=ACTIVE)
    return id


def shown(world: QuotesWorld) -> dict[int, tuple[str, int]]:
    """Product and quantity of every line of the quotation, by its number."""
    rows = world.quotations.rows[LINES].values()
    return {
        int(str(row["LineCreationSequenceNumber"])): (
            str(row["ProductNumber"]),
            int(str(row["RequestedSalesQuantity"])),
        )
        for row in rows
    }


def work(world: QuotesWorld, *, until: str = "", hidden: float = 600.0) -> Actor:
    """What was detected last is delivered, up to the first pending call of this name, or to its end."""
    return deliver(world, detect(world, FLOW), flow=FLOW, until=until, hidden=hidden)


def change(world: QuotesWorld, goods: Goods) -> None:
    """The lines of the last revision become others, while it is active."""
    id = world.revisions[NUMBER][-1]
    world.quotes.children[id] = [_line(world, id, place, *each) for place, each in enumerate(goods, 1)]
    world.quotes.put(id)


def clerk_adds(world: QuotesWorld, at: int, product: int, quantity: int = 900) -> None:
    """Somebody in F&O adds a line to the quotation."""
    key = _key(at)
    world.clerks[key] = quantity
    world.quotations.rows[LINES][key] = {
        "dataAreaId": "usmf", "SalesQuotationNumber": NUMBER, "LineCreationSequenceNumber": at,
        "ProductNumber": f"P{product}", "RequestedSalesQuantity": quantity,
    }  # fmt: skip


def clerk_deletes(world: QuotesWorld, at: int) -> None:
    """Somebody in F&O deletes a line of the quotation."""
    world.torn.add(NUMBER)
    del world.quotations.rows[LINES][_key(at)]


def redeliver(world: QuotesWorld, *, until: str = "", hidden: float = 600.0) -> Actor:
    """The oldest message is delivered once more, up to the first pending call of this name, or to its end."""
    return deliver(world, min(world.outbox.visible(FLOW)), flow=FLOW, until=until, hidden=hidden)


def assert_at_rest(world: QuotesWorld) -> None:
    """Whatever is under way comes to its end, and nothing is broken."""
    rest(world)
    for _ in range(2):
        world.sweep()
        rest(world)
    assert broken_promises(world) == []


def _key(at: int) -> str:
    return f"usmf|{at}|{NUMBER.casefold()}"


def _id_beside(world: QuotesWorld, revision: int) -> str:
    """All revisions live in one partition: a message is about all that was detected at once."""
    ids = (f"{n:08x}-3333-0000-0000-{revision:012d}" for n in range(1000))
    return next(id for id in ids if world.links.partition(id) == 0)


def _line(world: QuotesWorld, quote: str, place: int, product: int, quantity: int) -> Record:
    id = f"{place:08x}-4444{quote[13:]}"
    values = {
        **dict.fromkeys(world.line_columns),
        "_productid_value": PRODUCTS[product],
        "quantity": quantity,
        "sequencenumber": place,
        "_uomid_value": "ea",
        "_transactioncurrencyid_value": "usd",
        "priceperunit": 10,
        "isproductoverridden": False,
        "_quoteid_value": quote,
        "quotedetailid": id,
    }
    return Record(id, "", values)


def test_lines_that_another_delivery_has_announced_meanwhile_stay_known() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    rest(world)
    revise(world, [(0, 1), (1, 2)])
    go_on(world, work(world, until="links.write"), command="crash-after")  # claimed, and nothing taken over
    world.scheduler.pass_time(700)
    slow = redeliver(world, until="reader.fetch", hidden=100.0)
    world.scheduler.pass_time(110)
    fast = redeliver(world, until="links.reserve")
    go_on(world, slow, until="reader.search")
    go_on(world, go_on(world, fast, until="writer.write"), command="crash")
    go_on(world, slow)
    assert_at_rest(world)
    assert shown(world) == {1: ("P0", 1), 2: ("P1", 2)}


def test_a_line_that_was_added_while_the_next_revision_was_judged_is_removed_by_that() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    rest(world)
    revise(world, [(0, 1), (1, 1), (2, 1)])
    slow = work(world, until="writer.write")
    revise(world, [(0, 1), (1, 2)])
    fast = work(world, until="links.write")
    go_on(world, slow)
    assert len(shown(world)) == 3
    go_on(world, fast)
    assert_at_rest(world)
    assert shown(world) == {1: ("P0", 1), 2: ("P1", 2)}


def test_a_revision_that_was_about_to_make_the_quotation_knows_who_made_it() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    slow = work(world, until="links.reserve")
    revise(world, [(0, 1), (2, 2)])
    fast = work(world, until="links.write")
    go_on(world, slow)
    assert shown(world) == {1: ("P0", 1), 2: ("P1", 1)}
    world.quotes.put(world.revisions[NUMBER][-1], name="Bolts")
    go_on(world, fast)
    assert_at_rest(world)
    assert list(shown(world).values()) == [("P0", 1), ("P2", 2)]


@pytest.mark.parametrize("at", ["links.reserve", "links.write", "links.take_over", "writer.write"])
@pytest.mark.parametrize("command", ["crash", "crash-after"])
def test_a_revision_whose_host_dies_is_finished_by_the_next_one(at: str, command: str) -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1), (2, 1)])
    rest(world)
    revise(world, [(0, 2), (2, 1)])
    go_on(world, work(world, until=at), command=command)
    revise(world, [(3, 1), (2, 1), (0, 2)])
    assert_at_rest(world)
    assert sorted(shown(world).values()) == [("P0", 2), ("P2", 1), ("P3", 1)]


@pytest.mark.parametrize("command", ["throttle", "crash", "crash-after", "unsure-late", "unsure-lost"])
def test_lines_that_were_announced_are_not_taken_for_written(command: str) -> None:
    for changed in (revise, change):
        world = desk()
        revise(world, [(0, 1), (1, 1)])
        rest(world)
        changed(world, [(0, 2)])
        go_on(world, work(world, until="writer.write"), command=command)
        assert_at_rest(world)
        assert shown(world) == {1: ("P0", 2)}


def test_a_line_that_moved_keeps_its_number() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    rest(world)
    revise(world, [(1, 1), (2, 1)])
    assert_at_rest(world)
    assert shown(world) == {2: ("P1", 1), 3: ("P2", 1)}


@pytest.mark.parametrize("product", [0, 1])
def test_a_line_that_a_clerk_adds_under_the_number_of_one_that_is_gone_stays(product: int) -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    rest(world)
    revise(world, [(0, 1)])
    rest(world)
    clerk_adds(world, 2, product)
    revise(world, [(0, 2)])
    go_on(world, work(world, until="writer.write"), command="crash")
    assert_at_rest(world)
    assert shown(world) == {1: ("P0", 2), 2: (f"P{product}", 900)}


def test_a_line_that_a_clerk_deleted_is_made_anew_when_it_changes() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    rest(world)
    revise(world, [(0, 1), (1, 2)])
    late = work(world, until="writer.write")
    clerk_deletes(world, 2)
    go_on(world, late)
    assert_at_rest(world)
    assert sorted(shown(world).values()) == [("P0", 1), ("P1", 2)]


@pytest.mark.parametrize("product", [1, 2])
def test_a_line_that_a_clerk_adds_while_a_revision_is_judged_is_not_written_over(product: int) -> None:
    for changed in (revise, change):
        world = desk()
        revise(world, [(0, 1)])
        rest(world)
        changed(world, [(0, 1), (1, 1)])
        late = work(world, until="writer.write")
        clerk_adds(world, 2, product)
        go_on(world, late)
        assert not list(world.issues.open(FLOW))
        assert_at_rest(world)
        assert shown(world) == {1: ("P0", 1), 2: (f"P{product}", 900), 3: ("P1", 1)}
        revise(world, [(1, 2)])
        assert_at_rest(world)
        assert shown(world) == {2: (f"P{product}", 900), 3: ("P1", 2)}


def test_a_line_that_a_clerk_adds_before_an_announced_one_is_written_at_last_is_not_written_over() -> None:
    for changed in (revise, change):
        world = desk()
        revise(world, [(0, 1)])
        rest(world)
        changed(world, [(0, 1), (1, 1)])
        go_on(world, work(world, until="writer.write"), command="crash")
        world.scheduler.pass_time(700)
        late = redeliver(world, until="writer.write")
        clerk_adds(world, 2, 1)
        go_on(world, late)
        assert_at_rest(world)
        assert shown(world) == {1: ("P0", 1), 2: ("P1", 900), 3: ("P1", 1)}


def test_a_line_that_a_clerk_put_in_the_place_of_ours_is_not_written_over() -> None:
    for goods in ([(0, 1)], [(0, 1), (1, 2)]):
        world = desk()
        revise(world, [(0, 1), (1, 1)])
        rest(world)
        clerk_deletes(world, 2)
        clerk_adds(world, 2, 2)
        revise(world, goods)
        assert_at_rest(world)
        assert {**shown(world), 2: ("P2", 900)} == shown(world)


def test_the_number_of_a_line_that_was_removed_long_ago_is_not_given_to_another() -> None:
    world = desk()
    for goods in ([(0, 1), (1, 1)], [(0, 1)], [(0, 2)], [(0, 3)], [(0, 3), (2, 1)]):
        revise(world, goods)
        assert_at_rest(world)
    assert shown(world) == {1: ("P0", 3), 3: ("P2", 1)}


def test_lines_that_a_dead_host_made_are_known_by_the_next_revision() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    go_on(world, work(world, until="writer.write"), command="crash-after")
    revise(world, [(0, 1), (2, 1)], heard=False)
    world.scheduler.pass_time(550)
    work(world)
    assert_at_rest(world)
    assert sorted(shown(world).values()) == [("P0", 1), ("P2", 1)]


def test_a_clerks_line_under_a_number_that_a_dead_host_had_announced_is_not_written_over() -> None:
    for changed in (revise, change):
        world = desk()
        revise(world, [(0, 1)])
        rest(world)
        changed(world, [(0, 1), (1, 1)])
        go_on(world, work(world, until="writer.write"), command="crash")
        clerk_adds(world, 2, 2)
        assert_at_rest(world)
        assert shown(world) == {1: ("P0", 1), 2: ("P2", 900), 3: ("P1", 1)}


def test_a_revision_that_was_kept_back_while_it_took_over_begins_anew() -> None:
    world = desk()
    revise(world, [(0, 1)])
    rest(world)
    revise(world, [(0, 1)], heard=False)
    late = work(world, until="links.write")
    closing = redeliver(world, until="links.write")
    go_on(world, closing, command="go", until="links.write")  # what has become of the earlier one is claimed
    go_on(world, late)
    go_on(world, closing)
    assert_at_rest(world)


def test_an_earlier_revision_is_not_written_over_a_later_one() -> None:
    world = desk()
    earlier = revise(world, [(0, 1)])
    rest(world)
    revise(world, [(0, 2)])
    rest(world)
    world.quotes.put(world.revisions[NUMBER][-1], statecode=CLOSED)
    world.quotes.put(earlier, statecode=ACTIVE)
    rest(world)
    assert shown(world) == {1: ("P0", 2)}
    link = world.link(earlier, "quotes")
    assert link is not None
    assert (link.state, link.reason) == ("skipped", "older-revision")


def test_what_a_dead_host_wrote_of_the_earlier_revision_is_written_over() -> None:
    world = desk()
    revise(world, [(0, 1)], "Bolts")
    rest(world)
    revise(world, [(0, 1)], "Bells")
    go_on(world, work(world, until="writer.write"), command="crash-after")
    revise(world, [(0, 1)], "Bolts", heard=False)
    world.scheduler.pass_time(550)
    work(world)
    assert_at_rest(world)


def test_what_is_being_written_is_taken_over_when_it_is_written() -> None:
    world = desk()
    revise(world, [(0, 1)])
    rest(world)
    revise(world, [(0, 1), (1, 1)])
    slow = work(world, until="writer.write")
    revise(world, [(0, 2)])
    work(world)
    go_on(world, slow)
    assert_at_rest(world)
    assert shown(world) == {1: ("P0", 2)}


def test_a_slow_host_that_takes_over_for_a_revision_that_was_closed_meanwhile_loses_no_lines() -> None:
    world = desk()
    revise(world, [(0, 1), (1, 1)])
    rest(world)
    revise(world, [(0, 2), (1, 1)])
    slow = work(world, until="links.reserve")
    world.scheduler.pass_time(700)
    world.quotes.put(world.revisions[NUMBER][-1], statecode=CLOSED)
    redeliver(world)
    go_on(world, slow)
    revise(world, [(2, 1)])
    assert_at_rest(world)
    assert list(shown(world).values()) == [("P2", 1)]
