"""`python -m local demo`: what it prints, what it leaves, and that it sees a promise that is broken."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from local import checks
from local.data.folder import DataFolder
from local.data.generate import generate
from local.data.quotes import enter_quotes
from local.demo import started, wait_until_quiet
from local.world import World
from sync.app import App, create_app
from tests.local.command_world import alive, finish, start, wait_for_children

ACCOUNTS, PRODUCTS = "accounts_to_finops", "products_to_sales"
FLOWS = {ACCOUNTS, PRODUCTS, "contacts_to_finops", "contact_customers_to_finops", "quotes_to_finops"}
ENDINGS = {"detected", "created", "adopted", "updated", "unchanged", "superseded", "removed"}
QUICK = {"DETECT_SCHEDULE": "* * * * * *", "SNAPSHOT_SCHEDULE": "* * * * * *"}
REASONED = {"skipped", "waiting", "parked", "warnings"}


SECOND_ROUND = (
    "Numberless Goods gets a number -> N000009, contact person Waits, ODD-CUSTOMER with 1 line,",
    "X-STOP is sold again -> 9.95 in Sales, ODD-PRODUCT with 1 line, 29.85, Created",
    "is renamed -> C010001 ",
    "gets a clerk's line -> line 900 is still there",
    "is sent out -> ",
    ", Sent ",
    "is no longer sold -> ",
    "no longer waiting: customer-not-linked 1, product-not-linked 1",
    "quotation-locked: Reset the quotation in F&O",
)
"""What the second round shows of what people did, on one line."""


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_demo_ends_well_in_an_empty_environment_and_leaves_the_contracted_files(tmp_path: Path) -> None:
    ended = finish(start("demo", "--json", tmp_path / "summary.json", "--dump", tmp_path / "dump"))

    assert (ended.status, ended.err) == (0, "")
    assert all(f"kept  {promise}" in ended.out for promise in checks.PROMISES)
    assert len(ended.out.splitlines()) < 100, "a screen of a small letter"
    assert "skipped" in ended.out.split("What waits for what")[0]
    waits, _, second = ended.out.partition("What waits for what")[2].partition("The second round")
    assert "account Numberless Goods, parked:" in " ".join(waits.split())
    for deed in SECOND_ROUND:
        assert deed in " ".join(second.split()), second
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary.keys() == {"flows", "requests", "storage", "seconds"}
    assert summary["requests"].keys() == {"sales", "finops"}
    assert summary["storage"].keys() == {"queue", "table"}
    assert all(count > 0 for counts in (summary["requests"], summary["storage"]) for count in counts.values())
    assert isinstance(summary["seconds"], float)
    assert summary["flows"].keys() == FLOWS
    for name, counts in summary["flows"].items():
        assert_closes(counts)
        assert re.search(rf"^{name}: [1-9]\d* changes, [1-9]\d* came: ", ended.out, re.MULTILINE)
        assert all(code in ended.out for reason in REASONED for code in counts[reason])

    tables = {name: read(tmp_path / "dump" / f"{name}.csv") for name in ("sales/accounts", "finops/CustomersV3")}
    accounts, customers = tables["sales/accounts"], tables["finops/CustomersV3"]
    led = [row for row in customers if row["PartyType"] == "Organization" and row["ContactPersonId"]]
    assert summary["flows"][ACCOUNTS]["updated"] > len(led) > 0, "the primary contact is sent once it is there"
    looked = sum(summary["flows"][ACCOUNTS][name] for name in ("updated", "unchanged", "superseded"))
    assert summary["flows"][ACCOUNTS]["detected"] - looked == len(accounts)
    persons = [row for row in customers if row["PartyType"] == "Person"]
    assert len(customers) - len(persons) == summary["flows"][ACCOUNTS]["created"]
    assert len(persons) == summary["flows"]["contact_customers_to_finops"]["created"] > 0
    numbers = {row["accountnumber"] for row in accounts}
    assert {row["CustomerAccount"] for row in customers if row not in persons} <= numbers
    assert all(row["dataAreaId"] == "usmf" and row["IsExternallyMaintained"] == "Yes" for row in customers)
    codes = {row["transactioncurrencyid"] for row in read(tmp_path / "dump" / "sales" / "transactioncurrencies.csv")}
    assert {row["_transactioncurrencyid_value"] for row in accounts} <= codes | {""}


def assert_closes(counts: dict[str, Any]) -> None:
    """The form of a flow's counts in `--json`, and that they close."""
    assert counts.keys() == ENDINGS | REASONED
    assert all(isinstance(counts[name], int) for name in ENDINGS)
    assert all(isinstance(count, int) for name in REASONED for count in counts[name].values())
    reasons = sum(sum(counts[name].values()) for name in ("skipped", "waiting", "parked"))
    assert counts["detected"] == reasons + sum(counts[name] for name in ENDINGS - {"detected"}) > 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "nowhere is not a folder. Name one that holds accounts.csv and the reference files."),
        ({}, "holds no accounts.csv. Put the records there"),
        ({"accounts.csv": 'accountid,name\na-1,"One\n'}, "accounts.csv, line 2: unexpected end of data. Close every"),
        ({"accounts.csv": "accountid,name\na-1\n"}, "accounts.csv, line 2: 1 fields, but "),
    ],
    ids=["missing", "empty", "open quote", "too few fields"],
)
def test_a_data_folder_that_cannot_be_read_ends_the_command_with_a_sentence(
    content: dict[str, str] | None, told: str, tmp_path: Path
) -> None:
    folder = tmp_path / "nowhere"
    if content is not None:
        folder.mkdir()
        for name, text in content.items():
            (folder / name).write_text(text, encoding="utf-8")

    ended = finish(start("demo", "--data", folder))

    assert ended.status == 2
    assert ended.err.startswith(str(tmp_path)), "no name of a Python class before it"
    assert told in ended.err
    assert "Traceback" not in ended.err + ended.out
    assert len(ended.err.splitlines()) == 1


