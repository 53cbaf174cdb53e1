"""Columns that a live system lacks, before the first run and in the midst of it (flows.md 1.13)."""

from __future__ import annotations

import json
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sync import live_columns
from sync.app import check_live
from sync.cli import main
from sync.status import LACKING
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, PRODUCTS, Trade
from tests.acceptance.acceptance_world import World, shown, since
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ALL = (PRODUCTS, ACCOUNTS, CONTACTS, BUYERS)
FAX = "CustomersV3.PrimaryContactFax"
NO_FAX = (
    "A27 is switched off: CustomersV3 of F&O has no column PrimaryContactFax. Name a column that is there, "
    "bring PrimaryContactFax back, or take the line out (a row: enabled: false)."
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What both systems have is asked for each time, and believed at once: an hour goes by between two looks."""
    monkeypatch.setattr(live_columns, "KEEP", timedelta(0))
    monkeypatch.setattr(live_columns, "LOOK", timedelta(0))


def metadata_read(world: World) -> int:
    """How often F&O's metadata were read."""
    return sum(count for name, count in world.finops_admin.counters()["by_request"].items() if "$metadata" in name)


def run(here: Installation, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "300", **here.environment}).invoke(main, list(arguments))


def test_a_row_whose_column_finops_lacks_is_off_and_told_and_old_records_get_the_value_when_it_comes(
    world: World, trade: Trade
) -> None:
    world.finops_admin.switch(
        hidden_columns=[FAX, "ContactPersons.EmploymentDepartment", "SellableReleasedProducts.ProductDescription"]
    )
    account = world.account("C1", "Contoso", fax="555-0100")
    trade.contact("Doe", account=account, department="Purchasing", fax="555-0101")
    trade.release("P1")
    world.settle()
    here = world.install()
    statuses = here.sync_all(*ALL)
    assert world.customer("C1")["OrganizationName"] == "Contoso"
    assert not world.customer("C1").get("PrimaryContactFax")
    assert trade.person()["PrimaryFaxNumber"] == "555-0101"
    assert trade.product("P1")["name"] == "Product P1"
    assert statuses[ACCOUNTS].lacks == [NO_FAX]
    assert statuses[ACCOUNTS].state == "running"
    assert statuses[ACCOUNTS].reasons == []
    assert [lack.partition(".")[0] for flow in (CONTACTS, PRODUCTS) for lack in statuses[flow].lacks] == [
        "C14 is switched off: ContactPersons of F&O has no column EmploymentDepartment",
        "P3 is switched off: SellableReleasedProducts of F&O has no column ProductDescription",
    ]
    assert metadata_read(world) == 1, "one process reads them once, for all flows"

    told = run(here, "status")
    assert told.exit_code == 0, told.output
    assert "column lacking" in told.output
    assert "A27 is switched off" in told.output
    assert json.loads(run(here, "status", "--json").output)["flows"][ACCOUNTS]["lacking"] == [NO_FAX]
    listed = json.loads(run(here, "issues", "--json").output)
    assert {(each["flow"], each["code"], each["column"]) for each in listed} == {
        (ACCOUNTS, LACKING, "PrimaryContactFax"),
        (BUYERS, LACKING, "PrimaryContactFax"),
        (CONTACTS, LACKING, "EmploymentDepartment"),
        (PRODUCTS, LACKING, "ProductDescription"),
    }
    assert metadata_read(world) == 1, "who looks at an installation asks no system"

    world.finops_admin.switch(hidden_columns=[])
    here.forget_columns()
    again = world.install()
    after = again.sync_all(*ALL)
    assert world.customer("C1")["PrimaryContactFax"] == "555-0100"
    assert trade.person()["EmploymentDepartment"] == "Purchasing"
    assert since(statuses[ACCOUNTS].totals, after[ACCOUNTS].totals) == {"updated": 1}
    for flow in ALL:
        expect_no_issue(again.of(flow))


@pytest.mark.usefixtures("quick")
def test_a_column_that_goes_in_the_midst_of_it_takes_its_row_along_and_brings_it_back(world: World) -> None:
    ids = world.accounts([{"accountnumber": f"C{n}", "name": f"Company {n}", "currency": "USD", "fax": "1"}
                          for n in range(3)])  # fmt: skip
    world.settle()
    here = world.install()
    here.sync()
    assert {row["PrimaryContactFax"] for row in world.customers().values()} == {"1"}

    world.finops_admin.switch(hidden_columns=[FAX])
    world.change(ids[0], name="Renamed", fax="2")
    world.change(ids[1], fax="2")
    here.sync()
    assert world.customer("C0")["OrganizationName"] == "Renamed"
    assert here.status().lacks == [NO_FAX]
    assert shown(here.status().totals).get("parked") is None

    world.finops_admin.switch(hidden_columns=[])
    here.sync()
    assert [world.customer(f"C{n}")["PrimaryContactFax"] for n in range(3)] == ["2", "2", "1"]
    expect_no_issue(here)


