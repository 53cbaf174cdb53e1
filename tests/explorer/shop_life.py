"""What people do with products in F&O and in Sales while the app is at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.explorer.catalogue import ACTIVE, DEFAULT_LIST, DRAFT, ITEMS, PRODUCTS, RETIRED, REVISED, item_of
from tests.explorer.targets import Row

if TYPE_CHECKING:
    from tests.explorer.shop import ShopWorld

NAMES = ("Lamp", "Table", "Chair")
PRICES = (Decimal(1), Decimal("2.5"), Decimal(0))
DAY = 86_400.0
YESTERDAY = "2025-01-01T00:00:00Z"

LIST_CHANGES: Sequence[Row] = ({"enddate": YESTERDAY}, {"statecode": 1}, {"enddate": None, "statecode": 0})

type Deeds = Sequence[tuple[str, Callable[[ShopWorld, str], None]]]


def create_product(world: ShopWorld) -> None:
    random = world.scheduler.random
    n = len(world.released.rows) + len(world.released.gone)
    world.released.put(
        dataAreaId="usmf",
        ProductNumber=f"P{n}",
        ProductName=random.choice(NAMES),
        ProductType="Item",
        SalesUnitSymbol="ea",
        SalesPrice=random.choice(PRICES),
        UnitCost=Decimal(1),
        CurrencyCode=random.choice(["USD", "USD", "USD", "EUR"]),
        IsStockedProduct="Yes",
        IsSalesStopped="No",
    )


def open_price_list(world: ShopWorld, currency: str) -> None:
    """A price list whose name comes before, or behind, those that are there."""
    lists = world.reference.sets.get("pricelevels", {})
    id = f"list-{len(lists)}"
    name = f"{world.scheduler.random.choice('abc')} {len(lists)}"
    world.reference.put(
        "pricelevels",
        id,
        pricelevelid=id,
        name=name,
        statecode=0,
        _transactioncurrencyid_value=currency,
        begindate=None,
        enddate=None,
    )


def work_in_shop(world: ShopWorld, theme: int) -> None:
    """One change by a person, now and then an accident of a system."""
    random, rows = world.scheduler.random, world.released.rows
    if not rows or random.random() < 0.08:
        create_product(world)
        return
    ids = sorted(rows)
    id = ids[0] if random.random() < 0.6 else random.choice(ids)
    kind, act = random.choice(THEMES[theme])
    act(world, id)
    world.scheduler.tell(kind, f"somebody: {kind} {id}")


def _change(world: ShopWorld, id: str, **values: str | Decimal) -> None:
    key = {name: world.released.rows[id].values[name] for name in ("dataAreaId", "ProductNumber")}
    world.released.put(**key, **values)


def _rename(world: ShopWorld, id: str) -> None:
    _change(world, id, ProductName=world.scheduler.random.choice(NAMES))


def _reprice(world: ShopWorld, id: str) -> None:
    _change(world, id, SalesPrice=world.scheduler.random.choice(PRICES))


def _unit(world: ShopWorld, id: str) -> None:
    _change(world, id, SalesUnitSymbol=world.scheduler.random.choice(["ea", "ea", "box", "box", "kg"]))


def _currency(world: ShopWorld, id: str) -> None:
    _change(world, id, CurrencyCode=world.scheduler.random.choice(["USD", "USD", "EUR", "XTS"]))


def _stop(world: ShopWorld, id: str) -> None:
    stopped = world.released.rows[id].values["IsSalesStopped"]
    _change(world, id, IsSalesStopped="No" if stopped == "Yes" else "Yes")


def _gone(world: ShopWorld, id: str) -> None:
    world.released.delete(id)
    world.ever_gone.add(id)


def _back(world: ShopWorld, id: str) -> None:
    if world.released.gone:
        world.released.restore(world.scheduler.random.choice(sorted(world.released.gone)))


def _product_in_sales(world: ShopWorld, id: str) -> tuple[str, Row] | None:
    return world.sales.of_number(str(world.released.rows[id].values["ProductNumber"]))


def _by_hand(world: ShopWorld, id: str) -> None:
    """A salesperson enters a product: of this number, or of one that F&O will have later."""
    random = world.scheduler.random
    future = f"P{len(world.released.rows) + len(world.released.gone)}"
    number = random.choice([str(world.released.rows[id].values["ProductNumber"]), future])
    if world.sales.of_number(number):
        return
    key = f"by-hand-{len(world.sales.products)}-{number.lower()}"
    world.sales.put(
        PRODUCTS,
        productid=key,
        productnumber=number,
        name="By hand",
        productstructure=random.choice([1, 1, 1, 2]),
        statecode=random.choice([DRAFT, ACTIVE]),
        _defaultuomscheduleid_value=random.choice(["group-1", "group-1", "group-2"]),
        _transactioncurrencyid_value=random.choice(["usd", "usd", "eur"]),
    )


def _retire(world: ShopWorld, id: str) -> None:
    if found := _product_in_sales(world, id):
        found[1].update(statecode=RETIRED, statuscode=2)


def _revise(world: ShopWorld, id: str) -> None:
    found = _product_in_sales(world, id)
    if found and found[1]["statecode"] == ACTIVE:
        found[1].update(statecode=REVISED, statuscode=3)


def _delete(world: ShopWorld, id: str) -> None:
    found = _product_in_sales(world, id)
    if found and found[1]["statecode"] == DRAFT:
        del world.sales.products[found[0]]


def _tear(world: ShopWorld, id: str) -> None:
    """A price item is deleted."""
    if world.sales.items:
        key = world.scheduler.random.choice(sorted(world.sales.items))
        row = world.sales.items.pop(key)
        world.torn.add(item_of(row))


def _enter_item(world: ShopWorld, id: str) -> None:
    """A salesperson enters the price of a product by hand."""
    lists = sorted(world.reference.sets.get("pricelevels", {}))
    found = _product_in_sales(world, id)
    if not lists or not found:
        return
    item: Row = {
        "_pricelevelid_value": world.scheduler.random.choice(lists),
        "_productid_value": found[1]["productid"],
        "_uomid_value": "unit-ea",
    }
    if item_of(item) not in {item_of(row) for row in world.sales.items.values()}:
        world.sales.put(ITEMS, productpricelevelid=f"by-hand-{world.name()}", amount=Decimal(9), **item)


def _fill_default(world: ShopWorld, id: str) -> None:
    if found := _product_in_sales(world, id):
        found[1][DEFAULT_LIST] = "by-hand-list"


def _open_list(world: ShopWorld, id: str) -> None:
    open_price_list(world, world.scheduler.random.choice(["usd", "usd", "eur"]))


def _change_list(world: ShopWorld, id: str) -> None:
    """A price list expires, is closed, or is valid again."""
    if lists := sorted(world.reference.sets.get("pricelevels", {})):
        change = world.scheduler.random.choice(LIST_CHANGES)
        world.reference.put("pricelevels", world.scheduler.random.choice(lists), **change)


def _change_unit(world: ShopWorld, id: str) -> None:
    """A unit moves to another unit group, or back."""
    unit = world.scheduler.random.choice(["box", "kg"])
    group = world.scheduler.random.choice(["group-1", "group-2"])
    world.reference.put("uoms", f"unit-{unit}", _uomscheduleid_value=group)


def _poison(world: ShopWorld, id: str) -> None:
    world.released.poisonous ^= {id}


def _refuse(world: ShopWorld, id: str) -> None:
    """Sales does not like the product any more: no update of it, and no price."""
    if found := _product_in_sales(world, id):
        world.sales.refusing ^= {found[0]}


def _lose_links(world: ShopWorld, id: str) -> None:
    world.released.links_lost = True


def _sleep(world: ShopWorld, id: str) -> None:
    """A day goes by in which nothing is under way."""
    if not world.scheduler.actors:
        world.scheduler.pass_time(DAY)


_VALUES: Deeds = [("rename", _rename), ("reprice", _reprice), ("reprice", _reprice), ("unit", _unit)]
_LIFE: Deeds = [("stop", _stop), ("gone", _gone), ("back", _back), ("back", _back), ("currency", _currency)]
_SELLING: Deeds = [
    ("by hand", _by_hand),
    ("by hand", _by_hand),
    ("retired", _retire),
    ("revised", _revise),
    ("deleted in Sales", _delete),
    ("item torn", _tear),
    ("item by hand", _enter_item),
    ("default list", _fill_default),
]
_LISTS: Deeds = [("list opened", _open_list), ("list changed", _change_list), ("unit moved", _change_unit)]
_ACCIDENTS: Deeds = [
    ("refuse", _refuse),
    ("poisonous", _poison),
    ("links lost", _lose_links),
    ("a day passes", _sleep),
]
THEMES: list[Deeds] = [
    _VALUES,
    [*_VALUES, *_LISTS],
    [*_VALUES, *_SELLING],
    [*_VALUES, *_LIFE],
    [*_VALUES, *_LIFE, *_SELLING, *_LISTS, *_ACCIDENTS],
]
