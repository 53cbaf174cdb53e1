"""Worlds of one flow in several steps: F&O's products, read whole, get a price and are published in Sales."""

from __future__ import annotations

from collections.abc import Iterator

from sync.brakes import Brakes, allow
from sync.mapping.plan import Plan
from sync.ports import ChangeFeed
from sync.rounds import stopped_for
from sync.snapshot import SnapshotFeed
from sync.stores.memory import MemoryClock
from tests.explorer.catalogue import Catalogue, ReferenceData, Released
from tests.explorer.plans import shipped_plan
from tests.explorer.scheduler import Scheduler
from tests.explorer.shop_checker import products_are_right
from tests.explorer.shop_life import THEMES, create_product, open_price_list, work_in_shop
from tests.explorer.world import Lane, Port, World

GROUP, OTHER_GROUP = "group-1", "group-2"


class ShopWorld(World):
    """Products, whose sales people make some by hand, retire others, and come late with price lists.

    `retire` has products retired that are no longer sold, `send_cost` tells whether the cost goes along. `closely`
    tells that everything was judged by the reference data as they are now. `ever_gone` are products that F&O ever
    ceased to deliver, `torn` are price items that people have deleted: price list, product and unit.
    """

    rounds = 2  # a round may have begun before the last change

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        retire: bool = False,
        strict: bool = False,
        gentle: bool = False,
        max_deliveries: int = 5,
        theme: int = 0,
        part_of: World | None = None,
    ) -> None:
        super().__init__(scheduler, gentle=gentle, max_deliveries=max_deliveries, part_of=part_of)
        self.retire, self.theme = retire, theme
        self.send_cost = True
        self.closely = False
        self.ever_gone: set[str] = set()
        self.torn: set[tuple[str, str, str]] = set()
        plan = self._products_plan()
        self.released = Released(plan.flow.source)
        self.sales = Catalogue(strict=strict)
        self.reference = ReferenceData()
        self._furnish()
        self.add(Lane(plan, self.released, self.sales, self.reference, self._feed, ("rest",), awaited_by_target=True))

    def someone_works(self) -> None:
        self.closely = False
        work_in_shop(self, self.theme)

    def new_definition(self) -> None:
        self.send_cost = not self.send_cost
        self.lanes[self.flow].plan = self._products_plan()

    def calm(self) -> None:
        self.released.poisonous.clear()
        self.sales.refusing.clear()

    def look_closely(self) -> bool:
        """Everything is judged once more: price lists and units that came or went change no product by themselves."""
        self.deploy()
        self.closely = True
        return True

    def someone_allows(self) -> None:
        weight = stopped_for(self.watermarks.read(self.flow).position)
        if weight is not None:
            allow(self.flow, weight, self.watermarks, self.clock)
            self.scheduler.tell("allowed", f"somebody: allows that {weight}")

    def broken(self) -> Iterator[str]:
        yield from products_are_right(self)

    def _products_plan(self) -> Plan:
        return shipped_plan(
            "products",
            **{
                "products.on_stop": "retire" if self.retire else "warn",
                "products.send_cost": "true" if self.send_cost else "false",
            },
        )

    def _feed(self, port: Port, plan: Plan) -> ChangeFeed:
        return SnapshotFeed(
            port("feed", self.released),
            port("reader", self.released),
            port("links", self.links),
            Brakes(plan.flow.name, port("watermarks", self.watermarks), self.clock),
            mapping=plan.flow.mapping,
            entity=plan.flow.source,
            columns=plan.columns,
            digest=lambda values: self.digester.row(values, plan.columns),
            company=plan.company,
            name_round=self.name,
        )

    def _furnish(self) -> None:
        put = self.reference.put
        for group, name in ((GROUP, "Default unit"), (OTHER_GROUP, "Weight")):
            put("uomschedules", group, uomscheduleid=group, name=name)
        for unit, group in (("ea", GROUP), ("box", GROUP), ("kg", OTHER_GROUP)):
            put("uoms", f"unit-{unit}", uomid=f"unit-{unit}", name=unit, _uomscheduleid_value=group)
        for code in ("USD", "EUR"):
            put("transactioncurrencies", code.lower(), transactioncurrencyid=code.lower(), isocurrencycode=code)


def shop_of_seed(seed: int) -> ShopWorld:
    """A world with some products; most have a price list from the beginning."""
    scheduler = Scheduler(seed, MemoryClock())
    random = scheduler.random
    world = ShopWorld(
        scheduler,
        retire=random.random() < 0.4,
        strict=random.random() < 0.5,
        gentle=random.random() < 0.2,
        max_deliveries=random.choice([2, 5]),
        theme=random.randrange(len(THEMES)),
    )
    if random.random() < 0.7:
        open_price_list(world, "usd")
    for _ in range(random.choice([1, 1, 2, 4])):
        create_product(world)
    return world
