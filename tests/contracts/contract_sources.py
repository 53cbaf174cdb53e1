"""Sources, on the twins of the explorer and on the simulators over HTTP: both behind the ports that the engine has."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from local.simulators.dataverse.app import create_app as dataverse
from local.simulators.finops.app import create_app as finops
from sync.model import Change, EntityRef
from sync.ports import ChangeFeed, Reader, Whole
from sync.systems.delta import DeltaFeed
from sync.systems.finops import FinOpsSystem
from sync.systems.sales import SalesSystem
from tests.explorer.catalogue import Released
from tests.explorer.systems import MemorySales
from tests.systems.systems_world import ACCOUNTS, Admin, AnyToken, Swapped, gates

COLUMNS = ("accountnumber", "name")
PAGE = 3
"""Rows per page on both sides, so that a few rows are many pages."""

PRODUCTS = EntityRef("finops", "SellableReleasedProducts", ("dataAreaId", "ProductNumber"))


@dataclass(frozen=True)
class Source:
    """Accounts in Sales: what the engine reads them with, and what people do to them."""

    reader: Reader
    feed: ChangeFeed
    create: Callable[[str], str]
    rename: Callable[[str, str], None]
    delete: Callable[[str], None]
    expire: Callable[[], None]
    """The server forgets every token that it has given so far."""

    def follow(self, position: str = "", *, full: bool = False) -> tuple[list[Change], str]:
        """Read until there is no more: all changes in their order, and the position behind them."""
        changes: list[Change] = []
        for _ in range(100):
            page = self.feed.page(position, full=full)
            changes += page.changes
            position, full = page.position, False
            if not page.more:
                return changes, position
        raise AssertionError("the feed does not come to an end")


def source_in_memory() -> Source:
    sales = MemorySales(COLUMNS)

    def create(name: str) -> str:
        id = str(uuid.uuid4())
        sales.put(id, name=name, accountnumber=f"N-{name}")
        return id

    def rename(id: str, name: str) -> None:
        sales.put(id, name=name)

    def expire() -> None:
        create("a change behind all tokens")
        sales.forgotten = len(sales.log)

    return Source(sales, sales, create, rename, sales.delete, expire)


def source_of_simulator(server: tuple[Swapped, str]) -> Source:
    server[0].app = dataverse(page_size=PAGE)
    admin = Admin(server[1])
    system = SalesSystem(server[1], AnyToken(), gates()[0])

    def create(name: str) -> str:
        answer = admin.post(
            f"{admin.base}/api/data/v9.2/accounts", json={"name": name, "accountnumber": f"N-{name}"}, timeout=30
        )
        return answer.headers["OData-EntityId"].rpartition("(")[2].removesuffix(")")

    def rename(id: str, name: str) -> None:
        admin.ask("PATCH", f"/api/data/v9.2/accounts({id})", {"name": name})

    def delete(id: str) -> None:
        admin.ask("DELETE", f"/api/data/v9.2/accounts({id})")

    def expire() -> None:
        admin.ask("POST", "/admin/clock", {"advance": 8 * 86_400})

    return Source(system, DeltaFeed(system, ACCOUNTS), create, rename, delete, expire)


@dataclass(frozen=True)
class Catalogue:
    """Products in F&O, which are read whole."""

    whole: Whole
    reader: Reader
    release: Callable[[str], None]
    """A product of this number, or another name for it."""
    withdraw: Callable[[str], None]

    def read(self) -> dict[str, str]:
        """Version by id, of every row that the pages show."""
        seen: dict[str, str] = {}
        link = ""
        while True:
            page = self.whole.rows_page(PRODUCTS, ("ProductName",), company="usmf", link=link)
            seen |= {row.id: row.version for row in page.rows}
            if not page.next:
                return seen
            link = page.next


def catalogue_in_memory() -> Catalogue:
    released = Released(PRODUCTS)
    names = iter(range(1000))

    def release(number: str) -> None:
        released.put(dataAreaId="usmf", ProductNumber=number, ProductName=f"Name {next(names)}")

    return Catalogue(released, released, release, lambda number: released.delete(f"usmf|{number.lower()}"))


def catalogue_of_simulator(server: tuple[Swapped, str]) -> Catalogue:
    server[0].app = finops(page_size=PAGE)
    admin = Admin(server[1])
    for name, row in (("UnitsOfMeasure", {"UnitSymbol": "ea"}), ("Currencies", {"CurrencyCode": "USD"})):
        admin.ask("POST", f"/data/{name}", row)
    system = FinOpsSystem(server[1], AnyToken(), gates()[0], company="USMF")
    names = iter(range(1000))

    def release(number: str) -> None:
        product = {"dataAreaId": "usmf", "ProductNumber": number, "ProductName": f"Name {next(names)}"}
        units = {"CurrencyCode": "USD", "SalesUnitSymbol": "ea", "InventoryUnitSymbol": "ea", "SalesPrice": 10}
        admin.ask("POST", "/admin/products", [{**product, **units}])

    def withdraw(number: str) -> None:
        admin.ask("DELETE", "/admin/products", [{"dataAreaId": "usmf", "ProductNumber": number}])

    return Catalogue(system, system, release, withdraw)
