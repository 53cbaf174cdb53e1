"""Price list items (wire.md 1.13): one row per price list, product and unit, in the currency of the price list.

Amounts alone are simulated; the pricing methods that compute a price out of a percentage are refused.
"""

from __future__ import annotations

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import money, refusals
from local.simulators.dataverse.rules.products import FAMILY, RETIRED
from local.simulators.dataverse.rules.world import Change, World, put
from local.simulators.dataverse.store import Row

_AMOUNT = 1
_KEY = ("_pricelevelid_value", "_productid_value", "_uomid_value")


def guard(change: Change) -> None:
    """Refuse a currency that is not the price list's."""
    price_list = change.world.find("pricelevels", change.row.get("_pricelevelid_value"))
    wanted = change.row.get(money.CURRENCY)
    if price_list is not None and change.names(money.CURRENCY) and wanted != price_list.get(money.CURRENCY):
        raise refusals.currencies_differ()


def fill(change: Change) -> None:
    """Check what the item is for, and take over what follows from it."""
    row, world = change.row, change.world
    product = world.find("products", row.get("_productid_value"))
    price_list = world.find("pricelevels", row.get("_pricelevelid_value"))
    unit = world.find("uoms", row.get("_uomid_value"))
    if product is None:
        raise refusals.product_missing()
    if price_list is None:
        raise refusals.price_list_missing()
    if unit is None:
        raise refusals.unit_missing()
    if row.get("pricingmethodcode", _AMOUNT) != _AMOUNT:
        raise errors.not_implemented("The simulator knows price list items with a currency amount only.")
    if change.old is None or any(change.changed(name) for name in _KEY):
        _guard_product(product)
        if unit.get("_uomscheduleid_value") != product.get("_defaultuomscheduleid_value"):
            raise refusals.unit_invalid()
        if price_of(world, price_list["pricelevelid"], product["productid"], unit["uomid"], row) is not None:
            raise refusals.price_exists()
    put(row, money.CURRENCY, price_list.get(money.CURRENCY))
    put(row, "productnumber", product.get("productnumber"))
    put(row, "_uomscheduleid_value", unit.get("_uomscheduleid_value"))


def price_of(
    world: World, price_list_id: str, product_id: str, unit_id: str | None, besides: Row | None = None
) -> Row | None:
    """The price list item of a product and a unit; `besides` is one that does not count."""
    own = besides and besides["productpricelevelid"]
    for item in world.referring("productpricelevels", "_productid_value", product_id):
        same = item["_pricelevelid_value"] == price_list_id and item["_uomid_value"] == unit_id
        if same and item["productpricelevelid"] != own:
            return item
    return None


def _guard_product(product: Row) -> None:
    if product["productstructure"] == FAMILY:
        raise refusals.family_in_price_list()
    if product["statecode"] == RETIRED:
        raise refusals.retired_in_price_list()
