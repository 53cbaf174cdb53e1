from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.simulators.dataverse.app import create_app as dataverse
from local.simulators.finops.app import create_app as finops
from local.simulators.odata.serve import serve_in_thread
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.finops import FinOpsSystem
from sync.systems.sales import SalesSystem
from tests.systems.systems_shop import Shop
from tests.systems.systems_world import Admin, AnyToken, Scripted, Swapped, gates, scripted


class SalesWorld:
    """A Dataverse simulator, the system under test, and the gates between."""

    def __init__(self, base: str) -> None:
        self.admin = Admin(base)
        self.gates, self.clock = gates()
        self.system = SalesSystem(base, AnyToken(), self.gates)

    def create(self, *names: str, **values: Any) -> list[str]:
        """Accounts of these names; gives their ids."""
        targets = [{"@odata.type": "Microsoft.Dynamics.CRM.account", "name": name, **values} for name in names]
        path = "/api/data/v9.2/accounts/Microsoft.Dynamics.CRM.CreateMultiple"
        ids: list[str] = self.admin.ask("POST", path, {"Targets": targets})["Ids"]
        return ids

    def change(self, id: str, **values: Any) -> None:
        self.admin.ask("PATCH", f"/api/data/v9.2/accounts({id})", values)

    def delete(self, id: str) -> None:
        self.admin.ask("DELETE", f"/api/data/v9.2/accounts({id})")


class FinOpsWorld:
    """An F&O simulator with group 10 and USD, the system under test, and the gates between."""

    def __init__(self, base: str) -> None:
        self.admin = Admin(base)
        self.gates, self.clock = gates()
        self.slept: list[float] = []
        self.system = self.connected(base)
        for name, row in (("CustomerGroups", {"CustomerGroupId": "10"}), ("Currencies", {"CurrencyCode": "USD"})):
            self.admin.ask("POST", f"/data/{name}", row)

    def connected(self, base: str, **options: Any) -> FinOpsSystem:
        """A system whose waiting moves the gates' clock instead of the test's time."""

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.clock.advance(seconds)

        return FinOpsSystem(base, AnyToken(), self.gates, company="USMF", clock=self.clock, sleep=sleep, **options)

    def names(self) -> dict[str, str]:
        """OrganizationName by number, as stored."""
        return {row["CustomerAccount"]: row["OrganizationName"] for row in self.admin.stored("CustomersV3")}


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Swapped, str]]:
    """A server whose application every test replaces, and its address."""
    swapped = Swapped()
    with serve_in_thread(swapped) as base:
        yield swapped, base


@pytest.fixture
def sales(server: tuple[Swapped, str]) -> SalesWorld:
    server[0].app = dataverse()
    return SalesWorld(server[1])


@pytest.fixture
def shop(server: tuple[Swapped, str]) -> Shop:
    server[0].app = dataverse()
    return Shop(server[1])


@pytest.fixture
def small_shop(server: tuple[Swapped, str]) -> Shop:
    """A shop whose pages hold three rows."""
    server[0].app = dataverse(page_size=3)
    return Shop(server[1])


@pytest.fixture
def small_pages(server: tuple[Swapped, str]) -> SalesWorld:
    """A Dataverse simulator whose pages hold three rows."""
    server[0].app = dataverse(page_size=3)
    return SalesWorld(server[1])


@pytest.fixture
def finops_world(server: tuple[Swapped, str]) -> FinOpsWorld:
    server[0].app = finops()
    return FinOpsWorld(server[1])


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def still() -> tuple[MemoryGates, MemoryClock]:
    return gates()


@pytest.fixture
def scripted_sales(script: Scripted, still: tuple[MemoryGates, MemoryClock]) -> SalesSystem:
    return SalesSystem(script.base, AnyToken(), still[0])


@pytest.fixture
def scripted_finops(script: Scripted, still: tuple[MemoryGates, MemoryClock]) -> Callable[..., FinOpsSystem]:
    return lambda **options: FinOpsSystem(script.base, AnyToken(), still[0], company="usmf", **options)
