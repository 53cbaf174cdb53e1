"""Quotes: what they need, their numbers, from draft to won or closed, revisions (wire.md 1.14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import code, exact, guid, simulated
from tests.local.dataverse.selling import ACTIVE_QUOTE, Shop, bind

WON = {"statecode": 2, "statuscode": 4}
LOST = {"statecode": 3, "statuscode": 5}
DRAFT = {"statecode": 0, "statuscode": 1}


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with simulated() as session:
        yield Shop(session)


@pytest.fixture
def shop(running: Shop) -> Shop:
    running.sales.switch(read_only_code="0x8004022e", quote_number_twice="allowed", revision_keeps_sequence=True)
    return running


def state(shop: Shop, quote: str) -> tuple[int, int]:
    row = shop.sales.row("quotes", quote)
    return row["statecode"], row["statuscode"]


def lines(shop: Shop, quote: str) -> list[dict[str, Any]]:
    answer = shop.sales.get(f"quotedetails?$filter=_quoteid_value eq {quote}&$orderby=sequencenumber,quotedetailid")
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def closes(shop: Shop, quote: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.sales.get(f"quotecloses?$filter=_quoteid_value eq {quote}").json()["value"]
    return found


def test_a_new_quote_is_a_draft_with_a_number_of_the_server(shop: Shop) -> None:
    one, other = (shop.sales.row("quotes", shop.quote(**ACTIVE_QUOTE)) for _ in range(2))
    assert (one["statecode"], one["statuscode"], one["revisionnumber"]) == (0, 1, 0)
    assert re.fullmatch(r"QUO-\d{5}-[A-Z2-7]{6}", one["quotenumber"])
    assert one["quotenumber"] != other["quotenumber"]


def test_a_quote_number_is_chosen_on_create_and_then_fixed(shop: Shop) -> None:
    quote = shop.quote(quotenumber="Q-1")
    assert shop.sales.patch(f"quotes({quote})", json={"quotenumber": "Q-2"}).status_code == 204
    assert shop.sales.row("quotes", quote)["quotenumber"] == "Q-1"


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [("name", "0x80040203"), ("customerid_account@odata.bind", "0x80040203"),
     ("transactioncurrencyid@odata.bind", "0x80040203"), ("pricelevelid@odata.bind", "0x80100010")],
)  # fmt: skip
def test_a_quote_needs_name_customer_price_list_and_currency(shop: Shop, missing: str, wanted: str) -> None:
    values = shop.quote_values()
    del values[missing]
    assert code(shop.sales.post("quotes", json=values)) == (400, wanted)


def test_the_currency_of_a_quote_is_that_of_its_price_list(shop: Shop) -> None:
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar))
    export = bind(pricelevelid=("pricelevels", shop.dollars))
    assert code(shop.sales.post("quotes", json=shop.quote_values(**dollars))) == (400, "0x80048cf6")
    quote = shop.quote()
    assert shop.sales.patch(f"quotes({quote})", json={**dollars, **export}).status_code == 204


def test_the_currency_of_a_quote_with_lines_is_fixed(shop: Shop) -> None:
    quote = shop.quote()
    shop.line(quote, shop.sold(1))
    dollars = bind(transactioncurrencyid=("transactioncurrencies", shop.dollar),
                   pricelevelid=("pricelevels", shop.dollars))  # fmt: skip
    assert code(shop.sales.patch(f"quotes({quote})", json=dollars)) == (400, "0x8004480e")


def test_the_customer_stands_in_a_lookup_of_its_kind_as_well(shop: Shop) -> None:
    contact = shop.sales.create("contacts", lastname="Lovelace")
    quote = shop.quote()
    row = shop.sales.row("quotes", quote)
    assert (row["_accountid_value"], row["_contactid_value"]) == (shop.customer, None)
    assert shop.sales.patch(f"quotes({quote})", json=bind(customerid_contact=("contacts", contact))).status_code == 204
    row = shop.sales.row("quotes", quote)
    assert (row["_accountid_value"], row["_contactid_value"], row["_customerid_value"]) == (None, contact, contact)


@pytest.mark.parametrize("status", [2, 3])
def test_a_draft_is_activated_by_patch_and_its_lines_follow(shop: Shop, status: int) -> None:
    quote = shop.quote()
    shop.line(quote, shop.sold(1))
    assert shop.sales.patch(f"quotes({quote})", json={"statecode": 1, "statuscode": status}).status_code == 204
    assert state(shop, quote) == (1, status)
    assert [line["quotestatecode"] for line in lines(shop, quote)] == [1]


def test_only_a_draft_is_activated(shop: Shop) -> None:
    quote = shop.active_quote()
    assert code(shop.activate(quote)) == (400, "0x80100003")
    assert shop.end("CloseQuote", quote).status_code == 204
    assert code(shop.activate(quote)) == (400, "0x80100003")


@pytest.mark.parametrize("target", [WON, LOST])
def test_a_quote_is_won_and_closed_by_actions_alone(shop: Shop, target: dict[str, int]) -> None:
    draft, active = shop.quote(), shop.active_quote()
    assert code(shop.sales.patch(f"quotes({draft})", json=target)) == (400, "0x80048408")
    assert code(shop.sales.patch(f"quotes({active})", json=target)) == (400, "0x80048408")
    assert code(shop.sales.patch(f"quotes({active})", json=DRAFT)) == (400, "0x80048408")
    assert (state(shop, draft), state(shop, active)) == ((0, 1), (1, 2))


@pytest.mark.parametrize(
    ("action", "status", "wanted"),
    [("WinQuote", 4, (2, 4)), ("WinQuote", -1, (2, 4)), ("CloseQuote", 5, (3, 5)), ("CloseQuote", 6, (3, 6)),
     ("CloseQuote", -1, (3, 5))],
)  # fmt: skip
def test_an_active_quote_is_won_and_closed_with_a_record_of_it(
    shop: Shop, action: str, status: int, wanted: tuple[int, int]
) -> None:
    quote = shop.active_quote()
    answer = shop.end(action, quote, status, description="They said so")
    assert (answer.status_code, answer.content) == (204, b"")
    assert state(shop, quote) == wanted
    row, (close,) = shop.sales.row("quotes", quote), closes(shop, quote)
    assert (close["subject"], close["description"], close["statecode"]) == (action, "They said so", 1)
    assert (close["quotenumber"], close["revision"]) == (row["quotenumber"], 0)
    assert row["closedon"]
    assert [line["quotestatecode"] for line in lines(shop, quote)] == [wanted[0]]


@pytest.mark.parametrize("action", ["WinQuote", "CloseQuote"])
def test_a_quote_that_is_not_active_is_not_ended_and_no_record_stays(shop: Shop, action: str) -> None:
    draft, active = shop.quote(), shop.active_quote()
    assert shop.end("WinQuote", active).status_code == 204
    for quote in (draft, active):
        before = shop.sales.row("quotes", quote), len(closes(shop, quote))
        assert code(shop.end(action, quote)) == (400, "0x80048408")
        assert (shop.sales.row("quotes", quote), len(closes(shop, quote))) == before


def test_an_end_that_makes_no_sense_is_refused(shop: Shop) -> None:
    quote = shop.active_quote()
    assert code(shop.end("WinQuote", quote, 5)) == (400, "0x80048408")
    assert code(shop.end("CloseQuote", quote, 4)) == (400, "0x80048408")
    assert shop.end("CloseQuote", guid(404)).status_code == 404
    assert code(shop.sales.post("CloseQuote", json={"Status": 5})) == (400, "0x80048d19")
    assert code(shop.sales.post("CloseQuote", json={"QuoteClose": {"subject": "x"}, "Status": "5"}))[0] == 400
    assert code(shop.end("CloseQuote", quote, 5, colour="red")) == (400, "0x0")
    assert shop.sales.get("WinQuote").status_code == 404
    assert (state(shop, quote), closes(shop, quote)) == ((1, 2), [])


@pytest.mark.parametrize("wanted", ["0x8004022e", "0x80040230", ""])
def test_what_is_no_draft_is_read_only_with_the_code_of_the_switch(shop: Shop, wanted: str) -> None:
    quote = shop.active_quote()
    (line,) = lines(shop, quote)
    shop.sales.switch(read_only_code=wanted or "empty")
    refused = [
        shop.sales.patch(f"quotes({quote})", json={"name": "New"}),
        shop.sales.patch(f"quotes({quote})", json={"name": "New", **ACTIVE_QUOTE, "statuscode": 3}),
        shop.sales.post("quotedetails", json=shop.line_values(quote, shop.sold(1))),
        shop.sales.patch(f"quotedetails({line['quotedetailid']})", json={"quantity": 2}),
        shop.sales.delete(f"quotedetails({line['quotedetailid']})"),
    ]
    assert [code(answer) for answer in refused] == [(400, wanted), (400, "0x80100003"), *[(400, wanted)] * 3]
    assert lines(shop, quote) == [line]


def test_the_status_of_an_active_quote_can_change(shop: Shop) -> None:
    quote = shop.active_quote()
    assert shop.sales.patch(f"quotes({quote})", json={"statuscode": 3}).status_code == 204
    assert state(shop, quote) == (1, 3)


def test_a_revised_quote_is_closed_and_lives_on_as_a_draft_of_the_same_number(shop: Shop) -> None:
    quote = shop.active_quote(quotenumber="Q-R", description="Keep", freightamount=5)
    answer = shop.revise(quote)
    assert answer.status_code == 200
    new = answer.json()
    assert new["@odata.context"].endswith("#quotes/$entity")
    assert state(shop, quote) == (3, 7)
    assert new["quoteid"] != quote
    told = [new[name] for name in ("quotenumber", "revisionnumber", "statecode", "statuscode", "description")]
    assert told == ["Q-R", 1, 0, 1, "Keep"]
    assert new["totalamount"] == 15
    (old_line,), (new_line,) = lines(shop, quote), lines(shop, new["quoteid"])
    assert old_line["quotedetailid"] != new_line["quotedetailid"]
    assert [old_line["quotestatecode"], new_line["quotestatecode"]] == [3, 0]
    same = ("_productid_value", "_uomid_value", "quantity", "extendedamount", "sequencenumber")
    assert [old_line[name] for name in same] == [new_line[name] for name in same]
    assert shop.sales.patch(f"quotes({new['quoteid']})", json={"name": "New"}).status_code == 204


def test_revisions_count_on_and_closed_quotes_can_be_revised(shop: Shop) -> None:
    quote = shop.active_quote()
    assert shop.end("CloseQuote", quote).status_code == 204
    second = shop.revise(quote).json()
    assert state(shop, quote) == (3, 5)
    assert shop.activate(second["quoteid"]).status_code == 204
    third = shop.revise(second["quoteid"]).json()
    assert [second["revisionnumber"], third["revisionnumber"]] == [1, 2]


def test_a_revision_answers_the_columns_that_were_asked_for(shop: Shop) -> None:
    answer = shop.revise(shop.active_quote(), Columns=["revisionnumber", "customerid"])
    named = {name for name in exact(answer) if not name.startswith("@")}
    assert named == {"quoteid", "revisionnumber", "_customerid_value"}
    assert set(shop.revise(shop.active_quote(), Columns=[]).json()) >= {"quoteid"}


def test_a_quote_with_another_open_one_of_its_number_is_not_revised(shop: Shop) -> None:
    quote = shop.active_quote(quotenumber="Q-TWICE")
    shop.quote(quotenumber="q-twice")
    assert code(shop.revise(quote)) == (400, "0x80048d00")
    assert state(shop, quote) == (1, 2)


def test_drafts_and_won_quotes_are_not_revised(shop: Shop) -> None:
    won = shop.active_quote()
    assert shop.end("WinQuote", won).status_code == 204
    assert code(shop.revise(won)) == (400, "0x80048408")
    assert code(shop.revise(shop.quote())) == (400, "0x80048408")
    assert shop.revise(guid(404)).status_code == 404
    assert code(shop.sales.post("ReviseQuote", json={"QuoteId": won})) == (400, "0x80048d19")
    assert code(shop.sales.post("ReviseQuote", json={"QuoteId": "x", "ColumnSet": {}})) == (400, "0x80048d19")


def test_whether_a_revision_keeps_the_numbers_of_its_lines_is_a_switch(shop: Shop) -> None:
    quote = shop.quote()
    shop.line(quote, shop.sold(1), sequencenumber=70)
    assert shop.activate(quote).status_code == 204
    shop.sales.switch(revision_keeps_sequence=False)
    assert [line["sequencenumber"] for line in lines(shop, shop.revise(quote).json()["quoteid"])] == [1]


def test_whether_two_open_quotes_can_have_one_number_is_a_switch(shop: Shop) -> None:
    values = shop.quote_values(quotenumber="Q-SAME")
    assert shop.sales.post("quotes", json=values).status_code == 204
    assert shop.sales.post("quotes", json=values).status_code == 204
    shop.sales.switch(quote_number_twice="refused")
    assert code(shop.sales.post("quotes", json=values)) == (412, "0x80040237")
    assert shop.sales.post("quotes", json={**values, "quotenumber": "Q-OTHER"}).status_code == 204


def test_a_quote_goes_with_its_lines_in_any_state_and_keeps_its_price_list(shop: Shop) -> None:
    quote = shop.active_quote()
    assert code(shop.sales.delete(f"pricelevels({shop.prices})")) == (405, "0x80040227")
    assert shop.sales.delete(f"quotes({quote})").status_code == 204
    assert lines(shop, quote) == []


def test_an_activation_is_seen_by_change_tracking(shop: Shop) -> None:
    quote = shop.quote()
    first = shop.sales.get("quotes?$select=statecode", headers={"Prefer": "odata.track-changes"}).json()
    assert shop.activate(quote).status_code == 204
    changed = shop.sales.get(first["@odata.deltaLink"]).json()["value"]
    assert [(row["quoteid"], row["statecode"]) for row in changed] == [(quote, 1)]