def test_the_summary_can_go_where_another_program_reads_it(tmp_path: Path) -> None:
    generate(tmp_path, accounts=10)

    ended = finish(start("demo", "--data", tmp_path, "--json", "-"))

    assert ended.status == 0
    assert json.loads(ended.out)["flows"].keys() == FLOWS
    assert "kept  " in ended.err


@pytest.mark.parametrize(
    ("option", "place", "told"),
    [
        ("--dump", "a-file", "is not a folder. Name a folder, which need not be there yet."),
        ("--dump", "a-file/below", "cannot be written: Not a directory. Name another place."),
        ("--json", "a-folder", "is a folder. Name a file, or - for standard output."),
        ("--json", "a-file/summary.json", "cannot be written: "),
        ("--json", "/proc/summary.json", "/proc cannot be written: "),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_started(
    option: str, place: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("kept")
    (tmp_path / "a-folder").mkdir()

    ended = finish(start("demo", "--data", tmp_path / "nowhere", option, tmp_path / place))

    assert (ended.status, ended.out) == (2, "")
    assert f"Invalid value for '{option}': " in ended.err
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert "nowhere" not in ended.err, "it was looked at first"
    assert (tmp_path / "a-file").read_text() == "kept"


def test_a_row_that_a_system_refuses_ends_the_command_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("accountid,name\nnot-an-id,One\n", encoding="utf-8")

    ended = finish(start("demo", "--data", tmp_path, "--quiet"))

    assert ended.status == 2
    assert ended.err.startswith(f"{tmp_path / 'accounts.csv'}, line 2: POST accounts was answered 400: ")
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_a_demo_that_is_asked_to_end_takes_its_children_with_it() -> None:
    process = start("demo")
    children = wait_for_children(process, 4)  # Azurite, both simulators, the identity endpoint

    process.send_signal(signal.SIGTERM)
    ended = finish(process, seconds=60)

    assert ended.status == 128 + signal.SIGTERM
    assert alive(children) == []


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, App]]:
    """A synced world with no host left in it, so that nothing mends what a test breaks."""
    folder = tmp_path_factory.mktemp("data")
    generate(folder, accounts=20, contacts=10, products=8, quotes=4)
    data = DataFolder(folder)
    with started(data, settings=QUICK) as world:
        app = create_app(world.settings)
        wait_until_quiet(app)
        enter_quotes(data, world.sales)
        wait_until_quiet(app)
        world.stop_host(world.hosts[0])
        yield world, app


def seen(world: World, app: App) -> list[tuple[str, str]]:
    """The promises that are seen broken, and how."""
    return [(each.promise, each.sight) for each in checks.check_world(world, app, app.status())]


def customer(number: str) -> str:
    return f"CustomersV3(dataAreaId='usmf',CustomerAccount='{number}')"


def test_the_checks_see_every_promise_that_is_broken_for_accounts_behind_the_apps_back(
    quiet: tuple[World, App],
) -> None:
    world, app = quiet
    assert seen(world, app) == []
    (account,) = (row for row in world.rows("sales", "accounts") if row["accountnumber"] == "C010004")
    (row,) = (row for row in world.rows("finops", "CustomersV3") if row["CustomerAccount"] == "C010004")
    name = f"accounts {account['accountid']}"
    body = {
        "dataAreaId": "usmf", "CustomerAccount": "C010004", "OrganizationName": row["OrganizationName"],
        "CustomerGroupId": "10", "SalesCurrencyCode": row["SalesCurrencyCode"], "PartyType": "Organization",
        "PartyNumber": row["PartyNumber"], "ContactPersonId": row["ContactPersonId"],
    }  # fmt: skip

    world.finops.send("PATCH", customer("C010004"), {"OrganizationName": "Somebody Else"})
    assert seen(world, app) == [("The newest wins", f"{name} has another name than its customer")]
    found = [(each.promise, each.sight) for each in checks.drifted(world)]
    assert found == [("The newest wins", "accounts_to_finops: the sweep finds differs C010004")]

    led = [row for row in world.rows("finops", "CustomersV3") if row["ContactPersonId"]]
    one, other = led[0], led[1]["ContactPersonId"]
    world.finops.send("PATCH", customer("C010004"), {"OrganizationName": row["OrganizationName"]})
    world.finops.send("PATCH", customer(one["CustomerAccount"]), {"ContactPersonId": other})
    ((promise, sight),) = seen(world, app)
    assert (promise, sight.partition(" has ")[2]) == ("The newest wins", "another primary contact than its customer")
    world.finops.send("PATCH", customer(one["CustomerAccount"]), {"ContactPersonId": one["ContactPersonId"]})
    assert seen(world, app) == []

    world.finops.send("DELETE", customer("C010004"))
    assert seen(world, app)[0] == ("Nothing disappears", f"{name} is not in CustomersV3, and nothing says why")

    world.finops.send("POST", "CustomersV3", body)
    assert seen(world, app) == []
    world.finops.send("POST", "CustomersV3", {**body, "CustomerAccount": "C010004-2", "PartyNumber": ""})
    assert seen(world, app) == [("Nothing doubles", "CustomersV3 c010004-2 belongs to none of accounts")]
    world.finops.send("DELETE", customer("C010004-2"))
    assert seen(world, app) == []


def test_the_checks_see_every_promise_that_is_broken_for_contacts(quiet: tuple[World, App]) -> None:
    world, app = quiet
    person = world.rows("finops", "ContactPersons")[0]
    path = f"ContactPersons(dataAreaId='usmf',ContactPersonId='{person['ContactPersonId']}')"

    world.finops.send("PATCH", path, {"LastName": "Somebody Else"})
    (broken,) = {promise for promise, _ in seen(world, app)}
    assert broken == "The newest wins"
    world.finops.send("PATCH", path, {"LastName": person["LastName"]})
    assert seen(world, app) == []

    world.finops.send("DELETE", path)
    assert [promise for promise, _ in seen(world, app)] == ["Nothing disappears"]
    kept = (
        "dataAreaId",
        "ContactPersonId",
        "ContactPersonPartyNumber",
        "AssociatedPartyNumber",
        "FirstName",
        "LastName",
    )
    world.finops.send("POST", "ContactPersons", {name: person[name] for name in kept})
    assert seen(world, app) == []

    world.finops.send("POST", "ContactPersons", {"dataAreaId": "usmf", "ContactPersonId": "X-1", "LastName": "Extra",
                                                 "AssociatedPartyNumber": person["AssociatedPartyNumber"]})  # fmt: skip
    assert seen(world, app) == [("Nothing doubles", "ContactPersons x-1 belongs to none of contacts")]
    world.finops.send("DELETE", "ContactPersons(dataAreaId='usmf',ContactPersonId='X-1')")


def test_the_checks_see_every_promise_that_is_broken_for_products(quiet: tuple[World, App]) -> None:
    world, app = quiet
    prices = {row["_productid_value"]: row for row in world.rows("sales", "productpricelevels")}
    product = next(row for row in world.rows("sales", "products") if row["productid"] in prices)
    path, item = f"products({product['productid']})", prices[product["productid"]]
    name = f"SellableReleasedProducts {product['productnumber'].lower()}"
    change = {"If-Match": "*"}

    world.sales.send("PATCH", path, {"name": "Something else"}, **change)
    assert seen(world, app) == [("The newest wins", f"{name} has another name in Sales")]
    world.sales.send("PATCH", path, {"name": product["name"]}, **change)

    price = f"productpricelevels({item['productpricelevelid']})"
    world.sales.send("PATCH", price, {"amount": 1234567.0}, **change)
    assert seen(world, app) == [("The newest wins", f"{name} has another price in Sales")]
    world.sales.send("PATCH", price, {"amount": item["amount"]}, **change)
    assert seen(world, app) == []


def test_the_checks_see_messages_that_no_function_could_take(quiet: tuple[World, App]) -> None:
    world, app = quiet
    (queue_name,) = (each.queue for each in app.bindings if each.name == ACCOUNTS)
    queue = QueueClient.from_connection_string(world.settings["AzureWebJobsStorage"], f"{queue_name}-poison")
    queue.send_message("bad")
    assert seen(world, app) == [("No record blocks another", f"1 messages of {ACCOUNTS} are in its poison queue")]
    queue.clear_messages()


def test_the_checks_see_every_promise_that_is_broken_for_quotes(quiet: tuple[World, App]) -> None:
    world, app = quiet
    quotation = world.rows("finops", "CDSSalesQuotationHeaders")[0]
    number = quotation["SalesQuotationNumber"]
    path = f"CDSSalesQuotationHeaders(dataAreaId='usmf',SalesQuotationNumber='{number}')"
    (quote,) = (row for row in world.rows("sales", "quotes") if row["quotenumber"] == number)
    name = f"quotes {quote['quoteid']}"

    world.finops.send("PATCH", path, {"SalesQuotationName": "Something else"})
    assert seen(world, app) == [("The newest wins", f"{name} has another name than its quotation")]
    world.finops.send("PATCH", path, {"SalesQuotationName": quotation["SalesQuotationName"]})
    assert seen(world, app) == []

    line = next(row for row in world.rows("finops", "CDSSalesQuotationLines") if row["SalesQuotationNumber"] == number)
    at = f"LineCreationSequenceNumber={line['LineCreationSequenceNumber']}"
    key = f"dataAreaId='usmf',{at},SalesQuotationNumber='{number}'"
    world.finops.send("PATCH", f"CDSSalesQuotationLines({key})", {"RequestedSalesQuantity": 77})
    ((promise, sight),) = seen(world, app)
    assert (promise, sight.partition(" has ")[2].partition(":")[0]) == (
        "The newest wins",
        "lines that its quotation has not",
    )
    world.finops.send(
        "PATCH", f"CDSSalesQuotationLines({key})", {"RequestedSalesQuantity": line["RequestedSalesQuantity"]}
    )
    assert seen(world, app) == []

    world.finops.send("DELETE", path)
    assert seen(world, app) == [
        ("Nothing disappears", f"{name} is not in CDSSalesQuotationHeaders, and nothing says why")
    ]
