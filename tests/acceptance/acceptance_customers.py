"""What the accounts of a data folder must become, written from flows.md 1 and 3 alone: none of the app's code is used.

The tables of countries and states hold what the data at hand spells, and fail loudly for what they do not know.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

type Row = Mapping[str, str]

NAMES = {
    "US": "united states|usa|u s a|america", "CA": "canada|can", "DE": "germany|deutschland|deu", "FR": "france|fra",
    "GB": "united kingdom|great britain|uk|england|gbr", "AT": "austria|osterreich|aut", "ES": "spain|espana|esp",
    "PL": "poland|polska|pol", "JP": "japan|jpn", "NL": "netherlands|nld",
}  # fmt: skip
NO_COUNTRIES = {"atlantis"}
STATES = {
    "US": "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|"
    "DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|"
    "KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|"
    "MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|"
    "NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|"
    "SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|"
    "WV West Virginia|WI Wisconsin|WY Wyoming",
    "CA": "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|"
    "NT Northwest Territories|NS Nova Scotia|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|"
    "SK Saskatchewan|YT Yukon",
}
UNSAFE = set('/\\?#%&:<>*+"')
CONTACT = {"telephone1": "Phone", "emailaddress1": "Email", "fax": "Fax", "websiteurl": "URL"}
BLOCKS = (("Address", "address1", "Primary"), ("DeliveryAddress", "address2", "Delivery"))
PARTS = ("Street", "City", "State", "ZipCode", "CountryRegionISOCode", "Description")


@dataclass
class Expected:
    """Customers by number with every mapped column as text, the reasons of the others, and the warnings."""

    customers: dict[str, dict[str, str]] = field(default_factory=dict)
    parked: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    def differences(self, rows: list[dict[str, str]]) -> list[str]:
        """Every column of every customer that is not as it must be; rows of CustomersV3 as texts."""
        found = {row["CustomerAccount"]: row for row in rows}
        lines = [f"{number}: missing" for number in self.customers.keys() - found.keys()]
        lines += [f"{number}: nobody asked for it" for number in found.keys() - self.customers.keys()]
        lines += ["a customer is there twice"] * (len(rows) - len(found))
        for number, wanted in self.customers.items():
            row = found.get(number, wanted)
            lines += [
                f"{number} {name}: {row[name]!r}, not {value!r}" for name, value in wanted.items() if row[name] != value
            ]
        return lines


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file; none when there is no such file."""
    path = folder / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(folder: Path) -> Expected:
    """What the first sync of a data folder makes of its accounts, with every setting as it is shipped."""
    accounts = read(folder, "accounts")
    company = read(folder, "customergroups")[0]["dataAreaId"].lower()
    currencies = {row["CurrencyCode"] for row in read(folder, "currencies")}
    active = Counter(number(row).casefold() for row in accounts if row.get("statecode", "0") in ("", "0"))
    came = Expected()
    for row in accounts:
        if row.get("statecode", "0") not in ("", "0"):
            came.skipped["not-active"] += 1
        elif code := _reason(row, active, currencies):
            came.parked[code] += 1
        else:
            came.customers[number(row)] = _customer(row, company, came.warnings)
    return came


def number(row: Row) -> str:
    return row.get("accountnumber", "").strip()


def _reason(row: Row, active: Mapping[str, int], currencies: set[str]) -> str:
    """Why an active account cannot become a customer, in the order of flows.md 1.15, R5."""
    currency = row.get("transactioncurrencyid.isocurrencycode", "")
    reasons = {
        "missing-number": not number(row),
        "unsafe-number": bool(set(number(row)) & UNSAFE) or number(row).endswith("."),
        "duplicate-number": active[number(row).casefold()] > 1,
        "currency-missing": not currency,
        "currency-not-mapped": currency not in currencies,
    }
    return next((code for code, applies in reasons.items() if applies), "")


def _customer(row: Row, company: str, warnings: Counter[str]) -> dict[str, str]:
    name = _line(row, "name")
    customer = {
        "dataAreaId": company,
        "CustomerAccount": number(row),
        "OrganizationName": _cut(name, 100, "OrganizationName", warnings),
        "NameAlias": _cut(name, 20, "", Counter()),
        "PartyType": "Organization",
        "IsExternallyMaintained": "Yes",
        "CustomerGroupId": "10",
        "LanguageId": "en-us",
        "SiteId": "",
        "WarehouseId": "",
        "SalesCurrencyCode": row["transactioncurrencyid.isocurrencycode"],
        "OrganizationNumberOfEmployees": row.get("numberofemployees", "") or "0",
        "AddressLocationRoles": "",
        "AddressPostbox": "",
    }
    for column, target in CONTACT.items():
        customer[f"PrimaryContact{target}"] = _line(row, column)
    for target, source, description in BLOCKS:
        customer |= {f"{target}{part}": "" for part in PARTS} | _block(row, target, source, description, warnings)
    return customer


def _block(row: Row, target: str, source: str, description: str, warnings: Counter[str]) -> dict[str, str]:
    """One address, whole or not at all (flows.md 1.8)."""
    street = "\n".join(filter(None, (_line(row, f"{source}_line{line}") for line in (1, 2, 3))))
    city, postal = _line(row, f"{source}_city"), _line(row, f"{source}_postalcode")
    if not (street or city or postal):
        return {}
    country = _country(_line(row, f"{source}_country"))
    if country in ("", "unknown"):
        warnings["country-unknown" if country else "address-without-country"] += 1
        return {}
    if len(postal) > 10:
        warnings[f"too-long:{target}ZipCode"] += 1
        postal = ""
    block = {
        f"{target}Street": street,
        f"{target}City": _cut(city, 60, f"{target}City", warnings),
        f"{target}State": _state(_line(row, f"{source}_stateorprovince"), country, warnings),
        f"{target}ZipCode": postal,
        f"{target}CountryRegionISOCode": country,
        f"{target}Description": _line(row, f"{source}_name") or description,
    }
    only_primary = {"AddressLocationRoles": "Business", "AddressPostbox": _line(row, "address1_postofficebox")}
    return block | (only_primary if target == "Address" else {})


def _country(text: str) -> str:
    name = _plain(text)
    if not name or name in NO_COUNTRIES:
        return "unknown" if name else ""
    (code,) = (code for code, names in NAMES.items() if name in (code.lower(), *names.split("|")))
    return code


def _state(text: str, country: str, warnings: Counter[str]) -> str:
    for pair in filter(None, STATES.get(country, "").split("|")):
        code, _, name = pair.partition(" ")
        if _plain(text) in (code.lower(), _plain(name)):
            return code
    if len(text) <= 10:
        return text
    warnings["state-omitted"] += 1
    return ""


def _line(row: Row, column: str) -> str:
    return " ".join(row.get(column, "").replace("\u00a0", " ").splitlines()).strip()


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split())


def _cut(text: str, limit: int, name: str, warnings: Counter[str]) -> str:
    """At most `limit` UTF-16 code units, no half pair, no blank at the end."""
    short = text
    while len(short.encode("utf-16-le")) > 2 * limit:
        short = short[:-1]
    if short != text and name:
        warnings[f"truncated:{name}"] += 1
    return short.rstrip()
