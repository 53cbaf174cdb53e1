"""A fresh Dataverse simulator over HTTP for a test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import requests

from local.simulators.dataverse.app import create_app
from local.simulators.odata.serve import serve_in_thread

API = "/api/data/v9.2/"
ACCOUNT_TYPE = "Microsoft.Dynamics.CRM.account"


class Dataverse(requests.Session):
    """A session whose addresses are relative to the service root of one simulator (or to its base, after a slash)."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.api = base + API
        self.headers["Authorization"] = "Bearer anything"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to this simulator; whole addresses are taken as they are."""
        address = url if isinstance(url, str) else url.decode()
        if not address.startswith("http"):
            address = self.base + address if address.startswith("/") else self.api + address
        kwargs.setdefault("timeout", 30)
        return super().request(method, address, *args, **kwargs)

    def create(self, entity_set: str, **values: Any) -> str:
        """Create a row and return its id."""
        answer = self.post(entity_set, json=values)
        assert answer.status_code == 204, answer.text
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def row(self, entity_set: str, row_id: str) -> dict[str, Any]:
        """A row as it is read."""
        found: dict[str, Any] = self.get(f"{entity_set}({row_id})").json()
        return found

    def bulk(self, entity_set: str, message: str, targets: Sequence[dict[str, Any]]) -> requests.Response:
        """CreateMultiple, UpdateMultiple or UpsertMultiple on accounts-like targets, types filled in for accounts."""
        typed = [{"@odata.type": ACCOUNT_TYPE, **target} for target in targets]
        return self.post(f"{entity_set}/Microsoft.Dynamics.CRM.{message}", json={"Targets": typed})

    def accounts(self, number: int) -> list[str]:
        """Create so many accounts with ids of their own, names A0, A1, ..., and return the ids."""
        targets = [{"accountid": guid(place + 1), "name": f"A{place}"} for place in range(number)]
        answer = self.bulk("accounts", "CreateMultiple", targets)
        assert answer.status_code == 200, answer.text
        ids: list[str] = answer.json()["Ids"]
        return ids

    def switch(self, **switches: Any) -> None:
        """Set switches of the simulator."""
        assert self.post("/admin/switches", json=switches).ok

    def fault(self, **wanted: Any) -> None:
        """Set up a fault."""
        assert self.post("/admin/faults", json=wanted).ok

    def pages(self, url: str, prefer: str | None = None) -> list[dict[str, Any]]:
        """Every page from this address on, links followed as received."""
        pages = []
        following: str | None = url
        while following:
            answer = self.get(following, headers={"Prefer": prefer} if prefer else {})
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            following = pages[-1].get("@odata.nextLink")
        return pages


def guid(number: int) -> str:
    """A Guid that is easy to read."""
    return str(UUID(int=number))


def code(answer: requests.Response) -> tuple[int, str]:
    """Status and error code of a refusal, which must have the documented shape."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"]
    return answer.status_code, error["code"]


def exact(answer: requests.Response) -> Any:
    """The JSON of an answer with decimals as they were written."""
    return json.loads(answer.text, parse_float=Decimal)


@contextmanager
def simulated(**options: Any) -> Iterator[Dataverse]:
    """A simulator with an empty organisation."""
    with serve_in_thread(create_app(**options)) as base, Dataverse(base) as session:
        yield session