def test_what_is_refused_until_the_hour_is_over_goes_on_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = world.account("C1", "Contoso", fax="1")
    world.settle()
    here = world.install()
    here.sync()
    world.finops_admin.switch(hidden_columns=[FAX])
    world.change(id, name="Renamed", fax="2")
    here.sync()
    assert here.issues(), "F&O refuses what it does not have"
    monkeypatch.setattr(live_columns, "KEEP", timedelta(0))
    monkeypatch.setattr(live_columns, "LOOK", timedelta(0))
    again = world.install()
    # The processes read the clock of the storage each for itself, to within a second: a later tick settles it.
    deadline = time.monotonic() + 10
    while world.customer("C1")["OrganizationName"] != "Renamed" and time.monotonic() < deadline:
        again.sync()
    assert world.customer("C1")["OrganizationName"] == "Renamed"
    assert [issue.trouble.code for issue in again.issues().values()] == [LACKING]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("system", "hidden", "what"),
    [
        ("finops", "CustomersV3.OrganizationName", "CustomersV3 of F&O has no column OrganizationName"),
        ("finops", "CustomersV3.PartyNumber", "CustomersV3 of F&O has no column PartyNumber"),
        ("sales", "accounts.accountnumber", "accounts has no column accountnumber"),
    ],
)
def test_a_column_that_says_whose_row_it_is_stops_its_flow_alone_until_it_is_back(
    world: World, trade: Trade, system: str, hidden: str, what: str
) -> None:
    """Of a key F&O's simulator hides nothing: the number in Sales is what becomes one."""
    admin, column = world.sales_admin if system == "sales" else world.finops_admin, hidden.partition(".")[2]
    account = world.account()
    world.settle()
    here = world.install()
    here.sync_all(*ALL)
    admin.switch(hidden_columns=[hidden])
    world.change(account, telephone1="555-0100")
    trade.release("P1")
    with pytest.raises(Exception, match=what):
        here.detect()
    here.of(PRODUCTS).sync()
    assert set(trade.products()) == {"P1"}
    statuses = here.statuses()
    assert (statuses[ACCOUNTS].state, statuses[PRODUCTS].state) == ("stopped", "running")
    (reason,) = statuses[ACCOUNTS].reasons
    assert f"{what}. Name a column that is there, bring {column} back" in reason
    assert "mappings/accounts.yaml:" in reason
    assert here.issues()["*detect"].trouble.code == "flow-stopped"
    assert run(here, "status").exit_code == 1

    admin.switch(hidden_columns=[])
    here.sync()
    assert world.customer()["PrimaryContactPhone"] == "555-0100"
    expect_no_issue(here)


@pytest.mark.usefixtures("quick")
def test_a_column_of_sales_that_products_would_be_written_to_is_left_out_and_filled_when_it_comes(
    world: World, trade: Trade
) -> None:
    world.sales_admin.switch(hidden_columns=["products.description"])
    trade.release("P1", ProductDescription="Sturdy")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    assert trade.product("P1")["name"] == "Product P1"
    assert [lack.partition(". ")[0] for lack in here.status().lacks] == [
        "P3 is switched off: products has no column description"
    ]
    world.sales_admin.switch(hidden_columns=[])
    here.sync()
    assert trade.product("P1")["description"] == "Sturdy"
    expect_no_issue(here)


def test_a_table_that_values_are_looked_up_in_and_that_is_not_there_leaves_them_blank_and_is_told(
    world: World, tmp_path: Path
) -> None:
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings, ignore=shutil.ignore_patterns("__pycache__"))
    text = (mappings / "accounts.yaml").read_text(encoding="utf-8")
    assert "{set: transactioncurrencies, " in text
    (mappings / "accounts.yaml").write_text(text.replace("{set: transactioncurrencies, ", "{set: monies, "), "utf-8")
    world.account("C1", "Contoso", currency="USD")
    world.settle()
    settings = {"MAPPINGS": str(mappings), "ACCOUNTS__DEFAULT_CURRENCY": "EUR"}
    here = world.install(**settings)
    here.sync()
    assert world.customer("C1")["SalesCurrencyCode"] == "EUR"
    lacks = "A10 reads a blank: Sales has no table monies"
    assert [lack.partition(". ")[0] for lack in here.status().lacks] == [lacks]
    told = [each for each in check_live({**world.environment, **settings}) if lacks in str(each)]
    assert [each.severity for each in told] == ["warning"]
    told = check_live({**world.environment, **settings, "ACCOUNTS__DEFAULT_CURRENCY": ""})
    blank = "A10 reads a blank for every new record, which is parked as currency-missing: Sales has no table monies"
    assert [each.severity for each in told if blank in str(each)] == ["error"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("system", ["sales", "finops"])
def test_metadata_that_cannot_be_read_keep_a_flow_waiting_and_lose_nothing(world: World, system: str) -> None:
    id = world.account()
    world.settle()
    here = world.install()
    here.sync()
    admin, path = (world.sales_admin, "EntityDefinitions") if system == "sales" else (world.finops_admin, "$metadata")
    admin.fault({"status": 500}, path)
    world.change(id, name="Renamed")
    assert here.app.detect(ACCOUNTS) is None
    assert here.status().state == "not available"
    admin.heal()
    here.sync()
    assert world.customer("C1")["OrganizationName"] == "Renamed"
    expect_no_issue(here)
