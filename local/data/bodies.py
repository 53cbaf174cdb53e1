"""What is sent for the rows of a data folder: fields by the types of their columns, lookups by id or by natural key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from local.data.folder import DataFolder, DataFolderError, Row

LOOKUPS = {
    "transactioncurrencyid": "transactioncurrencies",
    "uomscheduleid": "uomschedules",
    "baseuom": "uoms",
    "primarycontactid": "contacts",
    "parentaccountid": "accounts",
    "owningbusinessunit": "businessunits",
    "pricelevelid": "pricelevels",
    "defaultpricelevelid": "pricelevels",
}
"""Lookup attributes of the files and the entity sets they point to."""
CUSTOMERS = ("parentcustomerid", "customerid")
"""Lookups that hold the id of an account or of a contact."""
PARENTS = {"accounts": "parentaccountid", "contacts": "parentcustomerid", "uoms": "baseuom"}
"""The lookup by which rows of a table point to others of it, which have to be there first."""
OTHERWISE = {"createdon": "overriddencreatedon"}
"""Columns that are written under another name than the one they are read by."""
COMPUTED = frozenset({"totalamount", "totalamountlessfreight", "totallineitemamount", "totaltax", "fullname"})
"""Columns that Sales computes: a file may show them, nobody can write them."""
STATES = ("statecode", "statuscode")

WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

type AllOf = Callable[[str, str], Iterable[Mapping[str, Any]]]
"""All rows of a Sales entity set with their key and one column."""


class SalesBodies:
    """Makes what is sent to Sales for the rows of one file.

    `types` are the Edm types of the table's columns, `all_of` reads the rows that natural keys name.
    """

    def __init__(self, folder: DataFolder, table: str, types: Mapping[str, str], all_of: AllOf) -> None:
        self._types = types
        self._contacts = {row["contactid"].lower() for row in folder.rows("contacts") if row.get("contactid")}
        self._naturals = _natural_keys(folder.rows(table), all_of)

    def body(self, row: Row, *, without: Iterable[str] = ()) -> dict[str, Any]:
        """A row without its states. Raises ValueError with what to write instead of a field that cannot be sent."""
        body: dict[str, Any] = {}
        for column, text in row.items():
            attribute = column.partition(".")[0]
            if text and attribute not in STATES and attribute not in COMPUTED and attribute not in without:
                body.update([self._member(column, text)])
        return body

    def _member(self, column: str, text: str) -> tuple[str, object]:
        attribute, _, natural = column.partition(".")
        if attribute in CUSTOMERS:
            kind, target = ("contact", "contacts") if text.lower() in self._contacts else ("account", "accounts")
            return f"{attribute}_{kind}@odata.bind", f"/{target}({text})"
        if natural:
            target = LOOKUPS[attribute]
            if (column, text) not in self._naturals:
                raise ValueError(
                    f"no row of {target} has {natural} {text!r}. Add it to {target}.csv, or mend {column}."
                )
            return f"{attribute}@odata.bind", f"/{target}({self._naturals[column, text]})"
        if attribute in LOOKUPS and attribute not in self._types:
            return f"{attribute}@odata.bind", f"/{LOOKUPS[attribute]}({text})"
        name = OTHERWISE.get(column, column)
        return name, value(column, text, self._types.get(name, "Edm.String"))


def finops_body(row: Row, types: Mapping[str, str]) -> dict[str, Any]:
    """A row of F&O."""
    return {column: value(column, text, types.get(column, "Edm.String")) for column, text in row.items() if text}


def in_order(table: str, rows: list[Row]) -> list[int]:
    """The places of the rows, so that each comes after the row of the same file that it points to."""
    lookup, key = PARENTS.get(table, ""), next(iter(rows[0]), "") if rows else ""
    places = {row[key].lower(): place for place, row in enumerate(rows) if row[key]}
    ordered: dict[int, None] = {}
    for start in range(len(rows)):
        chain: list[int] = []
        place: int | None = start
        while place is not None and place not in ordered and place not in chain:
            chain.append(place)
            place = places.get(rows[place].get(lookup, "").lower())
        ordered.update(dict.fromkeys(reversed(chain)))
    return list(ordered)


def value(column: str, text: str, edm: str) -> object:
    """A field as the column's type has it. Raises ValueError with what to write instead."""
    match edm:
        case "Edm.Int32" | "Edm.Int64" | "Edm.Int16":
            if not WHOLE.fullmatch(text):
                raise ValueError(f"{column} is {text!r}. Write a whole number.")
            return int(text)
        case "Edm.Decimal" | "Edm.Double":
            if not DECIMAL.fullmatch(text):
                raise ValueError(f"{column} is {text!r}. Write a number such as 12.50.")
            return Decimal(text)
        case "Edm.Boolean":
            if text.casefold() not in BOOLEANS:
                raise ValueError(f"{column} is {text!r}. Write true or false.")
            return BOOLEANS[text.casefold()]
        case _:
            return text


def _natural_keys(rows: Iterable[Row], all_of: AllOf) -> dict[tuple[str, str], str]:
    """Ids of the rows that natural keys point to, by column of the file and value."""
    found: dict[tuple[str, str], str] = {}
    for column in sorted({column for row in rows for column in row if "." in column}):
        attribute, _, natural = column.partition(".")
        if attribute not in LOOKUPS:
            raise DataFolderError(
                f"The column {column} names no lookup that can be entered. Use one of {', '.join(sorted(LOOKUPS))}."
            )
        for row in all_of(LOOKUPS[attribute], natural):
            found[column, str(row[natural])] = next(_ids(row, attribute))
    return found


def _ids(row: Mapping[str, Any], attribute: str) -> Iterator[str]:
    yield row[attribute] if attribute in row else next(value for name, value in row.items() if name.endswith("id"))
