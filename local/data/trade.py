"""What the sample companies trade: contacts, products of two currencies, units, price lists, quotes with their lines.

All of it is drawn apart from the accounts, so that these stay what they are whatever is added here.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from faker import Faker

from local.data.folder import Row
from local.data.odd_quotes import odd_quotes
from local.data.oddities import BUYERS, FINOPS_UNITS, PRICELESS, odd_contacts, odd_products

UNITS = {"ea": ("Each", "1"), "box": ("Box", "10")}
"""Units by symbol: description in F&O, quantity in the base unit, which is the first."""
PRODUCT_CURRENCIES = ("USD", "EUR")
_WHAT = ("bicycle", "helmet", "frame", "pedal", "saddle", "chain", "wheel", "bottle", "jersey", "lamp")
_KIND = ("Mountain", "Road", "Touring", "City", "Sport", "Classic", "Light", "Racing")
_STATES = (("0", "1"), ("1", "3"), ("1", "3"), ("1", "3"), ("2", "4"), ("3", "5"))
"""States of quotes with their statuses: more are active than draft, won or lost."""
_MOST_LINES = 4
_STOPPED = 0.1
_BY_A_CONTACT = 3
"""Of so many quotes one is a contact's, not the account's."""


def trade(
    namespace: uuid.UUID,
    company: str,
    seed: int,
    accounts: Sequence[Row],
    currencies: Mapping[str, str],
    *,
    contacts: int,
    products: int,
    quotes: int,
    troubled: Mapping[str, str],
) -> dict[str, list[Row]]:
    """The files of so many contacts, products and quotes of these accounts; `currencies` are ids by code.

    `troubled` are ids of other accounts by what is the matter with them; with them, what is odd about contacts and
    products is added, as far as there are any.
    """
    choose = random.Random(f"{seed}/trade")
    faker = Faker("en_US")
    faker.seed_instance(seed * 100 + 99)
    buyers = [row for row in accounts if row["accountnumber"] and row["statecode"] == "0"]
    goods = [_product(company, n, choose) for n in range(products)]
    sold = [product for product in goods if product["IsSalesStopped"] == "No"]
    customers = [choose.choice(buyers) for _ in range(quotes if sold else 0)]
    people = [_contact(namespace, seed, n, choose.choice(buyers), faker) for n in range(contacts)]
    made = [_quote(namespace, seed, n, _buyer(n, customer, people), currencies, choose)
            for n, customer in enumerate(customers)]  # fmt: skip
    if troubled and people:
        odd = odd_contacts(namespace, seed, buyers[0], troubled)
        people += odd.values()
        made += [{**_quote(namespace, seed, len(customers) + n, odd[what], currencies, choose),
                  "statecode": state, "statuscode": status}
                 for n, (what, (state, status)) in enumerate(BUYERS.items() if customers else ())]  # fmt: skip
    lines = [line for quote in made for line in _lines(namespace, quote, sold, choose)]
    if troubled and customers:
        odd_headers, odd_lines = odd_quotes(namespace, seed, buyers[0], currencies, sold, troubled["no number"])
        made, lines = made + odd_headers, lines + odd_lines
    return {
        "contacts": people,
        "units": [
            {"UnitSymbol": unit, "UnitDescription": text, "UnitClass": "Quantity"}
            for unit, text in ({unit: text for unit, (text, _) in UNITS.items()} | FINOPS_UNITS).items()
        ],
        "products": goods + (odd_products(company) if troubled and goods else []),
        **_unit_group(namespace),
        "pricelevels": _price_lists(namespace, currencies),
        "quotes": made,
        "quotedetails": lines,
    }


def with_primary_contacts(accounts: Sequence[Row], contacts: Sequence[Row], odd: Mapping[str, str]) -> list[Row]:
    """The accounts, each with the first of its contacts as its primary one; `odd` has others, by the account's id."""
    first: dict[str, str] = {}
    for row in contacts:
        first.setdefault(row["parentcustomerid"], row["contactid"])
    first |= odd
    return [{**row, "primarycontactid": first.get(row["accountid"], "")} for row in accounts]


def _buyer(n: int, account: Row, people: Sequence[Row]) -> Row:
    """The account, or every few quotes a contact."""
    return people[n % len(people)] if people and n % _BY_A_CONTACT == _BY_A_CONTACT - 1 else account


