"""What must be so of products and their prices in Sales when a world has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sync.keys import key_text
from sync.model import Link, Record, Values
from tests.explorer.catalogue import DEFAULT_LIST, DRAFT, RETIRED, item_of
from tests.explorer.looks import links_of, orderly

if TYPE_CHECKING:
    from tests.explorer.shop import ShopWorld


def products_are_right(world: ShopWorld) -> Iterator[str]:
    """Nothing doubles, nobody writes what he must not, and the newest wins."""
    links = links_of(world, world.mapping)
    yield from world.sales.problems
    yield from _nothing_doubles(world, links)
    for id, record in world.released.rows.items():
        link = links.get(id)
        if link is None:
            yield f"missing: nobody has seen {id}"
        else:
            yield from _product(world, record, link)
    for id in world.released.gone.keys() & links.keys():
        yield from _gone(world, links[id])


def _nothing_doubles(world: ShopWorld, links: Mapping[str, Link]) -> Iterator[str]:
    """Promise 2, for products and for price items."""
    owners = Counter(key_text(link.target) for link in links.values() if link.linked)
    yield from (f"double: {count} products are linked to {key}" for key, count in owners.items() if count > 1)
    left = {id.rpartition("|")[2] for id in world.ever_gone}
    for key, row in world.sales.products.items():
        ours = not key.startswith("by-hand")
        if ours and key not in owners and str(row["productnumber"]).lower() not in left:
            yield f"double: {key} was created and is linked to nothing: {row}"
    items = Counter(item_of(row) for row in world.sales.items.values())
    yield from (f"double: {count} price items of {item}" for item, count in items.items() if count > 1)


def _product(world: ShopWorld, record: Record, link: Link) -> Iterator[str]:
    stopped = record.values["IsSalesStopped"] == "Yes"
    row = _row(world, record, link)
    if link.state == "linked" and link.linked:
        if row is not None:
            yield from _differs(world, record, link, row)
        if world.closely and (reasons := [code for code, holds in _reasons(world, record, link, row).items() if holds]):
            yield f"product: {record.id} is linked in spite of {reasons}: {row}, {link}"
    elif link.state == "removed":
        if not (stopped and world.retire and (row is None or row["statecode"] == RETIRED)):
            yield f"product: {record.id} is delivered, its link is {link}, Sales has {row}"
    elif link.state == "skipped":
        if not stopped or (link.linked and not (world.retire and row is not None and row["statecode"] == RETIRED)):
            yield f"product: {record.id} is skipped: {link}, Sales has {row}"
    elif not _reasons(world, record, link, row).get(link.reason, False):
        yield f"product: {record.id} is {link.state} {link.reason}, which does not hold: {record.values}, {row}, {link}"


def _row(world: ShopWorld, record: Record, link: Link) -> Values | None:
    """The product in Sales: the one that is linked, else the one of the same number."""
    if link.linked:
        return world.sales.products.get(key_text(link.target))
    found = world.sales.of_number(str(record.values["ProductNumber"]))
    return found[1] if found else None


def _reasons(world: ShopWorld, record: Record, link: Link, row: Values | None) -> dict[str, bool]:
    """Why a product may wait or be parked, and whether it is so."""
    values = record.values
    stopped = values["IsSalesStopped"] == "Yes" and world.retire and link.linked
    known = row or {}
    currency = str(values["CurrencyCode"]).lower()
    theirs = known.get("_transactioncurrencyid_value")
    group = str(known.get("_defaultuomscheduleid_value") or "group-1")
    return {
        "target-missing": link.linked and row is None,
        "retired-in-sales": known.get("statecode") == RETIRED and not stopped,
        "not-a-simple-product": known.get("productstructure", 1) != 1,
        "currency-not-mapped": currency not in world.reference.sets["transactioncurrencies"],
        "currency-changed": theirs is not None and theirs != currency,
        "unit-not-mapped": _unit(world, record, group) is None,
        "no-price-list": not _price_list(world, str(theirs or currency)),
    }


def _unit(world: ShopWorld, record: Record, group: str) -> str | None:
    units = world.reference.sets["uoms"]
    id = f"unit-{record.values['SalesUnitSymbol']}"
    return id if units[id]["_uomscheduleid_value"] == group else None


def _price_list(world: ShopWorld, currency: str) -> str:
    """The first by name of those that are open, valid today and in this currency (flows.md 2.3)."""
    today = world.clock.now().date().isoformat()
    lists = [
        (str(row["name"]).casefold(), id)
        for id, row in world.reference.sets.get("pricelevels", {}).items()
        if row["statecode"] == 0
        and row["_transactioncurrencyid_value"] == currency
        and (not row["enddate"] or str(row["enddate"])[:10] >= today)
    ]
    return min(lists)[1] if lists else ""


def _differs(world: ShopWorld, record: Record, link: Link, row: Values) -> Iterator[str]:
    values = record.values
    wanted = {"name": values["ProductName"], "price": values["SalesPrice"], "productnumber": values["ProductNumber"]}
    if world.closely:
        wanted["_defaultuomid_value"] = f"unit-{values['SalesUnitSymbol']}"
    for name, value in wanted.items():
        if row.get(name) != value:
            yield f"stale: {record.id} {name} is {row.get(name)!r}, F&O says {value!r} ({link})"
    if row["statecode"] == DRAFT:
        yield f"draft: {record.id} may be published and is not: {row}, {link}"
    if not row.get(DEFAULT_LIST) and row["statecode"] != RETIRED:  # somebody has retired it before it was complete
        yield f"default list: {record.id} has none: {row}, {link}"
    yield from _price(world, record, link, row)


def _price(world: ShopWorld, record: Record, link: Link, row: Values) -> Iterator[str]:
    part = link.parts.get("price_list_item")
    item = world.sales.items.get(key_text(part)) if part else None
    torn = {product for _, product, _ in world.torn}
    if item is None:
        if str(row["productid"]) not in torn:
            yield f"price: {record.id} has no price item: {link}"
        return
    if item["amount"] != record.values["SalesPrice"]:
        yield f"price: {record.id} costs {item['amount']}, F&O says {record.values['SalesPrice']} ({link})"
    if world.closely:
        wanted = (
            _price_list(world, str(row["_transactioncurrencyid_value"])),
            str(row["productid"]),
            f"unit-{record.values['SalesUnitSymbol']}",
        )
        if item_of(dict(item)) != wanted:
            yield f"price: {record.id} has an item of {item_of(dict(item))}, it should be {wanted} ({link})"
        default = str(row.get(DEFAULT_LIST))
        if orderly(world) and not default.startswith("by-hand") and default != wanted[0]:
            yield f"default list: {record.id} has {default}, not {wanted[0]} ({link})"


def _gone(world: ShopWorld, link: Link) -> Iterator[str]:
    row = world.sales.products.get(key_text(link.target)) if link.linked else None
    if link.state != "removed" and link.reason not in ("target-missing", "target-refused"):
        yield f"gone: {link.id} is no longer delivered, its link is {link}"
    if world.retire and row is not None and row["statecode"] != RETIRED and link.state == "removed":
        yield f"gone: {link.id} is no longer delivered and not retired: {row}, {link}"
