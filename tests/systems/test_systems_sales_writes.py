"""Many rows are written to Sales in few requests, each for itself: a bad one harms no other."""

from __future__ import annotations

from decimal import Decimal
from itertools import cycle

import pytest

from sync.errors import ConfigError
from sync.model import EntityRef, Scalar
from sync.ports import Missing, Refused, Write, Written
from tests.systems.systems_shop import NOWHERE, PRICES, PRODUCTS, Shop, change, numbers, product_key

CREATES, UPDATES = "POST products/CreateMultiple", "POST products/UpdateMultiple"
BATCH = "POST $batch"


def test_a_thousand_rows_take_ten_requests_and_two_that_learn_what_the_table_can(shop: Shop) -> None:
    wanted = numbers(1000)
    created = shop.system.write(PRODUCTS, [shop.product(number) for number in wanted])
    assert created == [Written(product_key(number)) for number in wanted]
    assert shop.sent == ["GET EntityDefinitions", "GET sdkmessagefilters", *[CREATES] * 10]
    shop.sent.clear()

    updated = shop.system.write(PRODUCTS, [change(number, name=f"New {number}") for number in wanted])
    assert updated == [Written()] * 1000
    assert shop.writes == shop.sent == [UPDATES] * 10
    assert shop.stored("name") == {number: f"New {number}" for number in wanted}
    assert {row["productid"] for row in shop.admin.stored("products")} == {
        product_key(number)["productid"] for number in wanted
    }


def test_a_table_without_bulk_messages_is_written_by_batches(shop: Shop) -> None:
    wanted = numbers(250)
    shop.system.write(PRODUCTS, [shop.product(number) for number in wanted])
    shop.sent.clear()
    assert shop.system.write(PRICES, [shop.price(number) for number in wanted]) == [
        Written(shop.price(number).key) for number in wanted
    ]
    assert shop.sent == ["GET EntityDefinitions", "GET sdkmessagefilters", *[BATCH] * 3]
    shop.sent.clear()
    raised = [Write("update", shop.price(number).key, {"amount": 11}) for number in wanted]
    assert shop.system.write(PRICES, raised) == [Written()] * 250
    assert shop.sent == [BATCH] * 3
    assert set(shop.stored("amount", table="productpricelevels").values()) == {11}


def test_creates_and_updates_of_one_call_are_answered_in_its_order(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ("A", "B", "C")])
    writes = [change("A", name="a"), shop.product("D"), change("X", name="x"), change("B", name="b"), shop.product("A")]
    results = shop.system.write(PRODUCTS, writes)
    assert results[:4] == [Written(), Written(product_key("D")), Missing(), Written()]
    assert isinstance(results[4], Refused)
    assert shop.stored("name") == {"A": "a", "B": "b", "C": "Name of C", "D": "Name of D"}


def test_bad_rows_of_a_bulk_call_are_named_and_the_others_written(shop: Shop) -> None:
    wanted = numbers(100)
    bad: dict[int, dict[str, Scalar]] = {
        3: {"name": "SECRET " * 20},
        50: {"producttypecode": 777},
        99: {"_defaultuomid_value": NOWHERE},
    }
    results = shop.system.write(
        PRODUCTS, [shop.product(number, **bad.get(place, {})) for place, number in enumerate(wanted)]
    )
    assert shop.writes == [CREATES, BATCH]
    refused = {place: result for place, result in enumerate(results) if isinstance(result, Refused)}
    assert refused.keys() == bad.keys()
    assert {place: result.column for place, result in refused.items()} == {
        3: "name", 50: "producttypecode", 99: ""
    }  # fmt: skip
    assert refused[3].details["code"] == "0x80044331"
    assert {"client_request_id", "service_request_id", "status"} <= refused[3].details.keys()
    assert "SECRET" not in refused[3].text
    assert "777" not in refused[50].text
    assert len(shop.stored("name")) == 97


def test_an_update_of_a_row_that_is_gone_is_missing_and_the_others_are_written(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ("A", "B")])
    changes = [change("A", name="a"), change("gone", name="g"), change("B", name="b")]
    assert shop.system.write(PRODUCTS, changes) == [Written(), Missing(), Written()]
    assert shop.stored("name") == {"A": "a", "B": "b"}
    assert shop.writes[-2:] == [UPDATES, BATCH]


def test_a_missing_row_is_told_from_one_that_refers_to_nothing(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product("A")])
    for status in (404, 400):
        shop.admin.switch(missing_bind_status=status)
        there, gone, both = shop.system.write(
            PRODUCTS,
            [
                change("A", _pricelevelid_value=NOWHERE),
                change("gone", _pricelevelid_value=shop.prices),
                change("gone", _pricelevelid_value=NOWHERE),
            ],
        )
        assert isinstance(there, Refused)
        assert gone == both == Missing()


def test_a_create_that_is_repeated_is_refused_with_the_code_of_a_duplicate(shop: Shop) -> None:
    first = [shop.product("A"), shop.product("B")]
    shop.system.write(PRODUCTS, first)
    again = shop.system.write(PRODUCTS, [*first, shop.product("C")])
    assert [type(result) for result in again] == [Refused, Refused, Written]
    assert isinstance(again[0], Refused)
    assert again[0].details["code"] == "0x80040237"
    (alone,) = shop.system.write(PRODUCTS, first[:1])
    assert isinstance(alone, Refused)
    assert alone.details["code"] == "0x80040237"
    assert len(shop.stored("name")) == 3


