"""Rows of Sales are found by key and by several values, with the tables that lookups lead to, in few requests."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync.errors import ConfigError
from sync.keys import key_text
from sync.model import EntityRef, Scalar, Use
from sync.ports import Write
from sync.systems.sales import SalesSystem
from sync.systems.sales_terms import joint_conditions
from tests.systems.conftest import SalesWorld
from tests.systems.systems_shop import NOWHERE, PRICES, PRODUCTS, Shop, change, numbers, product_key
from tests.systems.systems_world import Scripted

CONTACTS = EntityRef("sales", "contacts", ("contactid",))
ODD = ["A/B", "O'Brien", 'say "hi"', "back\\slash", "a & b", "100%25", "<x>*:?+#;=,", "ÄÖ ü", "[1]", "(x)", "{y}"]


def test_rows_are_found_by_key_under_the_text_of_the_key_asked_for(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number, price=Decimal("1.5")) for number in ("A", "B")])
    upper = {"productid": str(product_key("A")["productid"]).upper()}
    found = shop.system.find(PRODUCTS, [upper, product_key("B"), {"productid": NOWHERE}], ["productnumber", "price"])
    assert found.keys() == {key_text(upper), key_text(product_key("B"))}
    assert found[key_text(upper)]["productnumber"] == "A"
    assert found[key_text(upper)]["price"] == Decimal("1.5")
    assert shop.system.find(PRODUCTS, [], ["name"]) == {}


def test_a_thousand_keys_take_three_requests(shop: Shop) -> None:
    wanted = numbers(1000)
    shop.system.write(PRODUCTS, [shop.product(number) for number in wanted])
    shop.sent.clear()
    found = shop.system.find(PRODUCTS, [product_key(number) for number in wanted], ["productnumber"])
    assert [found[key_text(product_key(number))]["productnumber"] for number in wanted] == wanted
    assert shop.sent == ["GET products"] * 3


def test_rows_are_matched_by_numbers_with_any_sign_and_in_any_case(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ODD])
    wanted = [{"productnumber": number} for number in [*ODD, "unknown", "o'BRIEN", "äö Ü"]]
    found = shop.system.match(PRODUCTS, wanted, ["name"])
    assert [[row["name"] for row in rows] for rows in found] == [
        *([f"Name of {number}"] for number in ODD), [], ["Name of O'Brien"], ["Name of ÄÖ ü"]
    ]  # fmt: skip
    assert found[0][0]["productid"] == product_key("A/B")["productid"]


def test_a_thousand_numbers_are_matched_by_three_requests(shop: Shop) -> None:
    wanted = numbers(1000)
    shop.system.write(PRODUCTS, [shop.product(number) for number in wanted])
    shop.sent.clear()
    found = shop.system.match(PRODUCTS, [{"productnumber": number.lower()} for number in wanted], ["productnumber"])
    assert [rows[0]["productnumber"] for rows in found] == wanted
    assert shop.sent == ["GET products"] * 3


def test_every_row_that_has_the_values_is_given(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number, name=name) for number, name in zip("ABC", "xxy", strict=True)])
    both, one = shop.system.match(PRODUCTS, [{"name": "X"}, {"name": "y"}], ["productnumber"])
    assert {row["productnumber"] for row in both} == {"A", "B"}
    assert {row["productnumber"] for row in one} == {"C"}


def test_rows_are_matched_by_several_lookups_in_few_requests(shop: Shop) -> None:
    wanted = numbers(500)
    shop.system.write(PRODUCTS, [shop.product(number) for number in wanted])
    other = shop.price_list("Other")
    shop.system.write(PRICES, [shop.price(number, amount=place) for place, number in enumerate(wanted)])
    shop.system.write(PRICES, [shop.price(number, unit=shop.box, amount=7) for number in wanted[:3]])
    shop.sent.clear()
    asked: list[dict[str, Scalar]] = [
        {"_pricelevelid_value": price_list, "_productid_value": product_key(number)["productid"], "_uomid_value": unit}
        for number in wanted
        for price_list, unit in ((shop.prices, shop.piece), (shop.prices, shop.box), (other, shop.piece))
    ]
    found = shop.system.match(PRICES, asked, ["amount", "_uomid_value"])
    amounts = [[row["amount"] for row in rows] for rows in found]
    assert amounts == [
        each for place in range(500) for each in ([Decimal(place)], [Decimal(7)] if place < 3 else [], [])
    ]
    assert shop.sent == ["GET productpricelevels"] * 2


def test_rows_are_matched_by_values_of_every_kind(shop: Shop) -> None:
    shop.system.write(
        PRODUCTS, [shop.product(number, isstockitem=number < "C", quantitydecimal=place)
                   for place, number in enumerate("ABCD")]
    )  # fmt: skip
    asked: list[dict[str, Scalar]] = [
        {"isstockitem": True, "quantitydecimal": 1},
        {"quantitydecimal": Decimal(2)},
        {"isstockitem": False, "name": "name OF d", "_defaultuomid_value": shop.piece.upper()},
        {"isstockitem": False, "quantitydecimal": 1},
    ]
    found = shop.system.match(PRODUCTS, asked, ["productnumber"])
    assert [[row["productnumber"] for row in rows] for rows in found] == [["B"], ["C"], ["D"], []]


def test_a_search_for_no_value_is_no_search_for_all_rows(shop: Shop) -> None:
    assert shop.system.match(PRODUCTS, [], ["name"]) == []
    with pytest.raises(ConfigError, match="no value"):
        shop.system.match(PRODUCTS, [{}], ["name"])
    assert shop.sent == []


def test_conditions_of_several_columns_stay_short_and_leave_out_what_would_make_them_long() -> None:
    wanted: list[dict[str, Scalar]] = [
        {"a": f"A{place}", "b": f"B{place % 50}", "c": place % 3} for place in range(900)
    ]
    found = list(joint_conditions(wanted, room=4000, most=400))
    assert all(len(condition) <= 4000 for condition in found)
    assert all("c%20eq%202" in condition and "B1" not in condition for condition in found)
    assert sum(condition.count("%22A") for condition in found) == 900


def test_the_table_that_a_lookup_leads_to_is_told_where_it_is_asked_for(shop: Shop) -> None:
    account, other = shop.made("accounts", name="Contoso"), shop.made("accounts", name="Fabrikam")
    first = shop.contact(lastname="of account", **{"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    second = shop.contact(lastname="of contact", **{"parentcustomerid_contact@odata.bind": f"/contacts({first})"})
    ids = [first, second, shop.contact(lastname="of none")]
    typed = "_parentcustomerid_value@lookuplogicalname"
    tables = {"of account": "account", "of contact": "contact", "of none": None}

    read = shop.system.fetch(CONTACTS, ids, ["lastname", "_parentcustomerid_value", typed])
    assert {str(record.values["lastname"]): record.values[typed] for record in read.values()} == tables
    assert read[first].values["_parentcustomerid_value"] == account
    assert {name for record in read.values() for name in record.values if "@" in name} == {typed}

    found = shop.system.find(CONTACTS, [{"contactid": id} for id in ids], [typed])
    assert {found[id][typed] for id in ids} == set(tables.values())
    (rows,) = shop.system.match(CONTACTS, [{"_parentcustomerid_value": account}], [typed])
    assert [row[typed] for row in rows] == ["account"]
    (searched,) = shop.system.search(CONTACTS, "lastname", ["OF CONTACT"], [typed])
    assert searched.values[typed] == "contact"
    assert {row[typed] for row in shop.system.rows("sales", "contacts", [typed])} == set(tables.values())
    assert shop.system.match(CONTACTS, [{"_parentcustomerid_value": other}], [typed]) == [[]]


def test_annotations_are_asked_for_only_where_a_table_is(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": []})
    scripted_sales.fetch(CONTACTS, [NOWHERE], ["_parentcustomerid_value@lookuplogicalname"])
    scripted_sales.fetch(CONTACTS, [NOWHERE], ["lastname"])
    (_, path, typed, _), (_, _, plain, _) = script.requests
    assert "$select=contactid,_parentcustomerid_value&" in path
    assert typed["prefer"] == 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    assert "prefer" not in plain


@pytest.mark.parametrize("table", ["quotes", "salesorders", "invoices"])
def test_who_is_referred_to_is_told(small_shop: Shop, table: str) -> None:
    customer, other = small_shop.contact(), small_shop.contact()
    small_shop.document(table, contact=customer)
    small_shop.document(table)
    assert small_shop.system.referring(Use(table, "contactid"), [customer, other, NOWHERE]) == {customer}


def test_the_state_of_what_refers_decides_where_it_is_asked_for(small_shop: Shop) -> None:
    active, draft, both, none = (small_shop.contact() for _ in range(4))
    for contact, state in ((active, 1), (draft, 0), (both, 1), (both, 0)):
        for _ in range(4):  # more rows than a page holds
            quote = small_shop.document("quotes", contact=contact)
            if state:
                small_shop.patch("quotes", quote, statecode=1, statuscode=2)
    ids = [active.upper(), draft, both, none, NOWHERE]
    referring = small_shop.system.referring
    assert referring(Use("quotes", "contactid", "statecode", (1, 2)), ids) == {active.upper(), both}
    assert referring(Use("quotes", "contactid", "statecode", (0, 3), among=False), ids) == {active.upper(), both}
    assert referring(Use("quotes", "contactid", "statecode", (1,), among=False), ids) == {draft, both}
    assert referring(Use("quotes", "contactid"), ids) == {active.upper(), draft, both}
    assert referring(Use("quotes", "contactid"), [none]) == referring(Use("quotes", "contactid"), []) == set()


def test_a_thousand_records_are_asked_about_by_three_requests(shop: Shop) -> None:
    contact = shop.contact()
    shop.document("quotes", contact=contact)
    ids = [contact, *(f"{place:08x}-0000-0000-0000-000000000000" for place in range(999))]
    assert shop.system.referring(Use("quotes", "contactid"), ids) == {contact}
    assert shop.sent == ["GET quotes"] * 3


def test_the_columns_of_a_table_are_those_that_it_has_now(sales: SalesWorld) -> None:
    columns = sales.system.columns(["products"])["products"]
    assert {"productid", "productnumber", "defaultuomid", "statecode"} <= columns
    assert not {column for column in columns if column.startswith("_")}
    assert sales.system.requests_sent == 1

    assert "msdynce_ismaintainedexternally" not in columns
    sales.admin.switch(p2c_solution=True)
    assert "msdynce_ismaintainedexternally" in sales.system.columns(["products"])["products"]
    assert list(sales.system.columns(["Products", "products"])) == ["products"], "case counts"


def test_a_row_that_was_written_is_read_back(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product("A")])
    shop.system.write(PRODUCTS, [change("A", _pricelevelid_value=shop.prices)])
    writes = [Write("update", product_key("A"), {"description": "new"})]
    shop.system.write(PRODUCTS, writes)
    (row,) = shop.system.find(PRODUCTS, [product_key("A")], ["_pricelevelid_value", "description"]).values()
    assert (row["_pricelevelid_value"], row["description"]) == (shop.prices, "new")


def test_a_row_without_a_value_has_none_of_the_values(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": []})
    scripted_sales.referring(Use("quotes", "contactid", "statuscode", (1, 2), among=False), [NOWHERE])
    ((_, path, _, _),) = script.requests
    assert path.endswith("%20and%20(statuscode%20ne%201%20and%20statuscode%20ne%202%20or%20statuscode%20eq%20null)")
