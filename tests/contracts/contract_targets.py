"""Targets, on the twins of the explorer and on the simulators over HTTP: both behind the port that the engine has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from local.simulators.dataverse.app import create_app as dataverse
from local.simulators.finops.app import create_app as finops
from sync.keys import chosen_key, key_text
from sync.model import EntityRef, Scalar
from sync.ports import LineWrite, Write, Writer
from sync.systems.finops import FinOpsSystem
from tests.explorer.systems import MemoryFinops
from tests.explorer.targets import MemoryTables
from tests.systems.systems_shop import PRODUCTS, Shop
from tests.systems.systems_world import CUSTOMERS, Admin, AnyToken, Swapped, customer, gates

HEADERS = EntityRef("finops", "CDSSalesQuotationHeaders", ("dataAreaId", "SalesQuotationNumber"))
LINES = EntityRef(
    "finops", "CDSSalesQuotationLines", ("dataAreaId", "LineCreationSequenceNumber", "SalesQuotationNumber")
)
BAD = "NOT-OURS"
"""A group or a product that does not exist."""


@dataclass(frozen=True)
class Target:
    """Rows of one entity: how one is made that is taken, one that is refused, and the column of its name."""

    writer: Writer
    entity: EntityRef
    name: str
    good: Callable[[int], Write]
    bad: Callable[[int], Write]

    def renamed(self, index: int, name: str | None) -> Write:
        return Write("update", self.good(index).key, {self.name: name})

    def names(self, *indexes: int) -> list[Scalar | None]:
        """What the rows of these indexes are called; "-" for one that is not there."""
        found = self.writer.find(self.entity, [self.good(index).key for index in indexes], (self.name,))
        keys = [key_text(self.good(index).key) for index in indexes]
        return [found[key][self.name] if key in found else "-" for key in keys]


def customers_in_memory() -> Target:
    twin = MemoryFinops()

    def bad(index: int) -> Write:
        twin.refusing.add(key_text(_customer(index).key))
        return _customer(index)

    return Target(twin, CUSTOMERS, "OrganizationName", _customer, bad)


def customers_of_simulator(server: tuple[Swapped, str]) -> Target:
    def bad(index: int) -> Write:
        good = _customer(index)
        return Write("create", good.key, {**good.values, "CustomerGroupId": BAD})

    return Target(_finops(server)[0], CUSTOMERS, "OrganizationName", _customer, bad)


def _customer(index: int) -> Write:
    write = customer(index)
    return Write("create", write.key, {**write.key, **write.values})


def products_in_memory() -> Target:
    twin = MemoryTables()
    twin.refuses = lambda _entity, write: write.values.get("name") == BAD
    return Target(twin, PRODUCTS, "name", lambda index: _product(index), lambda index: _product(index, BAD))


def _product(index: int, name: str = "") -> Write:
    key: dict[str, Scalar] = {"productid": chosen_key("product", f"P{index}")}
    return Write("create", key, {**key, "productnumber": f"P{index}", "name": name or f"Name of P{index}"})


def products_of_simulator(server: tuple[Swapped, str]) -> Target:
    server[0].app = dataverse()
    shop = Shop(server[1])
    no_structure: dict[str, Scalar | None] = {"productstructure": 99}
    return Target(
        shop.system,
        PRODUCTS,
        "name",
        lambda index: shop.product(f"P{index}"),
        lambda index: shop.product(f"P{index}", **no_structure),
    )


@dataclass(frozen=True)
class Documents:
    """Quotations with lines: number, place and quantity are what is looked at."""

    writer: Writer

    def quotation(self, number: str, *lines: LineWrite) -> Write:
        values = {"RequestingCustomerAccountNumber": "C0001", "SalesQuotationName": f"Bikes {number}"}
        return Write("create", _key(number), {**_key(number), **values}, lines, LINES)

    def changed(self, number: str, *lines: LineWrite, name: str = "") -> Write:
        return Write("update", _key(number), {"SalesQuotationName": name} if name else {}, lines, LINES)

    def line(
        self,
        number: str,
        at: int,
        kind: Literal["create", "update", "delete"] = "create",
        *,
        quantity: int = 3,
        product: str = "BK-1",
    ) -> LineWrite:
        key: dict[str, Scalar] = {
            "dataAreaId": "usmf",
            "LineCreationSequenceNumber": at,
            "SalesQuotationNumber": number,
        }
        new: dict[str, Scalar] = {**key, "ProductNumber": product, "SalesPrice": 100, "SalesUnitSymbol": "ea"}
        values: dict[str, Scalar] = {"RequestedSalesQuantity": quantity}
        return LineWrite(kind, key, {**new, **values} if kind == "create" else values if kind == "update" else {})

    def quantities(self, number: str) -> dict[int, int]:
        """Quantity by place, of every line that the quotation has."""
        wanted = [{"dataAreaId": "usmf", "SalesQuotationNumber": number}]
        (rows,) = self.writer.match(LINES, wanted, ("LineCreationSequenceNumber", "RequestedSalesQuantity"))
        return {int(str(row["LineCreationSequenceNumber"])): int(str(row["RequestedSalesQuantity"])) for row in rows}

    def names(self, *numbers: str) -> list[Scalar | None]:
        found = self.writer.find(HEADERS, [_key(number) for number in numbers], ("SalesQuotationName",))
        texts = [key_text(_key(number)) for number in numbers]
        return [found[text]["SalesQuotationName"] if text in found else "-" for text in texts]


def _key(number: str) -> dict[str, Scalar]:
    return {"dataAreaId": "usmf", "SalesQuotationNumber": number}


def documents_in_memory() -> Documents:
    twin = MemoryTables()
    twin.refuses = lambda _entity, write: any(line.values.get("ProductNumber") == BAD for line in write.lines)
    return Documents(twin)


def documents_of_simulator(server: tuple[Swapped, str]) -> Documents:
    system, admin = _finops(server)
    admin.ask("POST", "/data/UnitsOfMeasure", {"UnitSymbol": "ea", "UnitClass": "Quantity"})
    bike = {"ProductNumber": "BK-1", "ProductName": "Bike", "ProductType": "Item", "SalesPrice": 100}
    admin.ask("POST", "/admin/products", [{**bike, "CurrencyCode": "USD", "SalesUnitSymbol": "ea"}])
    system.write(CUSTOMERS, [customer(1)])
    return Documents(system)


def _finops(server: tuple[Swapped, str]) -> tuple[FinOpsSystem, Admin]:
    server[0].app = finops()
    admin = Admin(server[1])
    for name, row in (("CustomerGroups", {"CustomerGroupId": "10"}), ("Currencies", {"CurrencyCode": "USD"})):
        admin.ask("POST", f"/data/{name}", row)
    return FinOpsSystem(server[1], AnyToken(), gates()[0], company="USMF"), admin
