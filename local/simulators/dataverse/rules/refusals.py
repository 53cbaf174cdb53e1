"""What business rules are refused with: the codes of wire.md 1.13 and 1.14, and those of the action Merge."""

from __future__ import annotations

from local.simulators.dataverse.errors import Refusal


def _refused(code: str, message: str) -> Refusal:
    """The status is not known: the switch `product_refusal_status` has it (wire.md 1.13)."""
    return Refusal(400, code, message, switch="product_refusal_status")


def product_number_missing() -> Refusal:
    return _refused("0x80043b05", "The product number can not be null.")


def product_number_taken() -> Refusal:
    return _refused(
        "0x80043b06",
        "The specified product ID conflicts with the product ID of an existing record. Specify a different product ID "
        "and try again.",
    )


def unit_group_missing() -> Refusal:
    return _refused("0x80043b13", "The unit schedule id of the product is missing.")


def unit_invalid() -> Refusal:
    return _refused("0x80043b14", "The specified unit is not valid for this product.")


def unit_group_fixed() -> Refusal:
    return _refused("0x800422FE", "The unit group of this product cannot be changed.")


def decimals_missing() -> Refusal:
    return _refused("0x80043b07", "The number of decimal places on the quantity is invalid.")


def parent_is_no_family() -> Refusal:
    return _refused("0x8004F998", "You can only select a product family as the parent.")


def only_in_draft() -> Refusal:
    return _refused("0x8004F995", "Product, product family and bundle can only be updated in draft state.")


def not_publishable(why: str) -> Refusal:
    return _refused("0x8004F90A", f"This product can't be published: {why}")


def product_currency_fixed() -> Refusal:
    return _refused(
        "0x80048cfa",
        "The currency of the product cannot be updated because there are associated price list items with pricing "
        "method percentage.",
    )


def not_addable() -> Refusal:
    return _refused("0x8004F908", "You can only add Active products.")


def family_in_price_list() -> Refusal:
    return _refused("0x8004F902", "You can't add a product family to a pricelist.")


def retired_in_price_list() -> Refusal:
    return _refused("0x80061009", "You can't add a retired product to a pricelist.")


def price_exists() -> Refusal:
    return _refused("0x80043b08", "This product and unit combination has a price for this price list.")


def product_missing() -> Refusal:
    return _refused("0x80043b11", "The product id is missing.")


def price_list_missing() -> Refusal:
    return _refused("0x80043b12", "The price level id is missing.")


def unit_missing() -> Refusal:
    return _refused("0x80043b0d", "The unit id is missing.")


def currencies_differ() -> Refusal:
    return _refused("0x80048cf6", "The currency of the record does not match the currency of the price list.")


def price_list_mandatory() -> Refusal:
    return Refusal(400, "0x80100010", "A price list is mandatory.")


def quote_currency_fixed() -> Refusal:
    return Refusal(
        400,
        "0x8004480e",
        "The currency cannot be changed because this quote has Products associated with it. If you want to change the "
        "currency please delete all of the Products and then change the currency or create a new quote with the "
        "appropriate currency.",
    )


def quote_not_draft() -> Refusal:
    return Refusal(400, "0x80100003", "The quote can't be activated because it is not in draft state.")


def header_read_only() -> Refusal:
    """The code is not known; the switch `read_only_code` has the candidates (wire.md 1.14)."""
    return Refusal(400, "0x8004022e", "Cannot Update a Read-Only Entity", switch="read_only_code")


def quote_open_elsewhere() -> Refusal:
    return Refusal(
        400,
        "0x80048d00",
        "Quote cannot be revised as there already exists another quote in Draft/Active state and with same quote "
        "number.",
    )


def state_change(logical: str, old: int, new: int, how: str) -> Refusal:
    """A change of state that the documentation does not offer; the code is that of a bad pair of state and status."""
    return Refusal(
        400,
        "0x80048408",
        "State code is invalid or state code is valid but status code is invalid for a specified state code. "
        f"({logical}: statecode {old} to {new}. {how})",
    )


def product_and_description() -> Refusal:
    return Refusal(400, "0x80043afb", "You cannot set both 'productid' and 'productdescription' for the same record.")


def unit_and_description() -> Refusal:
    return Refusal(400, "0x80043afa", "You cannot set both 'uomid' and 'productdescription' for the same record.")


def base_currency_kept() -> Refusal:
    return Refusal(400, "0x80048cff", "The base currency of an organization cannot be deleted.")


def base_currency_stays_active() -> Refusal:
    return Refusal(400, "0x80048cf4", "The base currency cannot be deactivated.")


def merge_identical() -> Refusal:
    return Refusal(400, "0x80045305", "Merge cannot be performed on master and sub-entities that are identical.")


def merge_inactive() -> Refusal:
    return Refusal(400, "0x80045304", "Merge cannot be performed on entity that is inactive.")


def merge_active_quote() -> Refusal:
    return Refusal(400, "0x80045302", "Merge cannot be performed on sub-entity that has active quote.")


def merge_not_allowed() -> Refusal:
    """Whichever of the privileges is missing."""
    return Refusal(403, "0x80045301", "Merge is not allowed: caller does not have the privilege or access.")


def merge_cycle() -> Refusal:
    return Refusal(400, "0x80045300", "Merge could create cyclical parenting.")


def merge_parents(*, lost: bool) -> Refusal:
    """Only where the caller asks for parents to be compared; `lost` when the row that stays has none."""
    if lost:
        return Refusal(400, "0x80045317", "Merge warning: sub-entity might lose parenting")
    return Refusal(400, "0x80045316", "Merge warning: sub-entity will be differently parented.")


def never_possible(message: str, logical: str) -> Refusal:
    """A message that a table, or a row of it, does not have; wire.md 1.12 tells the status of NotSupported alone."""
    return Refusal(405, "0x0", f"The '{message}' method does not support this entity of type '{logical}'.")
