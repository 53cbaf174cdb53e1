"""Enter a data folder into both systems, through their own web APIs, as people would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import batched
from typing import Any
from xml.etree import ElementTree

import requests

from local.data.folder import FINOPS, SALES, DataFolder, DataFolderError, Row
from local.simulators.odata.tokens import issue

API = "/api/data/v9.2"
LOOKUPS = {
    "transactioncurrencyid": "transactioncurrencies",
    "uomscheduleid": "uomschedules",
    "baseuom": "uoms",
    "primarycontactid": "contacts",
    "parentaccountid": "accounts",
    "owningbusinessunit": "businessunits",
}
"""Lookup attributes of the files and the entity sets they point to."""

BULK = {"accounts": "account"}
"""Tables that are entered with CreateMultiple, with their logical names."""
BULK_SIZE = 500
INACTIVE = 2
"""The status of an inactive row that names none (value-maps.md 11)."""

WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


class EnterError(RuntimeError):
    """A system refused a row of the folder; the text says which, and what the system answered."""


class Api:
    """One system as a person's browser would use it: an address and a token."""

    def __init__(self, base: str, root: str, token: str) -> None:
        self.root = base + root
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def send(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        """One request. Raises EnterError with the system's answer when it is not taken."""
        data = None if body is None else json.dumps(body, default=_number).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        answer = self._session.request(method, f"{self.root}/{path}", data=data, headers=headers, timeout=120)
        if not answer.ok:
            raise EnterError(f"{method} {path} was answered {answer.status_code}: {answer.text[:500]}")
        return answer

    def types(self) -> dict[str, dict[str, str]]:
        """Edm types by entity set and column, from the service's own metadata."""
        tree = ElementTree.fromstring(self.send("GET", "$metadata").content)  # noqa: S314 - our own simulator
        entities = {
            str(entity.get("Name")): {str(p.get("Name")): str(p.get("Type")) for p in entity.iter(f"{_EDM}Property")}
            for entity in tree.iter(f"{_EDM}EntityType")
        }
        return {
            str(each.get("Name")): entities[str(each.get("EntityType")).rpartition(".")[2]]
            for each in tree.iter(f"{_EDM}EntitySet")
        }


def seller(base: str, token_key: bytes) -> Api:
    """A person in Sales."""
    return Api(base, API, issue(token_key, base, "seller", 4e9))


def clerk(base: str, token_key: bytes) -> Api:
    """A person in F&O."""
    return Api(base, "/data", issue(token_key, base, "clerk", 4e9))


def enter(folder: DataFolder, sales: Api, finops: Api) -> dict[str, int]:
    """Enter every file that is there, reference data first; gives the number of rows by file.

    Raises DataFolderError for a field that cannot be a value of its column, EnterError for a row that a system refuses;
    both name file and line.
    """
    counts = {}
    finops_types = finops.types()
    for name, set in FINOPS.items():
        bodies = _bodies(folder, name, partial(_typed, types=finops_types[set]))
        counts[name] = len(bodies)
        for number, body in enumerate(bodies):
            _create(folder, name, number, finops, set, body)
    sales_types = sales.types()
    for name in SALES:
        counts[name] = _enter_sales(folder, name, sales, sales_types[name])
    return counts


def _enter_sales(folder: DataFolder, table: str, sales: Api, types: Mapping[str, str]) -> int:
    rows = folder.rows(table)
    naturals = _natural_keys(rows, sales)
    bodies = _bodies(folder, table, lambda row: _sales_body(row, types, naturals))
    for some in batched(enumerate(bodies), BULK_SIZE if table in BULK else 1, strict=False):
        if len(some) == 1 or not _created_together(table, [body for _, body in some], sales):
            for number, body in some:
                _create(folder, table, number, sales, table, body)
    key = next(iter(rows[0])) if rows else ""
    for number, row in enumerate(rows):
        if row.get("statecode") not in (None, "", "0"):
            states = _states(folder, table, number)
            with _told(folder, table, number):
                sales.send("PATCH", f"{table}({row[key]})", states, **{"If-Match": "*"})
    return len(rows)


def _created_together(table: str, bodies: Sequence[Mapping[str, Any]], sales: Api) -> bool:
    """Whether all rows were created in one request; a refusal does not say for which row, and nothing is created."""
    kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{BULK[table]}"}
    targets = [{**kind, **body} for body in bodies]
    try:
        sales.send("POST", f"{table}/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    except EnterError:
        return False
    return True


def _create(folder: DataFolder, name: str, number: int, api: Api, set: str, body: Mapping[str, Any]) -> None:
    with _told(folder, name, number):
        api.send("POST", set, body)


@contextmanager
def _told(folder: DataFolder, name: str, number: int) -> Iterator[None]:
    """Errors name file and line of this row."""
    try:
        yield
    except EnterError as error:
        raise EnterError(f"{folder.place(name, number)}: {error}") from None
    except ValueError as error:
        raise DataFolderError(f"{folder.place(name, number)}: {error}") from None


def _bodies(folder: DataFolder, name: str, make: Callable[[Row], dict[str, Any]]) -> list[dict[str, Any]]:
    """What is sent for each row of a file, made before the first is sent."""
    bodies = []
    for number, row in enumerate(folder.rows(name)):
        with _told(folder, name, number):
            bodies.append(make(row))
    return bodies


def _states(folder: DataFolder, table: str, number: int) -> dict[str, Any]:
    row = folder.rows(table)[number]
    with _told(folder, table, number):
        states = {name: _value(name, row[name], "Edm.Int32") for name in ("statecode", "statuscode") if row.get(name)}
    return {"statuscode": INACTIVE, **states}


def _sales_body(row: Row, types: Mapping[str, str], naturals: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for column, text in row.items():
        attribute, _, natural = column.partition(".")
        if not text or attribute in ("statecode", "statuscode"):
            continue
        if natural:
            if (column, text) not in naturals:
                set = LOOKUPS[attribute]
                raise ValueError(f"no row of {set} has {natural} {text!r}. Add it to {set}.csv, or mend {column}.")
            body[f"{attribute}@odata.bind"] = f"/{LOOKUPS[attribute]}({naturals[column, text]})"
        elif attribute in LOOKUPS and attribute not in types:
            body[f"{attribute}@odata.bind"] = f"/{LOOKUPS[attribute]}({text})"
        else:
            body[column] = _value(column, text, types.get(column, "Edm.String"))
    return body


def _natural_keys(rows: Iterable[Row], sales: Api) -> dict[tuple[str, str], str]:
    """Ids of the rows that natural keys point to, by column of the file and value."""
    columns = {column for row in rows for column in row if "." in column}
    found: dict[tuple[str, str], str] = {}
    for column in columns:
        attribute, _, natural = column.partition(".")
        if attribute not in LOOKUPS:
            raise DataFolderError(
                f"The column {column} names no lookup that can be entered. Use one of {', '.join(sorted(LOOKUPS))}."
            )
        for row in _all(sales, LOOKUPS[attribute], natural):
            found[column, str(row[natural])] = str(next(iter(_ids(row, attribute))))
    return found


def _ids(row: Mapping[str, Any], attribute: str) -> Iterator[str]:
    yield row[attribute] if attribute in row else next(value for name, value in row.items() if name.endswith("id"))


def _all(api: Api, set: str, column: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.send("GET", f"{set}?$select={column}").json()["value"]
    return rows


def _typed(row: Row, types: Mapping[str, str]) -> dict[str, Any]:
    return {column: _value(column, text, types.get(column, "Edm.String")) for column, text in row.items() if text}


def _value(column: str, text: str, edm: str) -> object:
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


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
