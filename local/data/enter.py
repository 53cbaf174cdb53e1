"""Enter a data folder into both systems, through their own web APIs, as people would."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import batched
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import requests

from local.data.bodies import STATES, SalesBodies, finops_body, in_order, value
from local.data.folder import FINOPS, SALES, DataFolder, DataFolderError
from local.simulators.odata.tokens import issue

API = "/api/data/v9.2"
BULK = {"accounts": "account", "contacts": "contact", "quotes": "quote", "quotedetails": "quotedetail"}
"""Tables that are entered with CreateMultiple, with their logical names."""
BULK_SIZE = 500
INACTIVE = 2
"""The status of an inactive row that names none (value-maps.md 11)."""
LATER = {"accounts": ("primarycontactid",)}
"""Lookups to rows that are entered after the row itself."""
RELEASE = "/admin/products"
"""Where people release products: the web service of F&O only shows them."""
_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


class EnterError(RuntimeError):
    """A system refused a row of the folder; the text says which, and what the system answered."""


class Api:
    """One system as a person's browser would use it: an address and a token."""

    def __init__(self, base: str, root: str, token: str) -> None:
        self.base = base
        self.root = base + root
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def send(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        """One request to the web service, or to an address of the system's own when `path` begins with a slash.

        Raises EnterError with the system's answer when it is not taken.
        """
        data = None if body is None else json.dumps(body, default=_number).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self.base}{path}" if path.startswith("/") else f"{self.root}/{path}"
        answer = self._session.request(method, url, data=data, headers=headers, timeout=120)
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

    def all_of(self, set: str, column: str, only: str = "") -> list[dict[str, Any]]:
        """All rows of a set with their key and these columns, page by page; `only` is a filter."""
        rows: list[dict[str, Any]] = []
        path = f"{set}?$select={column}" + (f"&$filter={quote(only)}" if only else "")
        while path:
            page = self.send("GET", path).json()
            rows += page["value"]
            path = page.get("@odata.nextLink", "").removeprefix(f"{self.root}/")
        return rows


def seller(base: str, token_key: bytes) -> Api:
    """A person in Sales."""
    return Api(base, API, issue(token_key, base, "seller", 4e9))


def clerk(base: str, token_key: bytes) -> Api:
    """A person in F&O."""
    return Api(base, "/data", issue(token_key, base, "clerk", 4e9))


def enter(folder: DataFolder, sales: Api, finops: Api) -> dict[str, int]:
    """Enter every file but those of quotes, reference data first; gives the number of rows by file.

    Quotes come later, when products are synced: see `local.data.quotes`. Raises DataFolderError for a field that cannot
    be a value of its column, EnterError for a row that a system refuses; both name file and line.
    """
    counts = {}
    finops_types = finops.types()
    for name, set in FINOPS.items():
        bodies = []
        for number, row in enumerate(folder.rows(name)):
            with told(folder, name, number):
                bodies.append(finops_body(row, finops_types[set]))
        counts[name] = len(bodies)
        _enter_finops(folder, name, finops, bodies)
    sales_types = sales.types()
    for name in SALES:
        counts[name] = len(folder.rows(name))
        enter_sales(folder, name, sales, sales_types[name])
        set_states(folder, name, sales)
    for name in LATER:
        _enter_later(folder, name, sales, sales_types[name])
    return counts


def enter_sales(folder: DataFolder, table: str, sales: Api, types: Mapping[str, str]) -> None:
    """Enter the rows of one file of Sales, each in the state of a new row."""
    bodies = SalesBodies(folder, table, types, sales.all_of)
    made = []
    for number in in_order(table, folder.rows(table)):
        with told(folder, table, number):
            made.append((number, bodies.body(folder.rows(table)[number], without=LATER.get(table, ()))))
    create(folder, table, sales, made)


def create(folder: DataFolder, table: str, sales: Api, made: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Create rows of Sales, many in a request where that can be; `made` holds bodies with their places in the file."""
    for some in batched(made, BULK_SIZE if table in BULK else 1, strict=False):
        if len(some) == 1 or not _created_together(table, [body for _, body in some], sales):
            for number, body in some:
                with told(folder, table, number):
                    sales.send("POST", table, body)


def set_states(folder: DataFolder, table: str, sales: Api) -> None:
    """Give the rows that are not active the state that their file says."""
    for number, row in enumerate(folder.rows(table)):
        if row.get("statecode") not in (None, "", "0"):
            with told(folder, table, number):
                states = {name: value(name, row[name], "Edm.Int32") for name in STATES if row.get(name)}
                sales.send(
                    "PATCH",
                    f"{table}({next(iter(row.values()))})",
                    {"statuscode": INACTIVE, **states},
                    **{"If-Match": "*"},
                )


@contextmanager
def told(folder: DataFolder, name: str, number: int) -> Iterator[None]:
    """Errors name file and line of this row."""
    try:
        yield
    except EnterError as error:
        raise EnterError(f"{folder.place(name, number)}: {error}") from None
    except ValueError as error:
        raise DataFolderError(f"{folder.place(name, number)}: {error}") from None


def _enter_finops(folder: DataFolder, name: str, finops: Api, bodies: Sequence[Mapping[str, Any]]) -> None:
    if name == "products" and _released_together(finops, bodies):
        return
    for number, body in enumerate(bodies):
        with told(folder, name, number):
            finops.send("POST", RELEASE if name == "products" else FINOPS[name], body)


def _released_together(finops: Api, bodies: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all products were released in one request; a refusal does not say for which, and none is released."""
    try:
        finops.send("POST", RELEASE, bodies)
    except EnterError:
        return False
    return True


def _enter_later(folder: DataFolder, table: str, sales: Api, types: Mapping[str, str]) -> None:
    """Fill in the lookups to rows that are there by now."""
    bodies = SalesBodies(folder, table, types, sales.all_of)
    for number, row in enumerate(folder.rows(table)):
        late = {column: text for column, text in row.items() if column.partition(".")[0] in LATER[table] and text}
        if late:
            with told(folder, table, number):
                sales.send("PATCH", f"{table}({next(iter(row.values()))})", bodies.body(late), **{"If-Match": "*"})


def _created_together(table: str, bodies: Sequence[Mapping[str, Any]], sales: Api) -> bool:
    """Whether all rows were created in one request; a refusal does not say for which row, and nothing is created."""
    kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{BULK[table]}"}
    targets = [{**kind, **body} for body in bodies]
    try:
        sales.send("POST", f"{table}/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    except EnterError:
        return False
    return True


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
