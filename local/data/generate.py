"""Sample data of the project's own: companies of several countries, and a few records that cannot pass as they are.

The same seed gives the same folder, byte for byte.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path

from faker import Faker

from local.data.folder import Row, write_folder
from local.data.oddities import FINOPS_ONLY, PRIMARY, odd_contact
from local.data.trade import trade, with_primary_contacts

LOCALES = {
    "en_US": ("United States", "USA", "US"),
    "en_CA": ("Canada", "CA"),
    "en_GB": ("United Kingdom", "Great Britain", "UK"),
    "de_DE": ("Germany", "Deutschland", "DE"),
    "de_AT": ("Austria", "Österreich"),
    "fr_FR": ("France", "FRA"),
    "es_ES": ("Spain", "España"),
    "pl_PL": ("Poland", "Polska"),
    "ja_JP": ("Japan", "JPN"),
}
"""Where the companies are, and how their countries are spelt by the people who typed them."""

CURRENCIES = {
    "USD": "US Dollar",
    "EUR": "Euro",
    "GBP": "Pound Sterling",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "JPY": "Yen",
}
CURRENCY_OF = {"en_US": "USD", "en_CA": "CAD", "en_GB": "GBP", "ja_JP": "JPY", "pl_PL": "EUR"}
COMPANY = "usmf"
_NAMESPACE = uuid.UUID("6b0a4c62-5a0f-4c3b-9d0e-6f0d6a3f9d11")


def sample(path: Path) -> None:
    """Write the demo's own folder: something for every flow, and of every trouble one."""
    generate(path, contacts=60, products=40, quotes=15)


def generate(
    path: Path,
    *,
    seed: int = 1,
    accounts: int = 300,
    troubles: bool = True,
    contacts: int = 0,
    products: int = 0,
    quotes: int = 0,
) -> None:
    """Write a data folder with so many accounts; `troubles` adds records that end with a reason or a warning.

    With contacts, products or quotes it holds the units and price lists that these need as well; quotes need products.
    With contacts, accounts that have some have a primary contact.
    """
    rows = list(_accounts(seed, accounts))
    troubled = _troubles(seed) if troubles else {}
    currencies = [_sales_currency(code, name) for code, name in CURRENCIES.items()]
    ids = {row["isocurrencycode"]: row["transactioncurrencyid"] for row in currencies}
    traded = {"contacts": contacts, "products": products, "quotes": quotes}
    odd = {what: row["accountid"] for what, row in troubled.items()}
    more = trade(_NAMESPACE, COMPANY, seed, rows, ids, **traded, troubled=odd) if any(traded.values()) else {}
    companies = [*rows, *troubled.values()]
    if contacts:
        never = {odd[what]: odd_contact(_NAMESPACE, seed, who) for what, who in PRIMARY.items() if odd}
        companies = with_primary_contacts(companies, more["contacts"], never)
    in_finops = {code: name for code, name in CURRENCIES.items() if code != "JPY"} | FINOPS_ONLY
    write_folder(
        path,
        {
            **more,
            "accounts": companies,
            "transactioncurrencies": currencies,
            "currencies": [
                {"CurrencyCode": code, "Name": name} for code, name in (in_finops if troubles else CURRENCIES).items()
            ],
            "customergroups": [
                {"dataAreaId": COMPANY, "CustomerGroupId": "10", "Description": "Wholesale customers"},
                {"dataAreaId": COMPANY, "CustomerGroupId": "30", "Description": "Retail customers"},
            ],
        },
    )


def _accounts(seed: int, count: int) -> Iterator[Row]:
    choose = random.Random(seed)
    fakers = {locale: Faker(locale) for locale in LOCALES}
    for offset, locale in enumerate(LOCALES):
        fakers[locale].seed_instance(seed * 100 + offset)
    common = [locale for locale in LOCALES if locale != "ja_JP"]
    for n in range(count):
        locale = choose.choice(common)
        yield _account(seed, n, fakers[locale], locale, choose)


def _account(seed: int, n: int, faker: Faker, locale: str, choose: random.Random) -> Row:
    number = f"C{n + 10001:06d}"
    states = {"en_US": "state", "en_CA": "province"}
    state = getattr(faker, states[locale])() if locale in states else ""
    return {
        "accountid": str(uuid.uuid5(_NAMESPACE, f"{seed}/{number}")),
        "accountnumber": number,
        "name": faker.company(),
        "telephone1": faker.phone_number(),
        "emailaddress1": faker.company_email(),
        "address1_line1": faker.street_address().replace("\n", ", "),
        "address1_line2": f"Suite {choose.randint(1, 99)}" if choose.random() < 0.2 else "",
        "address1_city": faker.city(),
        "address1_stateorprovince": state,
        "address1_postalcode": faker.postcode(),
        "address1_country": choose.choice(LOCALES[locale]),
        "transactioncurrencyid.isocurrencycode": CURRENCY_OF.get(locale, "EUR"),
        "statecode": "0",
    }


def _troubles(seed: int) -> dict[str, Row]:
    """One account for each thing that happens in real organisations sooner or later, by what it is."""
    rows = {
        "no number": {"accountnumber": "", "name": "Numberless Goods"},
        "unsafe number": {"accountnumber": "R&D/1", "name": "Research and Development Supplies"},
        "one number": {"accountnumber": "D000001", "name": "Twice Entered Trading"},
        "the same number": {"accountnumber": "d000001", "name": "Twice Entered Trading Ltd"},
        "currency unknown in F&O": {
            "accountnumber": "J000001",
            "name": "Yen Payers",
            "transactioncurrencyid.isocurrencycode": "JPY",
        },
        "no currency": {
            "accountnumber": "N000001",
            "name": "Currency Free",
            "transactioncurrencyid.isocurrencycode": "",
        },
        "inactive": {"accountnumber": "I000001", "name": "Closed Long Ago", "statecode": "1"},
        "unknown country": {"accountnumber": "A000001", "name": "Lost City Diving", "address1_country": "Atlantis"},
        "no country": {"accountnumber": "A000002", "name": "Somewhere Shipping", "address1_country": ""},
        "no address": {
            "accountnumber": "A000003",
            "name": "Post Restante",
            **dict.fromkeys(("address1_line1", "address1_city", "address1_postalcode", "address1_country"), ""),
        },
        "long name": {"accountnumber": "L000001", "name": "Association for the " + "very " * 26 + "long names"},
        "emoji": {"accountnumber": "E000001", "name": "Rocket 🚀 Café Übersee"},
        "right to left": {"accountnumber": "R000001", "name": "شركة النور للتجارة"},
        "apostrophe": {"accountnumber": "O'B-1", "name": "O'Brien & Sons"},
    }
    base = {
        "address1_line1": "1 Harbour Street",
        "address1_city": "Rotterdam",
        "address1_postalcode": "3011",
        "address1_country": "Netherlands",
        "transactioncurrencyid.isocurrencycode": "EUR",
        "statecode": "0",
    }
    ids = {what: str(uuid.uuid5(_NAMESPACE, f"{seed}/{what}")) for what in rows}
    return {what: {"accountid": ids[what], **base, **row} for what, row in rows.items()}


def _sales_currency(code: str, name: str) -> Row:
    return {
        "transactioncurrencyid": str(uuid.uuid5(_NAMESPACE, f"currency/{code}")),
        "isocurrencycode": code,
        "currencyname": name,
        "currencysymbol": code,
        "currencyprecision": "0" if code == "JPY" else "2",
        "exchangerate": "1",
    }
