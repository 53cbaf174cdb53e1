"""A world for one test: fresh simulators, tables and queues of its own, and what people do in both systems."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from local.data.enter import Api, clerk, seller
from local.simulators.dataverse.app import create_app as dataverse_app
from local.simulators.finops.app import create_app as finops_app
from sync.app import create_app
from sync.stores.clock import StorageClock
from sync.totals import Totals
from tests.acceptance.acceptance_host import HastyOutbox, Installation
from tests.acceptance.acceptance_servers import Admin, Servers
from tests.shipped import shipped_mappings

ROOT = Path(__file__).resolve().parents[2]


class Ahead(StorageClock):
    """The clock of a process that is at work later than this test."""

    def __init__(self, clock: StorageClock, time: timedelta) -> None:
        super().__init__(lambda: None)
        self._clock, self._time = clock, time

    def now(self) -> datetime:
        return self._clock.now() + self._time


class World:
    """Fresh simulators with the reference data that customers need, and tables and queues of their own."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._prefix = f"t{uuid.uuid4().hex[:12]}"
        self._installations: list[Installation] = []
        self.currencies: dict[str, str] = {}
        self.start()
        self.sales_admin, self.finops_admin = Admin(servers.sales_url), Admin(servers.finops_url)

    def start(self, *, organization_id: str | None = None, page_size: int = 5000) -> None:
        """Both systems, new and empty."""
        servers = self._servers
        servers.sales.app = dataverse_app(
            token_key=servers.token_key, page_size=page_size, organization_id=organization_id
        )
        servers.finops.app = finops_app(token_key=servers.token_key, company="usmf")
        self.sales: Api = seller(servers.sales_url, servers.token_key)
        self.finops: Api = clerk(servers.finops_url, servers.token_key)
        self.currencies.clear()

    def enter_reference_data(self) -> None:
        """A customer group and two currencies in F&O, the same currencies in Sales."""
        self.finops.send("POST", "CustomerGroups", {"dataAreaId": "usmf", "CustomerGroupId": "10"})
        for code in ("USD", "EUR"):
            self.finops.send("POST", "Currencies", {"CurrencyCode": code, "Name": code})
            self.enter_currency(code)

    def enter_currency(self, code: str) -> None:
        """A currency in Sales."""
        body = {"isocurrencycode": code, "currencyname": code, "currencysymbol": code, "currencyprecision": 2,
                "exchangerate": 1}  # fmt: skip
        self.currencies[code] = created(self.sales.send("POST", "transactioncurrencies", body))

    def account(self, number: str | None = "C1", name: str = "Contoso", *, currency: str | None = "USD",
                **values: Any) -> str:  # fmt: skip
        """A new account; gives its id."""
        return self.accounts([account(number, name, currency=currency, **values)])[0]

    def accounts(self, bodies: Iterable[Mapping[str, Any]]) -> list[str]:
        """Many new accounts, as of `account`; gives their ids."""
        targets = []
        for body in bodies:
            values = {name: value for name, value in body.items() if name != "currency"}
            if body.get("currency"):
                currency = self.currencies[body["currency"]]
                values["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({currency})"
            targets.append({"@odata.type": "Microsoft.Dynamics.CRM.account", **values})
        path = "accounts/Microsoft.Dynamics.CRM.CreateMultiple"
        ids: list[str] = self.sales.send("POST", path, {"Targets": targets}).json()["Ids"]
        return ids

    def change(self, id: str, **values: Any) -> None:
        """A person changes an account."""
        self.sales.send("PATCH", f"accounts({id})", values, **{"If-Match": "*"})

    def delete(self, id: str) -> None:
        """A person deletes an account."""
        self.sales.send("DELETE", f"accounts({id})")

    def merge(self, kept: str, merged: str) -> None:
        """A person merges one account into another one."""
        kind = {"@odata.type": "Microsoft.Dynamics.CRM.account"}
        body = {"Target": {"accountid": kept, **kind}, "Subordinate": {"accountid": merged, **kind}}
        self.sales.send("POST", "Merge", {**body, "PerformParentingChecks": False})

    def deactivate(self, id: str) -> None:
        self.change(id, statecode=1, statuscode=2)

    def activate(self, id: str) -> None:
        self.change(id, statecode=0, statuscode=1)

    def seller_of_unit(self, unit: str) -> str:
        """A new business unit with a seller in it; gives the seller's id, to whom accounts can be assigned."""
        (root,) = (row["businessunitid"] for row in self.sales_admin.rows("businessunits"))
        body = {"name": unit, "parentbusinessunitid@odata.bind": f"/businessunits({root})"}
        child = created(self.sales.send("POST", "businessunits", body))
        person = {"firstname": "Sam", "lastname": unit, "businessunitid@odata.bind": f"/businessunits({child})"}
        return created(self.sales.send("POST", "systemusers", person))

    def open_second_company(self, folder: Path) -> str:
        """F&O gets the company DEMF, to which the business unit "Contoso Germany" belongs; gives the mapping files."""
        self.finops.send("POST", "LegalEntities", {"LegalEntityId": "demf", "Name": "Contoso Germany"})
        self.finops.send("POST", "CustomerGroups", {"dataAreaId": "demf", "CustomerGroupId": "10"})
        mappings = folder / "mappings"
        shutil.copytree(shipped_mappings(), mappings)
        units = mappings / "values" / "company_by_business_unit.yaml"
        units.write_text(units.read_text().replace("pairs: {}", "pairs: {contoso germany: DEMF}"))
        return str(mappings)

    def sales_row(self, id: str) -> dict[str, Any]:
        """An account as stored."""
        (row,) = (row for row in self.sales_admin.rows("accounts") if row["accountid"] == id)
        return row

    def customers(self) -> dict[str, dict[str, Any]]:
        """The customers as stored, by number; no number may be there twice in a company."""
        rows = self.finops_admin.rows("CustomersV3")
        keys = {(row["dataAreaId"], row["CustomerAccount"].casefold()) for row in rows}
        assert len(keys) == len(rows), "a customer exists twice"
        return {row["CustomerAccount"]: row for row in rows}

    def customer(self, number: str = "C1") -> dict[str, Any]:
        return self.customers()[number]

    def enter_customer(self, number: str = "C1", name: str = "Contoso", **values: Any) -> None:
        """A clerk enters a customer in F&O."""
        good = {"dataAreaId": "usmf", "CustomerGroupId": "10", "SalesCurrencyCode": "EUR"}
        self.finops.send("POST", "CustomersV3", {**good, "CustomerAccount": number, "OrganizationName": name, **values})

    def change_customer(self, number: str = "C1", **values: Any) -> None:
        """A clerk changes a customer in F&O."""
        self.finops.send("PATCH", f"CustomersV3(dataAreaId='usmf',CustomerAccount='{number}')", values)

    def settle(self) -> None:
        """What was entered so far was entered an hour ago, so that a full read reads it once; counts start anew."""
        self.sales_admin.advance(3600)
        self.count_anew()

    def count_anew(self) -> None:
        self.sales_admin.reset()
        self.finops_admin.reset()

    @property
    def environment(self) -> dict[str, str]:
        """The app settings of an installation in this world."""
        servers = self._servers
        return {
            "AzureWebJobsStorage": servers.connection,
            "SALES_URL": servers.sales_url,
            "FINOPS_URL": servers.finops_url,
            "COMPANY": "usmf",
            "MAPPINGS": str(shipped_mappings()),
            "SIGN_IN": "managed-identity",
            "DIGEST_KEY": "acceptance tests, not a secret",
            "TABLE_PREFIX": self._prefix,
            "QUEUE_PREFIX": self._prefix,
            "LINK_PARTITIONS": "1",
        }

    def install(self, **settings: str) -> Installation:
        """The app with these settings on top; the storage is that of the world, whatever was installed before."""
        environment = {**self.environment, **settings}
        app = create_app(environment, ROOT)
        queues = {each.name: each.queue for each in app.bindings}
        outbox = HastyOutbox.from_connection_string(
            environment["AzureWebJobsStorage"], queues, operations=app.connections.operations
        )
        outbox.delays = []
        app.connections.outbox = outbox
        self._installations.append(Installation(app, environment, outbox))
        return self._installations[-1]

    def install_later(self, hours: float, **settings: str) -> Installation:
        """The same, in a process whose clock is so many hours ahead: what was put off until then is due."""
        here = self.install(**settings)
        here.app.connections.storage.clock = Ahead(here.app.connections.storage.clock, timedelta(hours=hours))
        return here

    def close(self) -> None:
        for installation in self._installations:
            installation.close()


def account(number: str | None, name: str, *, currency: str | None = "USD", **values: Any) -> dict[str, Any]:
    """What a seller types in for an account; None leaves a column empty."""
    body = {"accountnumber": number, "name": name, "currency": currency, **values}
    return {column: value for column, value in body.items() if value is not None}


def many(count: int, *, prefix: str = "M") -> list[dict[str, Any]]:
    """So many ordinary accounts, `M0000` and so on."""
    return [account(f"{prefix}{index:04}", f"Company {index}") for index in range(count)]


def shown(totals: Totals) -> dict[str, Any]:
    """What a status shows, without what is zero or empty."""
    return {name: value for name, value in totals.as_json().items() if value and name != "detected"}


def since(before: Totals, after: Totals) -> dict[str, int]:
    """How many changes ended how between two statuses, by ending."""
    grown = {ending: after.endings[ending] - before.endings[ending] for ending in after.endings}
    return {str(ending): count for ending, count in grown.items() if count}


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A row without these columns, for comparisons."""
    return {name: value for name, value in row.items() if name not in names}


def created(answer: requests.Response) -> str:
    """The id in the address of a new row."""
    return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")
