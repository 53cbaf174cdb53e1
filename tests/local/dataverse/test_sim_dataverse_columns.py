"""What a column takes, and what the server fills in or keeps for itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, exact


def currency(code: str, **values: Any) -> dict[str, Any]:
    """What a currency cannot be without, its code as name and symbol."""
    given = {"isocurrencycode": code, "currencyname": code, "currencysymbol": code, "currencyprecision": 2}
    return {**given, "exchangerate": 1, **values}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"Name": "x"}, (400, "0x0")),
        ({"accountnumber": 5}, (400, "0x80048d19")),
        ({"accountnumber": "half a pair \ud83d"}, (400, "0x80048d19")),
        ({"\ud83d": 5}, (400, "0x0")),
        ({"numberofemployees": "5"}, (400, "0x80048d19")),
        ({"numberofemployees": 5.5}, (400, "0x80048d19")),
        ({"numberofemployees": True}, (400, "0x80048d19")),
        ({"creditonhold": 1}, (400, "0x80048d19")),
        ({"creditlimit": "5"}, (400, "0x80048d19")),
        ({"lastonholdtime": "x"}, (400, "0x80048d19")),
        ({"lastonhold": "x"}, (400, "0x0")),
        ({"overriddencreatedon": "2026-01-05"}, (400, "0x80048d19")),
        ({"overriddencreatedon": "yesterday"}, (400, "0x80048d19")),
        ({"accountid": "1"}, (400, "0x80048d19")),
        ({"accountid": {}}, (400, "0x80048d19")),
        ({"accountnumber": "x" * 21}, (400, "0x80044331")),
        ({"accountnumber": "\U0001f600" * 11}, (400, "0x80044331")),
        ({"customertypecode": 99}, (400, "0x8004431A")),
        ({"creditlimit": 922337203685478}, (400, "0x80040317")),
        ({"statecode": 0, "statuscode": 2}, (400, "0x80048408")),
        ({"statecode": 7}, (400, "0x8004431A")),
        ({"primarycontactid": "deep"}, (400, "0x80048d19")),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_written(
    sales: Dataverse, payload: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code(sales.post("accounts", json={"name": "A", **payload})) == expected
    assert sales.get("/admin/rows/accounts").json() == []
    one = sales.create("accounts", name="A")
    if "accountid" not in payload:
        assert code(sales.patch(f"accounts({one})", json=payload)) == expected
    assert sales.row("accounts", one)["name"] == "A"


def test_what_fits_to_the_last_character_is_kept(sales: Dataverse) -> None:
    text = "\U0001f600" * 10
    one = sales.create("accounts", name="Café عربى", accountnumber=text, customertypecode=3)
    row = sales.row("accounts", one)
    assert (row["name"], row["accountnumber"]) == ("Café عربى", text)


def test_a_row_without_a_required_column_is_refused(sales: Dataverse) -> None:
    assert code(sales.post("uomschedules", json={"name": "Weights"})) == (400, "0x80040203")
    group = sales.create("uomschedules", name="Weights", baseuomname="kg")
    assert code(sales.patch(f"uomschedules({group})", json={"baseuomname": None})) == (400, "0x80040203")


@pytest.mark.parametrize(
    ("entity_set", "values", "emptied"),
    [
        ("accounts", {"name": "A"}, {"statecode": None}),
        ("accounts", {"name": "A"}, {"ownerid@odata.bind": None}),
        ("transactioncurrencies", currency("EUR"), {"currencytype": None}),
    ],
)
def test_what_the_server_gives_a_value_cannot_be_emptied_either(
    sales: Dataverse, entity_set: str, values: dict[str, Any], emptied: dict[str, Any]
) -> None:
    one = sales.create(entity_set, **values)
    before = sales.row(entity_set, one)
    assert code(sales.patch(f"{entity_set}({one})", json=emptied)) == (400, "0x80040203")
    name = next(iter(emptied)).partition("@")[0]
    member = f"{name}/$ref" if name == "ownerid" else name
    assert code(sales.delete(f"{entity_set}({one})/{member}")) == (400, "0x80040203")
    assert sales.row(entity_set, one) == before


def test_a_column_that_only_forms_ask_for_can_be_left_empty(sales: Dataverse) -> None:
    one = sales.create("accounts", telephone1="1")
    assert sales.row("accounts", one)["name"] is None


def test_an_empty_text_is_stored_as_nothing(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", fax="")
    assert sales.row("accounts", one)["fax"] is None


def test_read_only_columns_in_a_payload_are_ignored(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", modifiedon="2001-01-01T00:00:00Z", versionnumber=1, merged=True)
    row = sales.row("accounts", one)
    assert row["modifiedon"] > "2026"
    assert row["versionnumber"] > 1
    assert row["merged"] is False
    person = sales.create("contacts", firstname="Ada", lastname="Lovelace", fullname="Somebody")
    assert sales.row("contacts", person)["fullname"] == "Ada Lovelace"


def test_the_creation_of_an_imported_row_can_be_set(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A", overriddencreatedon="2020-05-06T07:08:09+02:00")
    row = sales.row("accounts", one)
    assert row["createdon"] == "2020-05-06T05:08:09Z"
    assert row["overriddencreatedon"] > "2026"


def test_deactivation_sets_the_status_that_belongs_to_the_state(sales: Dataverse) -> None:
    one = sales.create("accounts", name="A")
    assert (sales.row("accounts", one)["statecode"], sales.row("accounts", one)["statuscode"]) == (0, 1)
    sales.patch(f"accounts({one})", json={"statecode": 1})
    assert sales.row("accounts", one)["statuscode"] == 2
    sales.patch(f"accounts({one})", json={"statecode": 0, "statuscode": 1})
    assert sales.row("accounts", one)["statecode"] == 0
    assert code(sales.patch(f"accounts({one})", json={"statuscode": 2})) == (400, "0x80048408")


def test_money_keeps_its_digits_and_comes_with_its_currency(sales: Dataverse) -> None:
    euro = sales.create("transactioncurrencies", **currency("EUR", exchangerate=0.5))
    one = sales.create(
        "accounts",
        name="A",
        creditlimit=5000000,
        **{"transactioncurrencyid@odata.bind": f"transactioncurrencies({euro})"},
    )
    answer = sales.get(f"accounts({one})?$select=creditlimit,creditlimit_base,exchangerate")
    assert '"creditlimit":5000000.0000' in answer.text
    row = exact(answer)
    assert row["creditlimit_base"] == Decimal("10000000.0000")
    assert row["exchangerate"] == Decimal("0.5")
    assert row["_transactioncurrencyid_value"] == euro
    assert "_transactioncurrencyid_value" not in sales.get(f"accounts({one})?$select=name").json()
    assert code(sales.delete(f"transactioncurrencies({euro})")) == (405, "0x80040227")


def test_other_decimals_keep_the_digits_they_came_with(sales: Dataverse) -> None:
    body = '{"isocurrencycode":"NOK","currencyname":"x","currencysymbol":"x","currencyprecision":2,"exchangerate":%s}'
    for written, kept in (("1.50", "1.50"), ("7", "7"), ("0.12345678901234", "0.123456789012"), ("1E+3", "1000")):
        answer = sales.post(
            "transactioncurrencies?$select=exchangerate",
            data=body % written,
            headers={"Content-Type": "application/json", "Prefer": "return=representation"},
        )
        assert f'"exchangerate":{kept},' in answer.text


def test_the_code_of_a_currency_is_fixed_when_it_is_created(sales: Dataverse) -> None:
    krone = sales.create("transactioncurrencies", **currency("DKK"))
    sales.patch(f"transactioncurrencies({krone})", json={"isocurrencycode": "SEK", "currencyname": "Krona"})
    row = sales.row("transactioncurrencies", krone)
    assert (row["isocurrencycode"], row["currencyname"]) == ("DKK", "Krona")


def test_the_business_unit_follows_the_owner(sales: Dataverse) -> None:
    who = sales.get("WhoAmI").json()
    unit = sales.create(
        "businessunits", name="North", **{"parentbusinessunitid@odata.bind": f"businessunits({who['BusinessUnitId']})"}
    )
    seller = sales.create(
        "systemusers", firstname="Sam", lastname="Seller", **{"businessunitid@odata.bind": f"businessunits({unit})"}
    )
    one = sales.create("accounts", name="A")
    assert sales.row("accounts", one)["_owningbusinessunit_value"] == who["BusinessUnitId"]
    sales.patch(f"accounts({one})", json={"ownerid@odata.bind": f"systemusers({seller})"})
    row = sales.row("accounts", one)
    assert (row["_owningbusinessunit_value"], row["_owninguser_value"]) == (unit, seller)


def test_deleting_a_row_does_to_the_others_what_their_lookups_say(sales: Dataverse) -> None:
    person = sales.create("contacts", lastname="Gee")
    one = sales.create("accounts", name="A", **{"primarycontactid@odata.bind": f"contacts({person})"})
    version = sales.row("accounts", one)["versionnumber"]
    sales.delete(f"contacts({person})")
    row = sales.row("accounts", one)
    assert row["_primarycontactid_value"] is None
    assert row["versionnumber"] > version
    child = sales.create("contacts", lastname="Kid", **{"parentcustomerid_account@odata.bind": f"accounts({one})"})
    sales.delete(f"accounts({one})")
    assert sales.get(f"contacts({child})").status_code == 404


def test_the_organisation_its_first_business_unit_and_the_caller_stay(sales: Dataverse) -> None:
    ids = sales.get("WhoAmI").json()
    for entity_set, name in (
        ("organizations", "OrganizationId"), ("businessunits", "BusinessUnitId"), ("systemusers", "UserId")
    ):  # fmt: skip
        assert code(sales.delete(f"{entity_set}({ids[name]})")) == (405, "0x0")
    assert code(sales.post("organizations", json={"name": "Another"})) == (405, "0x0")
    assert len(sales.get("organizations").json()["value"]) == 1


def test_units_and_price_lists_are_entered_as_reference_data(sales: Dataverse) -> None:
    schedule = sales.create("uomschedules", name="Default Unit", baseuomname="ea")
    each = sales.create("uoms", name="ea", quantity=1, **{"uomscheduleid@odata.bind": f"uomschedules({schedule})"})
    dozen = sales.create(
        "uoms",
        name="dz",
        quantity=12,
        **{"uomscheduleid@odata.bind": f"uomschedules({schedule})", "baseuom@odata.bind": f"uoms({each})"},
    )
    assert sales.row("uoms", each)["isschedulebaseuom"] is True
    assert sales.row("uoms", dozen)["isschedulebaseuom"] is False
    pound = sales.create("transactioncurrencies", **currency("GBP"))
    bind = {"transactioncurrencyid@odata.bind": f"transactioncurrencies({pound})"}
    prices = sales.create("pricelevels", name="Standard", statecode=0, statuscode=100001, **bind)
    assert sales.row("pricelevels", prices)["statuscode"] == 100001
    assert code(sales.post("pricelevels", json={"description": "None"})) == (400, "0x80040203")
