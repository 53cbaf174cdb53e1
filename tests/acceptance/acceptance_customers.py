"""What the accounts of a data folder must become, written from flows.md 1 and 3 alone, with none of the app's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.acceptance.acceptance_rules import (
    ACTIVE,
    UNSAFE,
    Expected,
    Row,
    Wanted,
    address,
    company_of,
    contact_number,
    currency_of,
    cut,
    line,
    read,
)

CONTACT = {"telephone1": "Phone", "emailaddress1": "Email", "fax": "Fax", "websiteurl": "URL"}


def expected(folder: Path) -> Expected:
    """What the first sync of a data folder makes of its accounts, with every setting as it is shipped.

    The primary contact is that of an account whose contact became its contact person; `acceptance_people` knows which.
    """
    accounts = read(folder, "accounts")
    company = company_of(folder)
    currencies = {row["CurrencyCode"] for row in read(folder, "currencies")}
    active = Counter(number(row).casefold() for row in accounts if row.get("statecode", "0") in ACTIVE)
    came = Expected("CustomerAccount")
    for row in accounts:
        currency = currency_of(folder, row)
        if row.get("statecode", "0") not in ACTIVE:
            came.skipped["not-active"] += 1
        elif code := _reason(row, active, currency, currencies):
            came.parked[code] += 1
        else:
            came.rows[number(row)] = _customer(row, company, currency, came.warnings)
    return came


def customer_numbers(folder: Path) -> dict[str, str]:
    """The customer numbers of the accounts that become customers, by the account's id."""
    numbers = expected(folder).rows
    return {row["accountid"].lower(): number(row) for row in read(folder, "accounts") if number(row) in numbers}


def number(row: Row) -> str:
    """The account number as it is compared and sent."""
    return row.get("accountnumber", "").strip()


def _reason(row: Row, active: Mapping[str, int], currency: str, currencies: set[str]) -> str:
    """Why an active account cannot become a customer, in the order of flows.md 1.15, R5."""
    reasons = {
        "missing-number": not number(row),
        "unsafe-number": bool(set(number(row)) & UNSAFE) or number(row).endswith("."),
        "duplicate-number": active[number(row).casefold()] > 1,
        "currency-missing": not currency,
        "currency-not-mapped": currency not in currencies,
    }
    return next((code for code, applies in reasons.items() if applies), "")


def _customer(row: Row, company: str, currency: str, warnings: Counter[str]) -> Wanted:
    name = line(row, "name")
    customer: Wanted = {
        "dataAreaId": company,
        "CustomerAccount": number(row),
        "OrganizationName": cut(name, 100, "OrganizationName", warnings),
        "NameAlias": cut(name, 20, "", Counter()),
        "PartyType": "Organization",
        "IsExternallyMaintained": "Yes",
        "CustomerGroupId": "10",
        "LanguageId": "en-us",
        "SiteId": "",
        "WarehouseId": "",
        "SalesCurrencyCode": currency,
        "OrganizationNumberOfEmployees": row.get("numberofemployees", "") or "0",
    }
    for column, target in CONTACT.items():
        customer[f"PrimaryContact{target}"] = line(row, column)
    customer |= address(row, "Address", "address1", "Primary", "State", warnings)
    customer |= address(row, "DeliveryAddress", "address2", "Delivery", "State", warnings)
    sent = customer["AddressCountryRegionISOCode"] != ""
    customer["AddressLocationRoles"] = "Business" if sent else ""
    customer["AddressPostbox"] = line(row, "address1_postofficebox") if sent else ""
    return customer


def with_primary_contacts(came: Expected, folder: Path, persons: Mapping[str, Wanted]) -> Expected:
    """The same customers with their primary contacts (A30), of those contacts that became contact persons."""
    for row in read(folder, "accounts"):
        if number(row) in came.rows and (contact := row.get("primarycontactid", "")):
            known = contact_number(contact)
            came.rows[number(row)]["ContactPersonId"] = known if known in persons else ""
    return came
