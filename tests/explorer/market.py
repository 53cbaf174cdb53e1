"""Worlds of all five flows: customers and contact persons, products with prices, and quotes that need both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sync.mapping.plan import Plan
from sync.model import Scalar
from sync.stores.memory import MemoryClock
from tests.explorer.documents import Documents
from tests.explorer.explore import rest
from tests.explorer.life import create_account
from tests.explorer.people import PeopleWorld
from tests.explorer.people_life import create_contact
from tests.explorer.quotes import QuotesWorld
from tests.explorer.quotes_life import THEMES as QUOTES_THEMES
from tests.explorer.quotes_life import create_quote
from tests.explorer.scheduler import Scheduler
from tests.explorer.shop import ShopWorld
from tests.explorer.shop_life import THEMES as SHOP_THEMES
from tests.explorer.shop_life import create_product, open_price_list
from tests.explorer.systems import MemorySales

LIVING = 1
"""The theme of contacts in which quotes are left to those who sell."""

UNKNOWN = "00000000-2222-0000-0000-000000000009"
"""A product of Sales that F&O never sells."""


class QuotesTable(MemorySales):
    """Quotes, of which those of contacts make their contacts customers."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.columns, id="quoteid", number="quotenumber")
        self.documents = Documents()

    def put(self, id: str, **values: Scalar | None) -> None:
        super().put(id, **values)
        row = self.rows[id].values
        if row["_customerid_value@lookuplogicalname"] == "contact":
            self.documents.put(id, str(row["_customerid_value"]), int(str(row["statecode"])))

    def delete(self, id: str) -> None:
        super().delete(id)
        if id in self.documents.rows:
            self.documents.delete(id)


class MarketWorld(PeopleWorld, QuotesWorld):
    """All five flows: a quote waits for the customer that it makes of its contact, and for products of the shop.

    What the shop publishes is what sellers offer. The shop is a world of its own that shares the storage of this one.
    """

    rounds = ShopWorld.rounds

    def __init__(self, scheduler: Scheduler, *, retire: bool = False, shop_theme: int = 0, **more: Any) -> None:
        super().__init__(scheduler, people_theme=LIVING, **more)
        assert isinstance(self.quotes, QuotesTable)
        self.documents = self.quotes.documents
        self.shop = ShopWorld(scheduler, retire=retire, theme=shop_theme, gentle=self.gentle, part_of=self)
        for lane in self.shop.lanes.values():
            self.add(lane)

    def someone_works(self) -> None:
        roll = self.scheduler.random.random()
        if roll < 0.3:
            self.shop.someone_works()
        elif roll < 0.55:
            PeopleWorld.someone_works(self)
        else:
            QuotesWorld.someone_works(self)

    def new_definition(self) -> None:
        super().new_definition()
        self.shop.new_definition()

    def calm(self) -> None:
        super().calm()
        self.shop.calm()

    def look_closely(self) -> bool:
        return self.shop.look_closely()

    def someone_allows(self) -> None:
        self.shop.someone_allows()

    def broken(self) -> Iterator[str]:
        yield from super().broken()
        yield from self.shop.broken()

    def products(self) -> list[str]:
        return [*sorted(str(row["productid"]) for row in self.shop.sales.products.values()) * 4, UNKNOWN]

    def sell(self, product: str) -> None:
        """F&O sells one product more, whichever it is."""
        create_product(self.shop)

    def some_customer(self) -> tuple[str, str]:
        random = self.scheduler.random
        if self.contacts.rows and random.random() < 0.4:
            return random.choice(sorted(self.contacts.rows)), "contact"
        return super().some_customer()

    def delete_quote(self, id: str) -> None:
        self.quotes.delete(id)

    def _quotes_table(self, plan: Plan) -> MemorySales:
        return QuotesTable(plan)


def market_of_seed(seed: int) -> MarketWorld:
    """A world with some of everything."""
    scheduler = Scheduler(seed, MemoryClock())
    random = scheduler.random
    world = MarketWorld(
        scheduler,
        hold=random.random() < 0.3,
        patch=random.random() < 0.3,
        retire=random.random() < 0.4,
        gentle=random.random() < 0.2,
        max_deliveries=random.choice([2, 5]),
        theme=random.choice([0, 1, 2]),
        quotes_theme=random.randrange(len(QUOTES_THEMES)),
        shop_theme=random.randrange(len(SHOP_THEMES)),
    )
    for currency, share in (("usd", 0.9), ("eur", 0.5)):
        if random.random() < share:
            open_price_list(world.shop, currency)
    for make, most in ((create_account, 2), (create_contact, 3)):
        for _ in range(random.randint(1, most)):
            make(world)
    for _ in range(random.randint(1, 3)):
        create_product(world.shop)
    if random.random() < 0.8:  # sellers have something to offer
        rest(world)
    for _ in range(random.randint(0, 2)):
        create_quote(world)
    return world
