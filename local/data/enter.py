"""Enter a data folder into both systems, through their own web APIs, as people would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import batched
from typing import Any
from xml.etree import ElementTree

import requests

from local.data.folder import FINOPS, SALES, DataFolder, Row
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
    """Enter every file that is there, reference data first; gives the number of rows by file."""
    counts = {}
    finops_types = finops.types()
    for name, set in FINOPS.items():
        rows = folder.rows(name)
        counts[name] = len(rows)
        for row in rows:
            finops.send("POST", set, _typed(row, finops_types[set]))
    sales_types = sales.types()
    for name in SALES:
        rows = folder.rows(name)
        counts[name] = len(rows)
        _enter_sales(name, rows, sales, sales_types[name])
    return counts


def _enter_sales(table: str, rows: Sequence[Row], sales: Api, types: Mapping[str, str]) -> None:
    key = next(column for column in rows[0]) if rows else ""
    naturals = _natural_keys(rows, sales)
    bodies = [_sales_body(row, types, naturals) for row in rows]
    if table in BULK:
        kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{BULK[table]}"}
        for some in batched(bodies, 500, strict=False):
            targets = [{**kind, **body} for body in some]
            sales.send("POST", f"{table}/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    else:
        for body in bodies:
            sales.send("POST", table, body)
    for row in rows:
        if row.get("statecode") not in (None, "", "0"):
            states = {name: int(row[name]) for name in ("statecode", "statuscode") if row.get(name)}
            states.setdefault("statuscode", 2)
            sales.send("PATCH", f"{table}({row[key]})", states, **{"If-Match": "*"})


def _sales_body(row: Row, types: Mapping[str, str], naturals: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for column, text in row.items():
        attribute, _, natural = column.partition(".")
        if not text or attribute in ("statecode", "statuscode"):
            continue
        if natural:
            body[f"{attribute}@odata.bind"] = f"/{LOOKUPS[attribute]}({naturals[column, text]})"
        elif attribute in LOOKUPS and attribute not in types:
            body[f"{attribute}@odata.bind"] = f"/{LOOKUPS[attribute]}({text})"
        else:
            body[column] = _value(text, types.get(column, "Edm.String"))
    return body


def _natural_keys(rows: Iterable[Row], sales: Api) -> dict[tuple[str, str], str]:
    """Ids of the rows that natural keys point to, by column of the file and value."""
    columns = {column for row in rows for column in row if "." in column}
    found: dict[tuple[str, str], str] = {}
    for column in columns:
        attribute, _, natural = column.partition(".")
        for row in _all(sales, LOOKUPS[attribute], natural):
            found[column, str(row[natural])] = str(next(iter(_ids(row, attribute))))
    return found


def _ids(row: Mapping[str, Any], attribute: str) -> Iterator[str]:
    yield row[attribute] if attribute in row else next(value for name, value in row.items() if name.endswith("id"))


def _all(api: Api, set: str, column: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.send("GET", f"{set}?$select={column}").json()["value"]
    return rows


def _typed(row: Row, types: Mapping[str, str]) -> dict[str, Any]:
    return {column: _value(text, types.get(column, "Edm.String")) for column, text in row.items() if text}


def _value(text: str, edm: str) -> object:
    match edm:
        case "Edm.Int32" | "Edm.Int64" | "Edm.Int16":
            return int(text)
        case "Edm.Decimal" | "Edm.Double":
            return Decimal(text)
        case "Edm.Boolean":
            return text.casefold() in ("true", "1", "yes")
        case _:
            return text


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
