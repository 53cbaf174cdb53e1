"""Quote lines (wire.md 1.14): products and write-ins, units, prices from the price list, amounts.

Volume discounts and the parts of bundles are not simulated: discount lists and product associations are tables that
the simulator does not have.
"""

from __future__ import annotations

from decimal import Decimal

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import money, prices, products, refusals
from local.simulators.dataverse.rules.owners import OWNER
from local.simulators.dataverse.rules.quotes import DRAFT
from local.simulators.dataverse.rules.world import Change, World, put
from local.simulators.dataverse.store import Row

_ZERO = Decimal(0)
_PRODUCT_LINE, _BUNDLE_LINE = 1, 2
_NO_ERROR, _NO_PRICE_LIST, _INACTIVE_PRICE_LIST, _NO_QUANTITY, _NO_PRICE, _NO_PRODUCT = 0, 2, 3, 4, 5, 6
_NO_UNIT, _NOT_IN_PRICE_LIST, _NO_AMOUNT = 10, 11, 12
_SKIPS_ON_CREATE, _SKIPS_ON_UPDATE = (1, 3), (2, 3)
_NAME_LENGTHS = {"quotedetailname": 800, "productname": 500}


def guard(change: Change) -> None:
    """Refuse lines of quotes that are no drafts, other currencies, and products that cannot be sold."""
    row, old, world = change.row, change.old, change.world
    for line in (old, row):
        guard_draft(line, world)
    quote = world.find("quotes", row.get("_quoteid_value"))
    if quote is not None and change.names(money.CURRENCY) and row.get(money.CURRENCY) != quote[money.CURRENCY]:
        raise refusals.currencies_differ()
    if old is None or change.changed("_productid_value"):
        product = world.find("products", row.get("_productid_value"))
        if product is not None:
            _guard_product(product)


def guard_draft(line: Row | None, world: World) -> None:
    """Only the lines of a draft can be written or deleted."""
    quote = line and world.find("quotes", line.get("_quoteid_value"))
    if quote and quote["statecode"] != DRAFT:
        raise refusals.header_read_only()


def fill(change: Change) -> None:
    """Check what a line is of, and take over what follows from quote and product; price it while it is a draft's."""
    row, world = change.row, change.world
    quote = world.find("quotes", row.get("_quoteid_value"))
    if quote is None:
        raise errors.required_missing("quoteid", "quotedetail")
    product = world.find("products", row.get("_productid_value"))
    _guard_kind(change, product)
    _fill_from_quote(change, quote)
    _fill_from_product(row, product)
    if quote["statecode"] == DRAFT and not _skipped(change):
        _fill_amounts(row, quote, world)


def _guard_product(product: Row) -> None:
    """A product under revision is sold as it last was when active."""
    usable = product["statecode"] in (products.ACTIVE, products.UNDER_REVISION)
    if not usable or product["productstructure"] == products.FAMILY:
        raise refusals.not_addable()


def _guard_kind(change: Change, product: Row | None) -> None:
    row, world = change.row, change.world
    write_in = row.get("isproductoverridden", False)
    if product is not None and (write_in or "productdescription" in row):
        raise refusals.product_and_description()
    if "_uomid_value" in row and (write_in or "productdescription" in row):
        raise refusals.unit_and_description()
    if write_in:
        if "productdescription" not in row:
            raise errors.required_missing("productdescription", "quotedetail")
        return
    if world.switch("incomplete_line") == "refused":
        if product is None:
            raise refusals.product_missing()
        if "_uomid_value" not in row:
            raise refusals.unit_missing()
    unit = world.find("uoms", row.get("_uomid_value"))
    group = product and product.get("_defaultuomscheduleid_value")
    if product is not None and unit is not None and unit.get("_uomscheduleid_value") != group:
        raise refusals.unit_invalid()


def _fill_from_quote(change: Change, quote: Row) -> None:
    row, world = change.row, change.world
    row["quotestatecode"] = quote["statecode"]
    for name in (money.CURRENCY, *OWNER):
        put(row, name, quote.get(name))
    if "sequencenumber" not in row and change.old is None and world.switch("line_sequence") == "filled":
        others = world.referring("quotedetails", "_quoteid_value", quote["quoteid"])
        row["sequencenumber"] = 1 + max((other.get("sequencenumber", 0) for other in others), default=0)


def _fill_from_product(row: Row, product: Row | None) -> None:
    known = product or {}
    name = known.get("name") or row.get("productdescription")
    for column, length in _NAME_LENGTHS.items():
        put(row, column, name and name[:length])
    put(row, "productnumber", known.get("productnumber"))
    if known.get("productstructure") == products.BUNDLE:
        row["producttypecode"] = _BUNDLE_LINE
    row.setdefault("producttypecode", _PRODUCT_LINE)


def _skipped(change: Change) -> bool:
    """Whether the caller asked to keep the amounts as they were sent."""
    asked = change.row.get("skippricecalculation", 0)
    return asked in (_SKIPS_ON_CREATE if change.old is None else _SKIPS_ON_UPDATE)


def _fill_amounts(row: Row, quote: Row, world: World) -> None:
    """Quantity times price, less the manual discount, plus tax: what the columns' own descriptions say they show."""
    price, error = _price(row, quote, world)
    quantity = row.get("quantity")
    if quantity is None:
        quantity, error = _ZERO, error or _NO_QUANTITY
    discount = row.get("manualdiscountamount", _ZERO)
    if world.switch("discount_method") == "unit":
        discount *= quantity
    currency = world.find("transactioncurrencies", quote[money.CURRENCY])
    row["pricingerrorcode"] = error
    row["priceperunit"] = price
    row["volumediscountamount"] = money.rounded(_ZERO, currency)
    row["baseamount"] = base = money.rounded(quantity * price, currency)
    row["extendedamount"] = money.rounded(base - discount + row.get("tax", _ZERO), currency)


def _price(row: Row, quote: Row, world: World) -> tuple[Decimal, int]:
    """The price of one unit and the pricing error, 0 for none."""
    if row.get("isproductoverridden") or row.get("ispriceoverridden"):
        price = row.get("priceperunit")
        return (_ZERO, _NO_PRICE) if price is None else (price, _NO_ERROR)
    price_list = world.find("pricelevels", quote.get("_pricelevelid_value"))
    if "_productid_value" not in row:
        return _ZERO, _NO_PRODUCT
    if "_uomid_value" not in row:
        return _ZERO, _NO_UNIT
    if price_list is None:
        return _ZERO, _NO_PRICE_LIST
    if price_list["statecode"] != 0:
        return _ZERO, _INACTIVE_PRICE_LIST
    item = prices.price_of(world, price_list["pricelevelid"], row["_productid_value"], row["_uomid_value"])
    if item is None:
        return _ZERO, _NOT_IN_PRICE_LIST
    return (_ZERO, _NO_AMOUNT) if "amount" not in item else (item["amount"], _NO_ERROR)
