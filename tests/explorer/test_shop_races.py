"""Races between the steps of one product, laid out by hand: what each must come to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync.stores.memory import MemoryClock
from tests.explorer.catalogue import ACTIVE, DRAFT, ITEMS, PRODUCTS, RETIRED
from tests.explorer.checker import broken_promises
from tests.explorer.directed import deliver, detect, detect_and_die, go_on, next_message
from tests.explorer.explore import rest
from tests.explorer.scheduler import Actor, Scheduler
from tests.explorer.shop import ShopWorld
from tests.explorer.shop_life import open_price_list

WRITES = 4
"""Those of a new product: itself, its price item, its default price list, its publication."""


def shop(*, lists: bool = True, retire: bool = False) -> ShopWorld:
    """A world without faults and, mostly, with a price list; `retire` has products retired that are gone."""
    world = ShopWorld(Scheduler(0, MemoryClock()), retire=retire)
    if lists:
        open_price_list(world, "usd")
    return world


def enter(world: ShopWorld, number: str, price: int = 1) -> str:
    return world.released.put(
        dataAreaId="usmf",
        ProductNumber=number,
        ProductName="Lamp",
        ProductType="Item",
        SalesUnitSymbol="ea",
        SalesPrice=Decimal(price),
        CurrencyCode="USD",
        IsStockedProduct="Yes",
        IsSalesStopped="No",
    )


def work(world: ShopWorld, *, until: str = "") -> Actor:
    """The oldest message is delivered, up to the first pending call of this name, or to its end."""
    return deliver(world, next_message(world, world.flow), until=until)


def next_write(world: ShopWorld, actor: Actor, command: str = "go") -> None:
    """The pending write is done as told, then everything up to the next one."""
    go_on(world, actor, command=command, until="writer.write")


def assert_at_rest(world: ShopWorld) -> None:
    """Whatever is under way comes to its end, and nothing is broken, looked at closely, too."""
    for _ in range(2):
        rest(world)
        world.sweep()
    rest(world)
    assert broken_promises(world) == []
    assert world.look_closely()
    rest(world)
    assert broken_promises(world) == []


@pytest.mark.parametrize("step", range(WRITES))
@pytest.mark.parametrize("command", ["crash", "crash-after", "throttle", "unsure-late", "unsure-lost"])
def test_a_delivery_that_ends_at_any_step_is_finished_by_the_next(step: int, command: str) -> None:
    world = shop()
    enter(world, "P0")
    actor = work(world, until="writer.write")
    for _ in range(step):
        next_write(world, actor)
    next_write(world, actor, command)
    assert actor.done
    assert_at_rest(world)
    assert len(world.sales.products) == len(world.sales.items) == 1


def test_a_product_that_somebody_enters_meanwhile_is_adopted() -> None:
    world = shop()
    enter(world, "P0")
    actor = work(world, until="writer.write")
    of_group = {"_defaultuomscheduleid_value": "group-1", "_transactioncurrencyid_value": "usd"}
    world.sales.put(PRODUCTS, productid="by-hand", productnumber="P0", productstructure=1, statecode=ACTIVE, **of_group)
    go_on(world, actor)
    assert_at_rest(world)
    assert [row["name"] for row in world.sales.products.values()] == ["Lamp"]


def test_what_a_void_delivery_has_written_is_written_over_where_the_feed_finds_nothing_new() -> None:
    world = shop()
    enter(world, "P0", price=1)
    assert_at_rest(world)
    enter(world, "P0", price=2)
    actor = deliver(world, detect_and_die(world), until="writer.write")
    next_write(world, actor)  # the product, and not yet its price
    go_on(world, actor, command="fail")
    enter(world, "P0", price=1)  # as it was when the link said so
    assert_at_rest(world)


@pytest.mark.parametrize("command", ["crash", "unsure-late", "throttle"])
def test_what_a_void_delivery_has_made_is_accounted_for_although_its_source_is_gone(command: str) -> None:
    world = shop()
    id = enter(world, "P0")
    actor = deliver(world, detect_and_die(world), until="writer.write")
    next_write(world, actor)  # the product, and not yet its price
    next_write(world, actor, command)
    second = detect_and_die(world)
    world.released.delete(id)  # no read that was remembered knew of it
    world.scheduler.pass_time(700)
    detect(world)
    (first,) = set(world.outbox.visible(world.flow)) - {second}  # it may have been posted anew
    last = deliver(world, first, until="links.write")
    deliver(world, second)
    go_on(world, last)
    assert_at_rest(world)


def test_what_a_void_delivery_took_over_is_accounted_for_although_its_source_is_gone() -> None:
    world = shop()
    id = enter(world, "P0")
    go_on(world, deliver(world, detect_and_die(world), until="writer.write"), command="crash-after")
    world.scheduler.pass_time(700)
    holder = deliver(world, detect_and_die(world), until="writer.write")  # finds what nobody remembers
    world.released.delete(id)
    detect(world)
    go_on(world, holder, command="throttle")
    assert_at_rest(world)


def test_a_product_that_somebody_deletes_while_it_is_adopted_is_made() -> None:
    world = shop()
    of_group = {"_defaultuomscheduleid_value": "group-1", "_transactioncurrencyid_value": "usd"}
    world.sales.put(PRODUCTS, productid="by-hand", productnumber="P0", productstructure=1, statecode=DRAFT, **of_group)
    enter(world, "P0")
    actor = work(world, until="writer.write")
    del world.sales.products["by-hand"]
    go_on(world, actor)
    assert_at_rest(world)
    assert [row["name"] for row in world.sales.products.values()] == ["Lamp"]


def test_a_price_that_somebody_enters_meanwhile_is_taken_over() -> None:
    world = shop()
    enter(world, "P0")
    actor = work(world, until="writer.write")
    next_write(world, actor)
    (product,) = world.sales.products
    item = {"_pricelevelid_value": "list-0", "_productid_value": product, "_uomid_value": "unit-ea"}
    world.sales.put(ITEMS, productpricelevelid="by-hand", amount=Decimal(9), **item)
    go_on(world, actor)
    assert not list(world.issues.open(world.flow))
    assert_at_rest(world)
    assert [row["amount"] for row in world.sales.items.values()] == [Decimal(1)]


def test_a_default_price_list_that_somebody_chose_before_is_left() -> None:
    world = shop()
    enter(world, "P0")
    actor = work(world, until="writer.write")
    next_write(world, actor)
    (row,) = world.sales.products.values()
    row["_pricelevelid_value"] = "by-hand-list"
    enter(world, "P0", price=2)
    go_on(world, actor, command="crash")
    assert_at_rest(world)
    assert row["_pricelevelid_value"] == "by-hand-list"


def test_who_waited_for_a_price_list_releases_all_others() -> None:
    world = shop(lists=False)
    for number in range(3):
        enter(world, f"P{number}")
    rest(world)
    waiters = list(world.waiting.open(world.flow))
    assert [waiter.awaits for waiter in waiters] == ["sales:pricelevels:usd"] * 3
    open_price_list(world, "usd")
    enter(world, "P0", price=2)
    rest(world)
    assert not list(world.waiting.open(world.flow))
    assert_at_rest(world)


def test_a_slow_release_leaves_the_row_of_who_waits_once_more() -> None:
    world = shop(lists=False)
    enter(world, "P0")
    enter(world, "P1")
    rest(world)
    open_price_list(world, "usd")
    enter(world, "P0", price=2)
    slow = work(world, until="outbox.post")
    go_on(world, slow, command="go", until="waiting.remove")
    world.reference.put("pricelevels", "list-0", statecode=1)
    while world.outbox.visible(world.flow):
        work(world)
    go_on(world, slow)
    assert "usmf|p1" in {waiter.id for waiter in world.waiting.open(world.flow)}
    assert_at_rest(world)


def test_a_step_that_must_wait_changes_no_count_before_it_is_counted() -> None:
    world = shop()
    id = enter(world, "P0")
    rest(world)
    world.reference.put("uoms", "unit-ea", _uomscheduleid_value="group-2")
    enter(world, "P0", price=2)
    rest(world)
    assert [issue.trouble.code for issue in world.issues.open(world.flow)] == ["unit-not-mapped"]
    world.reference.put("uoms", "unit-ea", _uomscheduleid_value="group-1")
    enter(world, "P0", price=3)
    actor = work(world, until="writer.write")
    go_on(world, actor, command="go", until="writer.match")  # the product is written, its price is looked for
    go_on(world, actor, command="throttle")
    link = world.link(id)
    assert link is not None
    assert (link.state, link.owed) == ("parked", "updated")
    assert_at_rest(world)


def test_a_product_that_left_while_it_was_read_is_looked_at_again() -> None:
    world = shop()
    id = enter(world, "P0")
    enter(world, "P1")
    rest(world)
    enter(world, "P0", price=2)
    message = next_message(world, world.flow)
    world.released.delete(id)
    deliver(world, message)
    link = world.link(id)
    assert link is not None
    assert (link.state, link.reason) == ("skipped", "not-found")
    world.released.restore(id)
    enter(world, "P0", price=1)  # as it was when it was judged last
    assert_at_rest(world)


def test_a_product_that_was_published_behind_its_retirement_is_retired_again() -> None:
    world = shop(retire=True)
    enter(world, "P0")
    rest(world)
    id = enter(world, "P1")
    asleep = work(world, until="writer.write")
    for _ in range(WRITES - 1):
        next_write(world, asleep)
    world.scheduler.pass_time(700)
    world.released.delete(id)
    world.outbox.receive(world.flow, hidden=0.0)
    rest_of_the_world(world, asleep)
    assert [row["statecode"] for row in world.sales.products.values()] == [ACTIVE, RETIRED]
    go_on(world, asleep)
    assert_at_rest(world)


def rest_of_the_world(world: ShopWorld, asleep: Actor) -> None:
    """Everybody else comes to rest."""
    world.scheduler.actors.remove(asleep)
    rest(world)
    world.scheduler.actors.append(asleep)
