"""The common rules of flows.md 1 as a person reads them, for expectations that use none of the app's code.

The tables of countries and states hold what the data at hand spells, and fail loudly for what they do not know.
"""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from base64 import b32encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

type Row = Mapping[str, str]
type Wanted = dict[str, str | Decimal]
"""Columns of a row as they must be: texts, and amounts that compare as numbers."""

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
ACTIVE = ("", "0")
UNSAFE = set('/\\?#%&:<>*+"')


@dataclass
class Expected:
    """Rows of one set by their key column `key`, the reasons of the records that make none, and the warnings."""

    key: str
    rows: dict[str, Wanted] = field(default_factory=dict)
    parked: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def shown(self) -> dict[str, object]:
        """What the status of the flow shows after everything was entered once, without what is zero or empty."""
        counts = {"created": len(self.rows), "skipped": self.skipped, "waiting": self.waiting, "parked": self.parked}
        return {name: count for name, count in {**counts, "warnings": self.warnings}.items() if count}

    def differences(self, found: list[dict[str, str]]) -> list[str]:
        """Every column of every row that is not as it must be; `found` are rows as texts."""
        by_key = {row[self.key]: row for row in found}
        lines = [f"{key}: missing" for key in self.rows.keys() - by_key.keys()]
        lines += [f"{key}: nobody asked for it" for key in by_key.keys() - self.rows.keys()]
        lines += ["a row is there twice"] * (len(found) - len(by_key))
        for key in self.rows.keys() & by_key.keys():
            row = by_key[key]
            lines += [
                f"{key} {name}: {row.get(name, '')!r}, not {value!r}"
                for name, value in self.rows[key].items()
                if not _same(row.get(name, ""), value)
            ]
        return lines


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file; none when there is no such file."""
    path = folder / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_texts(rows: list[dict[str, object]]) -> list[dict[str, str]]:
    """Rows of a simulator in the form of the files that the demo dumps."""
    return [{name: _text(value) for name, value in row.items()} for row in rows]


def company_of(folder: Path) -> str:
    """The company that the demo runs for (design.md, "How a data folder is entered")."""
    return read(folder, "customergroups")[0]["dataAreaId"].lower()


def currency_of(folder: Path, row: Row) -> str:
    """The ISO code of the row's currency, which a file names by code or by id; "" when it has none."""
    if code := row.get("transactioncurrencyid.isocurrencycode", ""):
        return code
    ids = {
        each["transactioncurrencyid"].lower(): each["isocurrencycode"] for each in read(folder, "transactioncurrencies")
    }
    return ids.get(row.get("transactioncurrencyid", "").lower(), "")


def contact_number(contact_id: str) -> str:
    """The number that follows from a contact's id (flows.md 1.3)."""
    return "CON-" + b32encode(hashlib.sha256(contact_id.lower().encode()).digest()).decode()[:16]


def line(row: Row, column: str) -> str:
    """A text of one line (flows.md 1.15, R2)."""
    return " ".join(row.get(column, "").replace("\u00a0", " ").replace("\t", " ").splitlines()).strip()


def plain(text: str) -> str:
    """A text as value maps compare it (value-maps.md 1)."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split())


def cut(text: str, limit: int, name: str, warnings: Counter[str]) -> str:
    """At most `limit` UTF-16 code units, no half pair, no blank at the end; a warning when `name` is given."""
    short = text
    while len(short.encode("utf-16-le")) > 2 * limit:
        short = short[:-1]
    if short != text and name:
        warnings[f"truncated:{name}"] += 1
    return short.rstrip()


def address(row: Row, target: str, source: str, description: str, state: str, warnings: Counter[str]) -> Wanted:
    """The columns `target...` of one address of a row: all of a block, or nothing (flows.md 1.8).

    `state` is the end of the state column's name, which differs between the sets of F&O.
    """
    blank: Wanted = dict.fromkeys(
        (f"{target}{part}" for part in ("Street", "City", state, "ZipCode", "CountryRegionISOCode", "Description")), ""
    )
    street = "\n".join(filter(None, (line(row, f"{source}_line{number}") for number in (1, 2, 3))))
    city, postal = line(row, f"{source}_city"), line(row, f"{source}_postalcode")
    if not (street or city or postal):
        return blank
    country = _country(line(row, f"{source}_country"))
    if country in ("", "unknown"):
        warnings["country-unknown" if country else "address-without-country"] += 1
        return blank
    if len(postal) > 10:
        warnings[f"too-long:{target}ZipCode"] += 1
        postal = ""
    return {
        f"{target}Street": street,
        f"{target}City": cut(city, 60, f"{target}City", warnings),
        f"{target}{state}": _state(line(row, f"{source}_stateorprovince"), country, warnings),
        f"{target}ZipCode": postal,
        f"{target}CountryRegionISOCode": country,
        f"{target}Description": line(row, f"{source}_name") or description,
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _country(text: str) -> str:
    name = plain(text)
    if not name or name in NO_COUNTRIES:
        return "unknown" if name else ""
    (code,) = (code for code, names in NAMES.items() if name in (code.lower(), *names.split("|")))
    return code


def _state(text: str, country: str, warnings: Counter[str]) -> str:
    for pair in filter(None, STATES.get(country, "").split("|")):
        code, _, name = pair.partition(" ")
        if plain(text) in (code.lower(), plain(name)):
            return code
    if len(text) <= 10:
        return text
    warnings["state-omitted"] += 1
    return ""


def _same(found: str, wanted: str | Decimal) -> bool:
    if isinstance(wanted, Decimal):
        return bool(found) and Decimal(found) == wanted
    return found == wanted