def test_of_two_updates_of_one_row_none_is_lost(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ("A", "B", "C", "D")])
    writes = [
        change("A", name="first"),
        change("B", name="b"),
        change("A", description="second"),
        change("A", name="a"),
    ]
    upper = {"productid": str(product_key("A")["productid"]).upper()}
    writes.append(Write("update", upper, {"quantitydecimal": 4}))
    assert shop.system.write(PRODUCTS, writes) == [Written()] * 5
    assert shop.stored("name", "description", "quantitydecimal")["A"] == ("a", "second", 4)


def test_lookups_are_bound_changed_and_emptied(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ("A", "B")])
    column = "_pricelevelid_value"
    shop.system.write(PRODUCTS, [change(number, _pricelevelid_value=shop.prices) for number in ("A", "B")])
    assert shop.stored(column) == {"A": shop.prices, "B": shop.prices}
    other = shop.price_list("Other")
    changes = [change("A", _pricelevelid_value=None), change("B", _pricelevelid_value=other)]
    assert shop.system.write(PRODUCTS, changes) == [Written()] * 2
    assert shop.stored(column) == {"A": None, "B": other}
    assert shop.system.write(PRODUCTS, [change("B", _pricelevelid_value=None)]) == [Written()]
    assert shop.stored(column)["B"] is None


def test_values_are_emptied_and_numbers_keep_their_digits(shop: Shop) -> None:
    exact = Decimal("12345678901.1234")
    shop.system.write(PRODUCTS, [shop.product(number, price=exact, description="d") for number in ("A", "B")])
    read = shop.system.find(PRODUCTS, [product_key("A")], ["price", "description"])
    (row,) = read.values()
    assert row["price"] == exact
    results = shop.system.write(PRODUCTS, [change(number, description=None, price=None) for number in ("A", "B")])
    assert results == [Written()] * 2
    assert shop.stored("description", "price") == {"A": (None, None), "B": (None, None)}


def test_texts_with_any_sign_arrive_as_they_are(shop: Shop) -> None:
    odd = ['O\'Brien & "Söhne" /\\<>%+?#', "line\r\nline", "--batch_x", "emoji 🪑", '{"a": [1]}', "'; $select=*"]
    writes = [shop.product(f"N{place}", description=text) for place, text in enumerate(odd)]
    assert all(isinstance(result, Written) for result in shop.system.write(PRODUCTS, writes))
    shop.system.write(PRODUCTS, [change(f"N{place}", name=text) for place, text in enumerate(odd)])
    assert shop.stored("description", "name") == {f"N{place}": (text, text) for place, text in enumerate(odd)}


def test_a_change_of_state_goes_record_by_record(shop: Shop) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ("A", "B", "C")])
    shop.sent.clear()
    retired = {"statecode": 1, "statuscode": 2}
    published = {"statecode": 0, "statuscode": 1}
    results = shop.system.write(PRODUCTS, [change("A", **published), change("B", **retired), change("C", **published)])
    assert shop.sent == [BATCH]
    assert [type(result) for result in results] == [Written, Refused, Written]
    assert shop.stored("statecode") == {"A": 0, "B": 2, "C": 0}


def test_one_record_is_one_request(shop: Shop) -> None:
    assert shop.system.write(PRODUCTS, [shop.product("A")]) == [Written(product_key("A"))]
    assert shop.system.write(PRODUCTS, []) == []
    assert shop.sent == [BATCH]


def test_requests_hold_as_many_records_as_they_are_set_to_and_no_more_bytes_than_fit(shop: Shop) -> None:
    system = shop.connected(records_per_request=7)
    system.write(PRODUCTS, [shop.product(number) for number in numbers(20)])
    assert shop.writes == [CREATES] * 3
    shop.sent.clear()
    # A character beyond ASCII takes six bytes in JSON: two of these records fit a request, which is refused.
    accounts = EntityRef("sales", "accounts", ("accountid",))
    keys = [{"accountid": f"00000000-0000-0000-0000-00000000000{place}"} for place in range(4)]
    long = [Write("create", key, {**key, "name": "n", "description": "é" * 300_000}) for key in keys]
    results = system.write(accounts, long)
    assert shop.writes == ["POST accounts/CreateMultiple", BATCH] * 2
    assert all(isinstance(result, Refused) and result.column == "description" for result in results)


def test_a_table_that_does_not_exist_is_a_matter_of_set_up(shop: Shop) -> None:
    unknown = EntityRef("sales", "Products", ("productid",))
    with pytest.raises(ConfigError, match="Products"):
        shop.system.write(unknown, [shop.product("A"), shop.product("B")])


@pytest.mark.parametrize("privilege", ["create", "write"])
def test_a_right_that_is_lacking_for_all_stops_and_names_itself(shop: Shop, privilege: str) -> None:
    shop.system.write(PRODUCTS, [shop.product("A"), shop.product("B")])
    shop.admin.switch(**{f"no_{privilege}": ["products"]})
    writes = {
        "create": [shop.product("C"), shop.product("D")],
        "write": [change("A", name="a"), change("B", name="b")],
    }
    with pytest.raises(ConfigError, match=r"prv\w+Product for products"):
        shop.system.write(PRODUCTS, writes[privilege])
    assert shop.stored("name") == {"A": "Name of A", "B": "Name of B"}


def test_a_right_that_some_records_lack_is_their_own_trouble(shop: Shop) -> None:
    shop.admin.switch(no_append_to=["pricelevels"])
    lacking = cycle([None, shop.prices])
    writes = [shop.product(number, _pricelevelid_value=next(lacking)) for number in numbers(6)]
    results = shop.system.write(PRODUCTS, writes)
    assert [type(result) for result in results] == [Written, Refused] * 3
    assert isinstance(results[1], Refused)
    assert "role" in results[1].text
