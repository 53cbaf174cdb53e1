"""Products (wire.md 1.13): numbers, units, families, and the life cycle from draft to retired.

Not simulated: properties, relationships, the parts of bundles and kits.
"""

from __future__ import annotations

from collections.abc import Iterator

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import money, refusals
from local.simulators.dataverse.rules.world import Change, World
from local.simulators.dataverse.store import Row

ACTIVE, RETIRED, DRAFT, UNDER_REVISION = 0, 1, 2, 3
PRODUCT, FAMILY, BUNDLE = 1, 2, 3
PUBLISHED = {"statecode": ACTIVE, "statuscode": 1}
REVISED = "@revised"
"""Where a product under revision keeps the row that it was when it was active; no column, so no caller sees it."""

_STATE = ("statecode", "statuscode")
_DEFAULT_PRICE_LIST = "_pricelevelid_value"
_STATUS = {ACTIVE: 1, RETIRED: 2, DRAFT: 0, UNDER_REVISION: 3}
_ALREADY = {ACTIVE: "0x8004F982", DRAFT: "0x8004F981", RETIRED: "0x8004F980"}
_REFUSED = {
    (ACTIVE, DRAFT): "0x8004F912",
    (DRAFT, UNDER_REVISION): "0x8004F913",
    (RETIRED, UNDER_REVISION): "0x8004F913",
    (DRAFT, RETIRED): "0x8004F978",
    (RETIRED, DRAFT): "0x8004F979",
}
_NAMES = {ACTIVE: "Active", RETIRED: "Retired", DRAFT: "Draft", UNDER_REVISION: "Under Revision"}


def guard(change: Change) -> None:
    """Refuse what callers may not do to a product in its state. A new product gets the state of new products."""
    if change.old is None:
        _start(change)
        return
    if change.names("statecode"):
        _guard_transition(change, change.old)
    if change.names_other_than(_STATE):
        _guard_edit(change, change.old)


def fill(change: Change) -> None:
    """Check number, units and parent; remember what an active product was when it is put under revision."""
    row, old, world = change.row, change.old, change.world
    if "productnumber" not in row:
        raise refusals.product_number_missing()
    if old is None or change.changed("productnumber"):
        _guard_number(change)
    if row.get("productstructure") != FAMILY:
        _guard_units(change)
    parent = world.find("products", row.get("_parentproductid_value"))
    if parent is not None and parent["productstructure"] != FAMILY:
        raise refusals.parent_is_no_family()
    if old is not None and change.changed(money.CURRENCY):
        items = world.referring("productpricelevels", "_productid_value", row["productid"])
        if any(item.get("pricingmethodcode", 1) != 1 for item in items):
            raise refusals.product_currency_fixed()
    if old is not None and change.changed("statecode"):
        _revision(row, old)


def publishable(row: Row, world: World) -> None:
    """Raise `errors.Refusal` unless a product can become active as it is: a child needs an active family."""
    parent = world.find("products", row.get("_parentproductid_value"))
    if parent is not None and parent["statecode"] != ACTIVE:
        raise refusals.not_publishable("its product family is not active.")


def family(row_id: str, world: World) -> Iterator[Row]:
    """A product and everything below it, parents first."""
    row = world.find("products", row_id)
    if row is not None:
        yield row
        for child in world.referring("products", "_parentproductid_value", row_id):
            yield from family(child["productid"], world)


def first_price(item: Row, world: World) -> Row | None:
    """What a product becomes by this price list item, None when it stays as it is: its first list is the default."""
    product = world.find("products", item["_productid_value"])
    if product is None or _DEFAULT_PRICE_LIST in product or not world.switch("first_price_sets_default"):
        return None
    return {_DEFAULT_PRICE_LIST: item[_DEFAULT_PRICE_LIST]}


def _start(change: Change) -> None:
    """Draft, whatever the caller says; active at once where the organisation is set so, for products without family."""
    row = change.row
    if change.names(_DEFAULT_PRICE_LIST) and change.world.switch("new_default_price_list") == "refused":
        raise errors.bad_argument("The default price list 'pricelevelid' can't be set when a product is created.")
    at_once = change.world.organization.get("createproductswithoutparentinactivestate", False)
    state = ACTIVE if at_once and "_parentproductid_value" not in row else DRAFT
    row["statecode"], row["statuscode"] = state, _STATUS[state]


def _guard_transition(change: Change, old: Row) -> None:
    row = change.row
    before, after = old["statecode"], row["statecode"]
    if before == after:
        if after in _ALREADY:
            raise errors.Refusal(400, _ALREADY[after], f"The product is already {_NAMES[after]}.")
        return
    if (before, after) == (RETIRED, ACTIVE):
        if "_parentproductid_value" in old or old.get("iskit"):
            raise errors.Refusal(400, "0x8004F977", "A retired product of a family or kit can't be activated.")
    elif after == ACTIVE:
        publishable(row, change.world)
    elif (before, after) not in ((ACTIVE, RETIRED), (ACTIVE, UNDER_REVISION)):
        code = _REFUSED.get((before, after))
        if code is None:
            raise refusals.state_change("product", before, after, "Publish it or take the revision back.")
        raise errors.Refusal(400, code, f"A product can't go from {_NAMES[before]} to {_NAMES[after]}.")


def _guard_edit(change: Change, old: Row) -> None:
    """Which columns are guarded when is not known (wire.md 1.13): the switch `product_edits` has the candidates."""
    edits = change.world.switch("product_edits")
    in_family = "_parentproductid_value" in old
    guarded = edits == "draft" or (edits == "families" and in_family)
    if old["statecode"] == RETIRED or (old["statecode"] == ACTIVE and guarded):
        raise refusals.only_in_draft()


def _guard_number(change: Change) -> None:
    row = change.row
    for other in change.world.with_text("products", "productnumber", row["productnumber"]):
        if other["productid"] != row["productid"]:
            raise refusals.product_number_taken()


def _guard_units(change: Change) -> None:
    row, old, world = change.row, change.old, change.world
    group = row.get("_defaultuomscheduleid_value")
    if group is None:
        raise refusals.unit_group_missing()
    if old is not None and change.changed("_defaultuomscheduleid_value"):
        raise refusals.unit_group_fixed()
    if "_defaultuomid_value" not in row:
        raise refusals.unit_missing()
    unit = world.find("uoms", row["_defaultuomid_value"])
    if unit is None or unit.get("_uomscheduleid_value") != group:
        raise refusals.unit_invalid()
    if "quantitydecimal" not in row:
        raise refusals.decimals_missing()


def _revision(row: Row, old: Row) -> None:
    if row["statecode"] == UNDER_REVISION:
        row[REVISED] = old
    else:
        row.pop(REVISED, None)
