"""Names of people, and the account or contact behind a customer."""

from __future__ import annotations

from local.simulators.dataverse.rules.world import Change, put

_NAME_LENGTH = 160
_OF_A_HEADER = ("_customerid_value", {"accounts": "_accountid_value", "contacts": "_contactid_value"})
_CUSTOMER = {
    "contacts": ("_parentcustomerid_value", {"accounts": "_accountid_value", "contacts": "_parentcontactid_value"}),
    "quotes": _OF_A_HEADER,
    "salesorders": _OF_A_HEADER,
    "invoices": _OF_A_HEADER,
}
"""By table: the lookup of the customer, and the read-only lookups that hold the same by the kind of customer."""


def fill_name(change: Change) -> None:
    """First and last name make the full name."""
    row = change.row
    put(
        row, "fullname", " ".join(row[name] for name in ("firstname", "lastname") if name in row)[:_NAME_LENGTH] or None
    )


def fill_customer(change: Change) -> None:
    """The customer stands in a lookup of its own kind as well (flows.md 1.7)."""
    table, row = change.table, change.row
    customer, by_kind = _CUSTOMER[table.entity_set]
    kind = row.get(f"{customer}@set")
    for entity_set, column in by_kind.items():
        put(row, column, row.get(customer) if kind == entity_set else None)
