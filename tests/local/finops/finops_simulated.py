"""A fresh F&O simulator over HTTP for a test, with the reference data that customers need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from starlette.types import ASGIApp, Receive, Scope, Send

from local.simulators.finops.app import create_app
from local.simulators.odata.serve import serve_in_thread

REFERENCE_DATA = {
    "CustomerGroups": [{"CustomerGroupId": "10", "Description": "Wholesale"}, {"CustomerGroupId": "20"}],
    "Currencies": [{"CurrencyCode": "USD", "Name": "US Dollar"}, {"CurrencyCode": "EUR"}],
    "OperationalSitesV2": [{"SiteId": "1", "SiteName": "Site 1"}],
    "Warehouses": [{"WarehouseId": "13", "OperationalSiteId": "1"}],
}
CONTOSO = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C1')"


class Finops(requests.Session):
    """A session whose addresses are relative to one simulator."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.headers["Authorization"] = "Bearer anything"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to this simulator; whole addresses are taken as they are."""
        address = url if isinstance(url, str) else url.decode()
        kwargs.setdefault("timeout", 30)
        return super().request(method, address if address.startswith("http") else self.base + address, *args, **kwargs)

    def create_customer(self, **values: Any) -> requests.Response:
        """Create Contoso, number C1, with these values over the good ones; None leaves one out."""
        return self.post("/data/CustomersV3", json=contoso(**values))

    def switch(self, **switches: Any) -> None:
        """Set switches of the simulator."""
        assert self.post("/admin/switches", json=switches).ok

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a set as stored."""
        found: list[dict[str, Any]] = self.get(f"/admin/rows/{name}").json()
        return found


def contoso(**values: Any) -> dict[str, Any]:
    """A customer that is accepted, with these values over the good ones; None leaves one out."""
    good = {"CustomerAccount": "C1", "OrganizationName": "Contoso", "CustomerGroupId": "10", "SalesCurrencyCode": "USD"}
    return {name: value for name, value in {**good, **values}.items() if value is not None}


class _Swap:
    """An ASGI application behind which another one can be put while the server runs: starting one costs more."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def simulators(**options: Any) -> Iterator[Callable[[], Finops]]:
    """A server and the function that puts a fresh simulator behind it.

    Each has groups 10 and 20, USD and EUR, site 1 and warehouse 13 in company usmf.
    """
    swap = _Swap()
    with serve_in_thread(swap) as base, Finops(base) as session:

        def fresh() -> Finops:
            swap.app = create_app(**options)
            for name, rows in REFERENCE_DATA.items():
                for row in rows:
                    assert session.post(f"/data/{name}", json=row).status_code == 201
            return session

        yield fresh


def told(answer: requests.Response, status: int = 400) -> str:
    """The useful text of a refusal in F&O's own shape (wire.md 2.6)."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("", "An error has occurred.")
    assert error["innererror"].keys() == {"message", "type", "stacktrace"}
    message: str = error["innererror"]["message"]
    return message