def _price_lists(namespace: uuid.UUID, currencies: Mapping[str, str]) -> list[Row]:
    """One for each currency; that of one currency is over."""
    return [
        {
            "pricelevelid": _id(namespace, f"list/{code}"),
            "name": f"Standard {code}",
            "transactioncurrencyid": id,
            "enddate": "2020-12-31T00:00:00Z" if code == PRICELESS else "",
        }
        for code, id in currencies.items()
    ]


def _unit_group(namespace: uuid.UUID) -> dict[str, list[Row]]:
    group, base = _id(namespace, "group"), next(iter(UNITS))
    units = [
        {
            "uomid": _id(namespace, f"unit/{unit}"),
            "name": unit,
            "uomscheduleid": group,
            "baseuom": "" if unit == base else _id(namespace, f"unit/{base}"),
            "quantity": quantity,
        }
        for unit, (_, quantity) in UNITS.items()
    ]
    return {"uomschedules": [{"uomscheduleid": group, "name": "Default Unit", "baseuomname": base}], "uoms": units}


def _contact(namespace: uuid.UUID, seed: int, n: int, account: Row, faker: Faker) -> Row:
    first, last = faker.first_name(), faker.last_name()
    return {
        "contactid": _id(namespace, f"{seed}/contact/{n}"),
        "firstname": first,
        "lastname": last,
        "emailaddress1": f"{first}.{last}.{n}@example.com".lower(),
        "telephone1": faker.phone_number(),
        "jobtitle": faker.job()[:100],
        "employeeid": f"E{n + 1:05d}",
        "parentcustomerid": account["accountid"],
        "transactioncurrencyid.isocurrencycode": account["transactioncurrencyid.isocurrencycode"],
        "statecode": "0",
    }


def _product(company: str, n: int, choose: random.Random) -> Row:
    price = Decimal(choose.randint(100, 99999)) / 100
    return {
        "dataAreaId": company,
        "ProductNumber": f"P{n + 1:05d}",
        "ProductName": f"{choose.choice(_KIND)} {choose.choice(_WHAT)} {n + 1}",
        "ProductType": "Item",
        "SalesPrice": str(price),
        "UnitCost": str(round(price * Decimal("0.6"), 2)),
        "CurrencyCode": choose.choice(PRODUCT_CURRENCIES),
        "SalesUnitSymbol": choose.choice(list(UNITS)),
        "InventoryUnitSymbol": next(iter(UNITS)),
        "IsStockedProduct": "Yes",
        "IsSalesStopped": "Yes" if choose.random() < _STOPPED else "No",
    }


def _quote(
    namespace: uuid.UUID, seed: int, n: int, buyer: Row, currencies: Mapping[str, str], choose: random.Random
) -> Row:
    state, status = choose.choice(_STATES)
    code = buyer["transactioncurrencyid.isocurrencycode"] or PRODUCT_CURRENCIES[0]
    return {
        "quoteid": _id(namespace, f"{seed}/quote/{n}"),
        "quotenumber": f"QUO-{n + 1:05d}",
        "name": f"{buyer.get('name') or buyer['lastname']} {n + 1}"[-300:],
        "customerid": buyer.get("accountid") or buyer["contactid"],
        "transactioncurrencyid": currencies[code],
        "requestdeliveryby": f"2027-{n % 12 + 1:02d}-15T00:00:00Z",
        "statecode": state,
        "statuscode": status,
    }


def _lines(namespace: uuid.UUID, quote: Row, sold: Sequence[Row], choose: random.Random) -> Iterator[Row]:
    for number in range(1, choose.randint(1, _MOST_LINES) + 1):
        product = choose.choice(sold)
        yield {
            "quotedetailid": _id(namespace, f"{quote['quoteid']}/{number}"),
            "quoteid": quote["quoteid"],
            "lineitemnumber": str(number),
            "sequencenumber": str(number),
            "productid": product["ProductNumber"],
            "uomid": product["SalesUnitSymbol"],
            "quantity": str(choose.randint(1, 20)),
            "priceperunit": product["SalesPrice"],
            "manualdiscountamount": choose.choice(("", "", "1.00", "10.00")),
            "description": product["ProductName"],
        }


def _id(namespace: uuid.UUID, what: str) -> str:
    return str(uuid.uuid5(namespace, what))
