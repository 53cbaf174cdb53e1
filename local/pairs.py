"""Which rows of both systems belong together, as one sees it from outside: by numbers, names and prices alone.

Nothing of the app is used, so that its mistakes are not repeated here. The rules are those of the mapping files as they
are shipped (flows.md 2 to 6).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.joined import Pair, Row, Tables, contact_number, customer_of, fitting, folded
from local.quote_pair import QUOTES

_AGREED = (1, 2)
"""States of quotes whose customer a contact is: Active and Won."""
_CANCELLED = 3
"""The state of invoices that make no customer of a contact."""
_NAME, _PART_OF_NAME = 100, 25
"""How many UTF-16 code units of names F&O keeps: of organizations, and of each part of a person's."""


def _account_excused(_: Tables, account: Row) -> str:
    return "" if account["statecode"] == 0 else "not-active"


def _account_differs(tables: Tables, account: Row, customer: Row) -> str:
    if folded(fitting(account["name"], _NAME)) != folded(customer["OrganizationName"]):
        return "another name than its customer"
    wanted = _primary_contact(tables, account)
    return "" if wanted in ("", folded(customer["ContactPersonId"])) else "another primary contact than its customer"


def _primary_contact(tables: Tables, account: Row) -> str:
    """The number of the account's primary contact, "" when it has none in F&O."""
    for contact in tables.of("sales", "contacts", "contactid").get(folded(account["_primarycontactid_value"]), []):
        number = contact_number(contact)
        if tables.of("finops", "ContactPersons", "ContactPersonId").get(number):
            return number
    return ""


def _account_shown(_: Tables, account: Row, customer: Row) -> tuple[str, str]:
    place = ", ".join(str(account[name]) for name in ("address1_city", "address1_country") if account[name])
    return (
        f"{account['name']} ({place})" if place else str(account["name"]),
        ", ".join(filter(None, (customer["CustomerAccount"], customer["AddressCountryRegionISOCode"]))),
    )


def _is_customer(tables: Tables, contact: Row) -> bool:
    """Whether a contact is the customer of a document that counts (flows.md 1.15, R6)."""
    quotes, orders, invoices = (
        tables.of("sales", name, "_customerid_value").get(folded(contact["contactid"]), [])
        for name in ("quotes", "salesorders", "invoices")
    )
    return bool(
        orders
        or any(quote["statecode"] in _AGREED for quote in quotes)
        or any(invoice["statecode"] != _CANCELLED for invoice in invoices)
    )


def _person_excused(tables: Tables, contact: Row) -> str:
    parent = contact["_parentcustomerid_value"]
    if contact["statecode"] != 0:
        return "not-active"
    if parent is None or folded(parent) not in tables.of("sales", "accounts", "accountid"):
        return "contact-without-account"
    return "" if customer_of(tables, parent) else "parent-not-linked"


def _person_differs(tables: Tables, contact: Row, person: Row) -> str:
    if folded(fitting(contact["lastname"], _PART_OF_NAME)) != folded(person["LastName"]):
        return "another name than its contact person"
    customer = customer_of(tables, contact["_parentcustomerid_value"])
    same = customer is not None and customer["PartyNumber"] == person["AssociatedPartyNumber"]
    return "" if same else "another customer than its contact person"


def _person_shown(tables: Tables, contact: Row, person: Row) -> tuple[str, str]:
    accounts = tables.of("sales", "accounts", "accountid").get(folded(contact["_parentcustomerid_value"]), [])
    company = f" ({accounts[0]['name']})" if accounts else ""
    return f"{contact['fullname']}{company}", f"{person['ContactPersonId']} of party {person['AssociatedPartyNumber']}"


def _buyer_excused(tables: Tables, contact: Row) -> str:
    if contact["statecode"] != 0:
        return "not-active"
    return "" if _is_customer(tables, contact) else "not-a-customer"


def _buyer_differs(tables: Tables, contact: Row, customer: Row) -> str:
    if folded(fitting(contact["lastname"], _PART_OF_NAME)) != folded(customer["PersonLastName"]):
        return "another name than its customer"
    persons = tables.of("finops", "ContactPersons", "ContactPersonId").get(contact_number(contact), [])
    same = all(person["ContactPersonPartyNumber"] == customer["PartyNumber"] for person in persons)
    return "" if same else "two parties: one as a contact person, one as a customer"


