"""A whole run with every kind of trouble leaves no secret and nothing of the data in tables, queues, blobs and logs
(promise 8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from local import azurite
from local.data.folder import DataFolder
from local.data.generate import generate
from local.data.quotes import enter_quotes
from local.demo import wait_until_quiet
from local.world import World
from sync.app import create_app
from tests.faults.faults_world import (
    FAILED_COMES_BACK,
    SHORT_TIMES,
    SMALL_BATCHES,
    break_requests,
    eventually,
    loaded,
    mend_requests,
)
from tests.faults.recorder import Recorder

PERSONAL = {
    "accounts": ("name", "telephone1", "emailaddress1", "address1_line1", "address1_line2", "address1_postalcode"),
    "contacts": ("firstname", "middlename", "lastname", "emailaddress1", "telephone1"),
    "quotes": ("name", "shipto_name", "shipto_line1", "shipto_line2", "shipto_postalcode"),
    "quotedetails": ("description",),
    "products": ("ProductName", "ProductDescription"),
}
"""What nobody may find at rest. Numbers and codes may be there: they say which record is meant."""

SHORTEST, SHORTEST_NUMBER = 4, 6
"""Letters of a value that is looked for, and digits of one that has no letter: shorter ones are in any log, as
milliseconds, counts and ports."""

TOKEN = re.compile(r"eyJ[\w-]+\.eyJ")
"""How every JSON web token begins: two objects in base64, with a point between."""

MAIL = re.compile(r"[\w.+-]+@(?!odata\.)[\w-]+\.\w{2,}")
LOUD = {"AzureFunctionsJobHost__logging__logLevel__default": "Debug"}
TALKATIVE = "The value '{}' in field 'Name' is not found in the related table. Owner: {}."


PRODUCTS = 5
ACTIVE = 0
"""The state of a product that quotes may name."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DataFolder, World, list[str], str]]:
    """The data, the world, all that was sent to storage, and the log of a host that has met every trouble."""
    folder = tmp_path_factory.mktemp("leaks")
    generate(folder / "data", seed=8, accounts=10, contacts=8, products=PRODUCTS, quotes=5)
    data, log = DataFolder(folder / "data"), folder / "host.log"
    with (
        loaded(data, LOUD | SHORT_TIMES | SMALL_BATCHES | FAILED_COMES_BACK) as world,
        Recorder(world.azurite.connection_string) as heard,
    ):
        for system, fault in _troubles(data):
            break_requests(world, system, fault, times=1, after=3)
        host = world.start_host(settings={"AzureWebJobsStorage": heard.connection}, log=log, recovery=0.3)
        app = create_app(world.settings)
        sold = {row["ProductNumber"].casefold() for row in data.rows("products") if row["IsSalesStopped"] == "No"}
        offered = sold & {line["productid"].casefold() for line in data.rows("quotedetails")}
        eventually(lambda: offered <= _published(world))
        for system in ("sales", "finops"):
            mend_requests(world, system)
        enter_quotes(data, world.sales)
        wait_until_quiet(app)
        told = [issue for flow in app.status() for issue in flow.issues]
        assert {issue.trouble.code for issue in told}, "nothing went wrong"
        world.stop_host(host)
        yield data, world, heard.texts, log.read_text(encoding="utf-8")


def _published(world: World) -> set[str]:
    """The numbers of the products that can be sold."""
    return {row["productnumber"].casefold() for row in world.rows("sales", "products") if row["statecode"] == ACTIVE}


def _troubles(data: DataFolder) -> Iterator[tuple[str, dict[str, object]]]:
    """Answers of both systems that say more than they should, and every other kind."""
    account = data.rows("accounts")[0]
    said = TALKATIVE.format(account["name"], account["emailaddress1"])
    for system in ("sales", "finops"):
        yield system, {"status": 429, "retry_after": 1, "message": said}
        yield system, {"status": 500, "message": said}
        yield system, {"read_only": True, "status": 400, "message": said}
        yield system, {"status": 502, "html": True}
        yield system, {"cut": 20}
    yield "finops", {"drop": "after"}


def test_nothing_of_the_data_is_at_rest(run: tuple[DataFolder, World, list[str], str]) -> None:
    data, _, stored, _ = run
    assert any('"chunks"' in text for text in stored), "no message was seen"
    assert _found(_values(data), stored) == {}
    assert {mail for text in stored for mail in MAIL.findall(text)} == set()


def test_nothing_of_the_data_is_in_the_log(run: tuple[DataFolder, World, list[str], str]) -> None:
    data, _, _, log = run
    assert "accounts_to_finops" in log
    assert _found(_values(data), [log]) == {}
    assert set(MAIL.findall(log)) == set()


def test_no_secret_is_at_rest_or_in_the_log(run: tuple[DataFolder, World, list[str], str]) -> None:
    _, world, stored, log = run
    settings = world.settings
    known = [azurite.KEY, settings["DIGEST_KEY"], settings["IDENTITY_HEADER"], world.token_key.hex()]
    assert [secret for secret in known for text in (*stored, log) if secret in text] == []
    assert [token for text in (*stored, log) for token in TOKEN.findall(text)] == []


def _values(data: DataFolder) -> set[str]:
    """What people have entered, as far as it is long enough to be known again."""
    found: set[str] = set()
    for table, columns in PERSONAL.items():
        for row in data.rows(table):
            found |= {row[column].strip() for column in columns if row.get(column)}
    return {value for value in found if len(value) >= (SHORTEST_NUMBER if value.isdigit() else SHORTEST)}


def _found(values: set[str], texts: Iterable[str]) -> dict[str, str]:
    """Of these values those that a text holds as words of their own, each with what stands around it."""
    whole = "\n".join(texts).casefold()
    places = {value: re.search(rf"(?<![\w-]){re.escape(value.casefold())}(?!\w)", whole) for value in values}
    return {value: whole[max(0, place.start() - 120) : place.end() + 60] for value, place in places.items() if place}
