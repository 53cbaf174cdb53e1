"""`python -m sync waiting`: what quotes wait for, how that stands, and who waits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from sync.cli import main
from sync.commands.waiting import MOST_SHOWN
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_quotes import ACCOUNTS, ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def waiting(here: Installation, *arguments: str, status: int = 0) -> str:
    """What the command prints; that it ends like this."""
    result = CliRunner(env=dict(here.environment)).invoke(main, ["waiting", *arguments])
    assert result.exit_code == status, result.output
    return str(result.output)


def awaited(here: Installation, *flows: str) -> dict[str, dict[str, Any]]:
    """What it tells a program, by what is waited for."""
    return {each["awaits"]: each for each in json.loads(waiting(here, *flows, "--json"))}


class Shop:
    """A sales desk with what F&O knows synced, and two products that salespeople have made by hand."""

    def __init__(self, world: World, trade: Trade) -> None:
        self.world, self.trade = world, trade
        self.here = world.install().of(QUOTES)
        self.desk = Desk(world, trade)
        self.numberless = world.account(None, "Numberless Goods")
        world.settle()
        self.here.sync_all(*ALL[:-1])
        self.handmade = [self.made_by_hand(number) for number in ("P8", "P9")]

    def made_by_hand(self, number: str) -> str:
        product = self.trade.make_product(number, currency="USD")
        self.trade.patch("products", product, statecode=0, statuscode=1)
        return product

    def quote(self, number: str, *, account: str = "", products: list[str]) -> str:
        """An active quote of these products of Sales."""
        quote = self.desk.draft(number, account=account)
        unit = {"uomid@odata.bind": f"/uoms({self.trade.units['ea']})"}
        for product in products:
            bind = {"productid@odata.bind": f"/products({product})", **unit}
            self.desk.bare_line(quote, quantity=1, ispriceoverridden=True, priceperunit=5, **bind)
        self.desk.activate(quote)
        return quote


@pytest.fixture
def shop(world: World, trade: Trade) -> Shop:
    return Shop(world, trade)


def test_a_quote_waits_for_its_customer_and_for_each_product_by_name(shop: Shop) -> None:
    customer = shop.world.account("C2", "Later")
    quote = shop.quote("Q-1", account=customer, products=shop.handmade)
    shop.here.sync()
    found = awaited(shop.here)
    assert {name: each["stands"] for name, each in found.items()} == {
        f"accounts:{customer}": "not seen yet",
        **{f"products>:{product}": "no record of products has become it" for product in shop.handmade},
    }
    waiter = {"flow": QUOTES, "id": quote, "number": "Q-1", "code": "customer-not-linked"}
    assert all(each["waiters"] == [waiter] for each in found.values())

    shop.here.sync_all(ACCOUNTS, QUOTES)
    assert {name: [each["code"] for each in told["waiters"]] for name, told in awaited(shop.here).items()} == {
        f"products>:{product}": ["product-not-linked"] for product in shop.handmade
    }
    for number in ("P8", "P9"):
        shop.trade.release(number)
    shop.here.sync_all(PRODUCTS, QUOTES)
    assert shop.desk.shown() == {1: ("P8", 1), 2: ("P9", 1)}
    assert waiting(shop.here) == "Nothing waits.\n"
    assert awaited(shop.here) == {}


def test_it_is_printed_with_who_waits_below(shop: Shop) -> None:
    customer = shop.world.account("C2", "Later")
    quote = shop.quote("Q-1", account=customer, products=shop.handmade)
    shop.here.sync()
    product = sorted(shop.handmade)[0]
    lines = waiting(shop.here).splitlines()
    assert lines[:3] == [
        f"accounts:{customer}: not seen yet",
        f"  1 of {QUOTES}, customer-not-linked",
        f"    {quote} Q-1",
    ]
    assert lines[3] == f"products>:{product}: no record of products has become it"
    assert lines[-1] == "1 record waits."


def test_a_customer_that_is_parked_is_told_with_the_reason(shop: Shop) -> None:
    quote = shop.quote("Q-1", account=shop.numberless, products=shop.handmade[:1])
    shop.here.sync()
    found = awaited(shop.here)[f"accounts:{shop.numberless}"]
    assert (found["stands"], [each["id"] for each in found["waiters"]]) == ("parked: missing-number", [quote])

    shop.world.change(shop.numberless, accountnumber="C7")
    shop.here.sync_all(ACCOUNTS, QUOTES)
    assert list(awaited(shop.here)) == [f"products>:{shop.handmade[0]}"]


def test_what_most_wait_for_comes_first_and_a_long_list_is_cut(shop: Shop) -> None:
    customer = shop.world.account("C2", "Later")
    quotes = {shop.quote(f"Q-{n}", account=customer, products=[]) for n in range(MOST_SHOWN + 3)}
    shop.quote("N-1", account=shop.numberless, products=[])
    shop.here.sync()
    lines = waiting(shop.here).splitlines()
    assert lines[:2] == [
        f"accounts:{customer}: not seen yet",
        f"  {MOST_SHOWN + 3} of {QUOTES}, customer-not-linked",
    ]
    shown = [line.split()[0] for line in lines[2 : 2 + MOST_SHOWN]]
    assert set(shown) < quotes
    assert len(set(shown)) == MOST_SHOWN
    assert lines[2 + MOST_SHOWN] == "    and 3 more; --json names all"
    assert lines[3 + MOST_SHOWN] == f"accounts:{shop.numberless}: parked: missing-number"
    assert lines[-1] == f"{MOST_SHOWN + 4} records wait."
    assert {each["id"] for each in awaited(shop.here)[f"accounts:{customer}"]["waiters"]} == quotes


def test_flows_can_be_chosen_and_one_that_does_not_exist_is_told(shop: Shop) -> None:
    shop.quote("Q-1", products=shop.handmade[:1])
    shop.here.sync()
    assert list(awaited(shop.here, QUOTES, ACCOUNTS)) == [f"products>:{shop.handmade[0]}"]
    assert waiting(shop.here, ACCOUNTS) == "Nothing waits.\n"
    told = waiting(shop.here, "quotes", status=2)
    assert "There is no flow 'quotes'. The flows are accounts_to_finops," in told