def _buyer_shown(_: Tables, contact: Row, customer: Row) -> tuple[str, str]:
    return f"{contact['fullname']} (on a quote)", f"{customer['CustomerAccount']}, party {customer['PartyNumber']}"


def _product_excused(tables: Tables, product: Row) -> str:
    if folded(product["dataAreaId"]) != tables.company:
        return "of another company"
    if product["IsSalesStopped"] == "Yes":
        return "sales-stopped"
    currencies = tables.of("sales", "transactioncurrencies", "isocurrencycode").get(folded(product["CurrencyCode"]), [])
    wanted = {currency["transactioncurrencyid"] for currency in currencies}
    lists = [each for each in tables.rows("sales", "pricelevels") if each["_transactioncurrencyid_value"] in wanted]
    return "" if any(map(_valid, lists)) else "no-price-list"


def _valid(price_list: Row) -> bool:
    today = datetime.now(UTC).date().isoformat()
    begin, end = (str(price_list.get(name) or today)[:10] for name in ("begindate", "enddate"))
    return bool(price_list["statecode"] == 0 and begin <= today <= end)


def _prices(tables: Tables, product: Row) -> list[Any]:
    items = tables.of("sales", "productpricelevels", "_productid_value").get(folded(product["productid"]), [])
    return [item["amount"] for item in items if item["_uomid_value"] == product["_defaultuomid_value"]]


def _product_differs(tables: Tables, product: Row, sold: Row) -> str:
    name = folded(fitting(product["ProductName"] or product["ProductNumber"], _NAME))
    if name != folded(sold["name"]):
        return "another name in Sales"
    return "" if _prices(tables, sold) == [product["SalesPrice"]] else "another price in Sales"


def _product_shown(tables: Tables, product: Row, sold: Row) -> tuple[str, str]:
    lists = tables.of("sales", "pricelevels", "pricelevelid").get(folded(sold["_pricelevelid_value"]), [])
    where = f" in {lists[0]['name']}" if lists else ""
    prices = ", ".join(f"{price:.2f}" for price in _prices(tables, sold))
    state = {0: "Active", 1: "Retired", 2: "Draft"}.get(sold["statecode"], "Under Revision")
    return (
        f"{sold['name']}, {prices}{where}, {state}",
        f"{product['ProductNumber']} {product['SalesPrice']:.2f} {product['CurrencyCode']}",
    )


def _id(column: str) -> Callable[[Row], str]:
    return lambda row: folded(row[column])


def _text(column: str) -> Callable[[Row], str]:
    return lambda row: str(row[column])


PAIRS = (
    Pair(
        "products_to_sales",
        ("finops", "SellableReleasedProducts"),
        ("sales", "products"),
        _id("ProductNumber"),
        _id("ProductNumber"),
        _id("productnumber"),
        _product_excused,
        _product_differs,
        _product_shown,
        _text("ProductNumber"),
        alone=True,  # sellers make products by hand
    ),
    Pair(
        "accounts_to_finops",
        ("sales", "accounts"),
        ("finops", "CustomersV3"),
        _id("accountid"),
        _id("accountnumber"),
        _id("CustomerAccount"),
        _account_excused,
        _account_differs,
        _account_shown,
        _text("name"),
        belongs=lambda row: row["PartyType"] == "Organization",
    ),
    Pair(
        "contacts_to_finops",
        ("sales", "contacts"),
        ("finops", "ContactPersons"),
        _id("contactid"),
        contact_number,
        _id("ContactPersonId"),
        _person_excused,
        _person_differs,
        _person_shown,
        _text("fullname"),
    ),
    Pair(
        "contact_customers_to_finops",
        ("sales", "contacts"),
        ("finops", "CustomersV3"),
        _id("contactid"),
        contact_number,
        _id("CustomerAccount"),
        _buyer_excused,
        _buyer_differs,
        _buyer_shown,
        _text("fullname"),
        belongs=lambda row: row["PartyType"] == "Person",
    ),
    QUOTES,
)
"""What the shipped flows join."""
