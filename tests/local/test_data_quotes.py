"""Quotes of a data folder are entered as a seller would: draft, lines, then the state that the file says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.data.enter import EnterError
from local.data.folder import DataFolder, DataFolderError, write_folder
from tests.local.data_systems import ADVENTUREWORKS, Systems, both_systems, same

EURO = "aaaaaaaa-0000-4000-8000-000000000001"
GROUP, UNIT = "dddddddd-0000-4000-8000-000000000001", "dddddddd-0000-4000-8000-000000000002"
ACCOUNT, CONTACT = "bbbbbbbb-0000-4000-8000-000000000001", "cccccccc-0000-4000-8000-000000000001"
LISTS = [f"eeeeeeee-0000-4000-8000-00000000000{n}" for n in (1, 2)]
REFERENCE = {
    "transactioncurrencies": [
        {
            "transactioncurrencyid": EURO,
            "isocurrencycode": "EUR",
            "currencyname": "Euro",
            "currencysymbol": "E",
            "currencyprecision": "2",
            "exchangerate": "1",
        }
    ],
    "uomschedules": [{"uomscheduleid": GROUP, "name": "Default Unit", "baseuomname": "ea"}],
    "uoms": [{"uomid": UNIT, "name": "ea", "uomscheduleid": GROUP, "quantity": "1"}],
    "pricelevels": [
        {"pricelevelid": LISTS[0], "name": "Standard EUR", "transactioncurrencyid.isocurrencycode": "EUR"},
        {"pricelevelid": LISTS[1], "name": "dealer EUR", "transactioncurrencyid.isocurrencycode": "EUR"},
    ],
    "accounts": [{"accountid": ACCOUNT, "name": "One"}],
    "contacts": [{"contactid": CONTACT, "lastname": "Lovelace"}],
}
STATES = {1: ("0", "1"), 2: ("1", "3"), 3: ("2", "4"), 4: ("3", "6")}


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Systems]]:
    with both_systems() as fresh:
        yield fresh


@pytest.fixture
def systems(fresh: Callable[[], Systems]) -> Systems:
    return fresh()


def quote_id(n: int) -> str:
    return f"ffffffff-0000-4000-8000-00000000000{n}"


def quote(n: int, **columns: str) -> dict[str, str]:
    state, status = STATES[n]
    return {
        "quoteid": quote_id(n),
        "quotenumber": f"QUO-{n}",
        "name": f"Quote {n}",
        "customerid": ACCOUNT,
        "transactioncurrencyid.isocurrencycode": "EUR",
        "statecode": state,
        "statuscode": status,
        "createdon": "2004-06-01T00:00:00Z",
        "totalamount": "9.99",
        **columns,
    }


def line(n: int, **columns: str) -> dict[str, str]:
    return {
        "quotedetailid": f"99999999-0000-4000-8000-00000000000{n}",
        "quoteid": quote_id(n),
        "sequencenumber": "1",
        "productid": "BK-1",
        "quantity": "3",
        "priceperunit": "10.00",
        "manualdiscountamount": "1.50",
        "uomid": "ea",
        **columns,
    }


def written(folder: Path, **files: list[dict[str, str]]) -> Path:
    write_folder(folder, {**REFERENCE, **files})
    return folder


def test_quotes_end_in_the_state_that_the_file_says_with_their_lines(systems: Systems, tmp_path: Path) -> None:
    quotes = [quote(1), quote(2, customerid=CONTACT), quote(3), quote(4, pricelevelid=LISTS[0])]
    folder = written(tmp_path, quotes=quotes, quotedetails=[line(n) for n in STATES])
    systems.enter(folder)
    assert systems.enter_quotes(folder) == {"quotes": 4, "quotedetails": 4}

    stored = {row["quoteid"]: row for row in systems.rows("sales", "quotes")}
    for n, states in STATES.items():
        row = stored[quote_id(n)]
        assert (str(row["statecode"]), str(row["statuscode"])) == states
        assert row["createdon"].startswith("2004-06-01")
        assert row["totalamount"] == 28.5
        assert row["_customerid_value"] == (CONTACT if n == 2 else ACCOUNT)
        assert row["_pricelevelid_value"] == (LISTS[0] if n == 4 else LISTS[1])


def test_a_line_points_at_the_product_of_its_number_or_at_one_made_by_hand(systems: Systems, tmp_path: Path) -> None:
    lines = [line(1), line(2, productid="bk-1"), line(3, productid="GONE-1", description="An old bike")]
    folder = written(tmp_path, quotes=[quote(1), quote(2), quote(3)], quotedetails=lines)
    systems.enter(folder)
    product = {"productnumber": "BK-1", "name": "Bike", "productstructure": 1, "quantitydecimal": 0}
    group = {"defaultuomid@odata.bind": f"/uoms({UNIT})", "defaultuomscheduleid@odata.bind": f"/uomschedules({GROUP})"}
    systems.sales.send("POST", "products", {**product, **group})
    made = systems.rows("sales", "products")[0]["productid"]
    systems.sales.send("PATCH", f"products({made})", {"statecode": 0, "statuscode": 1}, **{"If-Match": "*"})

    systems.enter_quotes(folder)
    products = {row["productnumber"]: row for row in systems.rows("sales", "products")}
    assert products.keys() == {"BK-1", "GONE-1"}
    assert (products["GONE-1"]["statecode"], products["GONE-1"]["name"]) == (0, "An old bike")
    pointed = {row["quotedetailid"]: row["_productid_value"] for row in systems.rows("sales", "quotedetails")}
    assert [pointed[one["quotedetailid"]] for one in lines] == [made, made, products["GONE-1"]["productid"]]


@pytest.mark.parametrize(
    ("quotes", "lines", "error", "words"),
    [
        ([quote(1)], [line(1, uomid="crate")], DataFolderError, "quotedetails.csv, line 2: no unit is named 'crate'."),
        ([quote(1, statecode="9")], [], DataFolderError, "quotes.csv, line 2: statecode is '9'. A quote is 0 Draft,"),
        ([quote(1), quote(2, name="")], [], EnterError, "quotes.csv, line 3: POST quotes was answered 400: "),
        ([quote(1)], [line(1), line(2)], EnterError, "quotedetails.csv, line 3: POST quotedetails was answered 4"),
    ],
    ids=["unit", "state", "no name", "no quote"],
)
def test_what_cannot_be_entered_is_told_with_file_and_line(
    quotes: list[dict[str, str]],
    lines: list[dict[str, str]],
    error: type[Exception],
    words: str,
    systems: Systems,
    tmp_path: Path,
) -> None:
    folder = written(tmp_path, quotes=quotes, quotedetails=lines)
    systems.enter(folder)
    with pytest.raises(error) as refused:
        systems.enter_quotes(folder)
    assert words in str(refused.value)


@pytest.mark.skipif(not ADVENTUREWORKS.is_dir(), reason="the sample data of the workplace is not here")
def test_every_quote_of_adventureworks_arrives(systems: Systems) -> None:
    folder = DataFolder(ADVENTUREWORKS)
    systems.enter(ADVENTUREWORKS)
    counts = systems.enter_quotes(ADVENTUREWORKS)
    assert counts == {"quotes": len(folder.rows("quotes")), "quotedetails": len(folder.rows("quotedetails"))}
    stored = {row["quoteid"]: row for row in systems.rows("sales", "quotes")}
    for row in folder.rows("quotes"):
        for column in ("quotenumber", "name", "shipto_city", "requestdeliveryby", "freightamount", "statecode"):
            assert same(row[column], stored[row["quoteid"]][column]), (row["quoteid"], column)
    lines = {row["quotedetailid"]: row for row in systems.rows("sales", "quotedetails")}
    for row in folder.rows("quotedetails"):
        for column in ("quantity", "priceperunit", "manualdiscountamount", "sequencenumber", "description"):
            assert same(row[column], lines[row["quotedetailid"]][column]), (row["quotedetailid"], column)
