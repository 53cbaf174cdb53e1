"""What the contacts of a data folder must become, written from flows.md 1, 4 and 5 alone, with none of the app's code.

Contacts are entered and synced before any quote is (design.md, "How a data folder is entered"), so each is a contact
person first; one that is on an active or won quote becomes a customer besides, of the same party.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.acceptance_customers import customer_numbers
from tests.acceptance.acceptance_rules import (
    ACTIVE,
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

PARTS_OF_NAME = {"firstname": "FirstName", "middlename": "MiddleName", "lastname": "LastName"}
LONGEST_PART, LONGEST_TITLE, LONGEST_ALIAS = 25, 30, 20
AGREED = ("1", "2")
"""The states of quotes that make a customer of their contact: Active and Won (flows.md 1.15, R6)."""


def expected_persons(folder: Path) -> Expected:
    """The contact persons by number; `account` holds the number of the customer whose party each belongs to."""
    came = Expected("ContactPersonId")
    company, customers = company_of(folder), customer_numbers(folder)
    accounts = {row["accountid"].lower() for row in read(folder, "accounts")}
    for row in read(folder, "contacts"):
        parent = row.get("parentcustomerid", "").lower()
        if row.get("statecode", "0") not in ACTIVE:
            came.skipped["not-active"] += 1
        elif parent not in accounts:
            came.skipped["contact-without-account"] += 1
        elif parent not in customers:
            came.waiting["parent-not-linked"] += 1
        elif not any(line(row, name) for name in PARTS_OF_NAME):
            came.parked["target-refused"] += 1
        else:
            number = contact_number(row["contactid"])
            came.rows[number] = _person(row, number, company, came.warnings)
            came.rows[number]["account"] = customers[parent]
    return came


def expected_customers(folder: Path, *, default_currency: str = "") -> Expected:
    """The customers of type person by number; `parked` are contacts on quotes, too.

    `skipped` are all contacts as they are first looked at, when no quote is there: none is a customer yet.
    """
    came = Expected("CustomerAccount")
    company, currencies = company_of(folder), {row["CurrencyCode"] for row in read(folder, "currencies")}
    on_quotes = {row["customerid"].lower() for row in read(folder, "quotes") if row.get("statecode", "0") in AGREED}
    for contact in read(folder, "contacts"):
        came.skipped["not-a-customer" if contact.get("statecode", "0") in ACTIVE else "not-active"] += 1
    for row in _active_on(folder, on_quotes):
        currency = currency_of(folder, row) or default_currency
        if not currency:
            came.parked["currency-missing"] += 1
        elif currency not in currencies:
            came.parked["currency-not-mapped"] += 1
        else:
            number = contact_number(row["contactid"])
            came.rows[number] = _customer(row, number, company, currency, came.warnings)
    return came


def with_accounts(persons: list[dict[str, str]], customers: list[dict[str, str]]) -> list[dict[str, str]]:
    """Contact persons as found, each with the number of the customer whose party it is of, as `account`."""
    parties = {row["PartyNumber"]: row["CustomerAccount"] for row in customers}
    return [{**row, "account": parties.get(row["AssociatedPartyNumber"], "")} for row in persons]


def _active_on(folder: Path, ids: set[str]) -> Iterator[Row]:
    for row in read(folder, "contacts"):
        if row["contactid"].lower() in ids and row.get("statecode", "0") in ACTIVE:
            yield row


def _person(row: Row, number: str, company: str, warnings: Counter[str]) -> Wanted:
    person: Wanted = {
        "dataAreaId": company,
        "ContactPersonId": number,
        "IsContactPersonExternallyMaintained": "Yes",
        "IsInactive": "No",
        "PrimaryEmailAddress": line(row, "emailaddress1"),
        "PrimaryPhoneNumber": _phone(row),
        "IsPrimaryPhoneNumberMobile": "Yes" if line(row, "mobilephone") and not line(row, "telephone1") else "No",
        "PrimaryFaxNumber": line(row, "fax"),
        "PrimaryURL": line(row, "websiteurl"),
        "EmploymentProfession": line(row, "jobtitle"),
        "EmploymentDepartment": line(row, "department"),
    }
    for column, target in PARTS_OF_NAME.items():
        person[target] = cut(line(row, column), LONGEST_PART, target, warnings)
    person |= address(row, "PrimaryAddress", "address1", "Primary", "StateId", warnings)
    sent = person["PrimaryAddressCountryRegionISOCode"] != ""
    person["PrimaryAddressLocationRoles"] = "Business" if sent else ""
    return person


def _customer(row: Row, number: str, company: str, currency: str, warnings: Counter[str]) -> Wanted:
    alias = " ".join(filter(None, (line(row, "firstname"), line(row, "lastname"))))
    customer: Wanted = {
        "dataAreaId": company,
        "CustomerAccount": number,
        "PartyType": "Person",
        "IsExternallyMaintained": "Yes",
        "CustomerGroupId": "10",
        "LanguageId": "en-us",
        "SiteId": "",
        "WarehouseId": "",
        "SalesCurrencyCode": currency,
        "NameAlias": cut(alias, LONGEST_ALIAS, "", Counter()),
        "PersonProfessionalTitle": cut(line(row, "jobtitle"), LONGEST_TITLE, "PersonProfessionalTitle", warnings),
        "PrimaryContactPhone": _phone(row),
        "PrimaryContactEmail": line(row, "emailaddress1"),
        "PrimaryContactFax": line(row, "fax"),
        "PrimaryContactURL": line(row, "websiteurl"),
    }
    for column, target in PARTS_OF_NAME.items():
        customer[f"Person{target}"] = cut(line(row, column), LONGEST_PART, f"Person{target}", warnings)
    customer |= address(row, "Address", "address1", "Primary", "State", warnings)
    sent = customer["AddressCountryRegionISOCode"] != ""
    customer["AddressLocationRoles"] = "Business" if sent else ""
    customer["AddressPostbox"] = line(row, "address1_postofficebox") if sent else ""
    return customer


def _phone(row: Row) -> str:
    return line(row, "telephone1") or line(row, "mobilephone")
