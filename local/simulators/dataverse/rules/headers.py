"""What quotes, orders and invoices share: a number of the server, and what none of them can be without."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import money, people, refusals
from local.simulators.dataverse.rules.world import Change

STATE = ("statecode", "statuscode")
_FIRST_NUMBER = 1_000
_NEEDED = ("name", "_customerid_value", money.CURRENCY)
_NUMBERS = {
    "quotes": ("quotenumber", "QUO"),
    "salesorders": ("ordernumber", "ORD"),
    "invoices": ("invoicenumber", "INV"),
}
"""By table: the column of the number, and what a number of the server begins with."""


def fill(change: Change) -> None:
    """Give a header its number and the lookups of its customer. Raises `errors.Refusal` when it lacks something."""
    row, table = change.row, change.table
    column, prefix = _NUMBERS[table.entity_set]
    if column not in row:
        row[column] = _number(prefix, change)
    people.fill_customer(change)
    price_list = change.world.find("pricelevels", row.get("_pricelevelid_value"))
    if price_list is None:
        raise refusals.price_list_mandatory()
    for needed in _NEEDED:
        if needed not in row:
            raise errors.required_missing(table.columns[needed].attribute, table.logical)
    if price_list.get(money.CURRENCY) != row[money.CURRENCY]:
        raise refusals.currencies_differ()


def _number(prefix: str, change: Change) -> str:
    """Prefix, counter, and six characters that make it unlike any other."""
    table = change.table
    counter = _FIRST_NUMBER + len(change.world.store.rows(table.entity_set).by_id)
    unlike = b32encode(sha256(change.row[table.key].encode()).digest())[:6].decode()
    return f"{prefix}-{counter:05}-{unlike}"
