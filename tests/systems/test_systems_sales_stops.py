"""What stops a write to Sales half way: what was written is known, the rest is told, and nothing is sent too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sync.errors import Busy, ConfigError, Throttled, Transient, Unsure
from sync.ports import Postponed, Refused, Write, Written
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.jsontext import write_json
from sync.systems.sales import SalesSystem
from tests.systems.systems_shop import PRICES, PRODUCTS, Shop, change, numbers, product_key
from tests.systems.systems_world import AnyToken, Scripted

CREATES, UPDATES = "POST products/CreateMultiple", "POST products/UpdateMultiple"
BATCH = "POST $batch"


def kinds(results: list[Any]) -> list[str]:
    return [type(result).__name__ for result in results]


@pytest.mark.parametrize("path", ["CreateMultiple", "$batch"])
def test_a_first_request_that_is_throttled_has_written_nothing(shop: Shop, path: str) -> None:
    count = 1 if path == "$batch" else 3
    shop.admin.fault({"status": 429, "retry_after": 7}, path, "POST")
    with pytest.raises(Throttled) as caught:
        shop.system.write(PRODUCTS, [shop.product(number) for number in numbers(count)])
    assert caught.value.delay == 7
    assert shop.gates.delay("sales") == 7
    assert shop.slept == []
    assert shop.stored("name") == {}


def test_a_short_pause_between_two_requests_is_waited_for(shop: Shop) -> None:
    system = shop.connected(records_per_request=10)
    shop.admin.fault({"status": 429, "retry_after": 3}, "CreateMultiple", "POST", after=1)
    results = system.write(PRODUCTS, [shop.product(number) for number in numbers(30)])
    assert kinds(results) == ["Written"] * 30
    assert shop.slept == [3]
    assert shop.writes == [CREATES] * 4


def test_a_long_pause_postpones_the_rest(shop: Shop) -> None:
    system = shop.connected(records_per_request=10)
    shop.admin.fault({"status": 429, "retry_after": 60}, "CreateMultiple", "POST", after=1)
    results = system.write(PRODUCTS, [shop.product(number) for number in numbers(30)])
    assert kinds(results) == ["Written"] * 10 + ["Postponed"] * 20
    assert isinstance(results[10], Postponed)
    assert isinstance(results[10].error, Throttled)
    assert results[10].error.delay == 60
    assert shop.writes == [CREATES] * 2


def test_the_question_for_bulk_messages_may_be_throttled_too(shop: Shop) -> None:
    shop.admin.fault({"status": 429, "retry_after": 7}, "sdkmessagefilters", "GET")
    with pytest.raises(Throttled):
        shop.system.write(PRODUCTS, [shop.product(number) for number in numbers(3)])
    shop.clock.advance(8)
    assert kinds(shop.system.write(PRODUCTS, [shop.product(number) for number in numbers(3)])) == ["Written"] * 3


@pytest.mark.parametrize("action", [{"drop": "after"}, {"cut": 10}, {"status": 502, "html": True}, {"status": 504}])
def test_a_lost_answer_to_a_bulk_call_is_unsure_and_its_repetition_shows_what_was_done(
    shop: Shop, action: dict[str, Any]
) -> None:
    writes = [shop.product(number) for number in numbers(3)]
    shop.admin.fault(action, "CreateMultiple", "POST")
    with pytest.raises(Unsure):
        shop.system.write(PRODUCTS, writes)
    done = len(shop.stored("name"))
    again = shop.system.write(PRODUCTS, writes)
    assert kinds(again) == (["Refused"] if done else ["Written"]) * 3
    assert len(shop.stored("name")) == 3


def test_what_may_have_taken_too_long_is_sent_in_smaller_requests_which_grow_again(shop: Shop) -> None:
    shop.admin.fault({"status": 504}, "CreateMultiple", "POST")
    with pytest.raises(Unsure):
        shop.system.write(PRODUCTS, [shop.product(number) for number in numbers(100)])
    shop.sent.clear()
    assert kinds(shop.system.write(PRODUCTS, [shop.product(number) for number in numbers(100)])) == ["Written"] * 100
    assert shop.writes == [CREATES] * 2
    for _ in range(10):
        shop.system.write(PRODUCTS, [change(number, name="again") for number in numbers(100)])
    shop.sent.clear()
    shop.system.write(PRODUCTS, [change(number, name="at last") for number in numbers(100)])
    assert shop.writes == [UPDATES]


@pytest.mark.parametrize(
    "answer", [{"status": 413}, {"status": 500, "code": "0x80044151"}, {"status": 400, "code": "0x80044151"}]
)
@pytest.mark.parametrize("table", ["products", "productpricelevels"])
def test_what_is_too_much_at_once_is_halved(shop: Shop, answer: dict[str, Any], table: str) -> None:
    wanted = numbers(80)
    if table == "productpricelevels":
        shop.system.write(PRODUCTS, [shop.product(number) for number in wanted])
        shop.system.write(PRICES, [shop.price("P0000", unit=shop.box)])
        entity, writes, path = PRICES, [shop.price(number) for number in wanted], "$batch"
    else:
        entity, writes, path = PRODUCTS, [shop.product(number) for number in wanted], "CreateMultiple"
    shop.sent.clear()
    shop.admin.fault(answer, path, "POST", times=2)
    assert kinds(shop.system.write(entity, writes)) == ["Written"] * 80
    assert len(shop.writes) == 5
    assert all(path in one for one in shop.writes)


def test_no_request_starts_that_could_end_too_late(shop: Shop) -> None:
    longest = shop.system.http.timeouts.longest
    writes = [shop.product(number) for number in numbers(3)]
    with pytest.raises(Busy):
        shop.system.write(PRODUCTS, writes, until=shop.clock.now() + timedelta(seconds=longest - 1))
    assert shop.sent == []

    system = shop.connected(records_per_request=1, observer=lambda _: shop.clock.advance(40))
    results = system.write(PRODUCTS, writes, until=shop.clock.now() + timedelta(seconds=longest + 50))
    assert kinds(results) == ["Written", "Written", "Postponed"]
    assert isinstance(results[2], Postponed)
    assert isinstance(results[2].error, Busy)
    assert len(shop.stored("name")) == 2


@pytest.mark.parametrize(
    "answer", [{"status": 404, "code": "0x8006088a"}, {"status": 400, "code": "0x8006088a"}, {"status": 501},
               {"status": 405}, {"status": 404, "code": "0x0"}]
)  # fmt: skip
def test_a_bulk_message_that_the_table_no_longer_has_is_asked_for_again(shop: Shop, answer: dict[str, Any]) -> None:
    shop.system.write(PRODUCTS, [shop.product(number) for number in ("A", "B")])
    shop.sent.clear()
    shop.admin.fault(answer, "UpdateMultiple", "POST")
    changes = [change("A", name="a"), change("B", name="b")]
    assert shop.system.write(PRODUCTS, changes) == [Written()] * 2
    assert shop.sent == [UPDATES, BATCH]
    assert shop.system.write(PRODUCTS, changes) == [Written()] * 2
    assert shop.sent[2:] == ["GET sdkmessagefilters", UPDATES]


def test_bad_rows_are_no_reason_to_ask_for_bulk_messages_again(shop: Shop) -> None:
    for number in numbers(3):
        bad = shop.product(f"{number} bad", producttypecode=777)
        assert kinds(shop.system.write(PRODUCTS, [shop.product(number), bad])) == ["Written", "Refused"]
    assert shop.sent[2:] == [CREATES, BATCH] * 3


@pytest.mark.parametrize("path", ["EntityDefinitions", "sdkmessagefilters"])
def test_who_may_not_ask_for_bulk_messages_writes_by_batches(shop: Shop, path: str) -> None:
    shop.admin.fault({"status": 403, "code": "0x80040220"}, path, "GET")
    for _ in range(2):
        writes = [shop.product(number) for number in numbers(2)]
        shop.system.write(PRODUCTS, writes)
    assert shop.writes == [BATCH] * 2
    assert len(shop.stored("name")) == 2


def test_a_refused_sign_in_says_nothing_about_bulk_messages(shop: Shop) -> None:
    shop.admin.fault({"status": 401}, "sdkmessagefilters", "GET")
    writes = [shop.product(number) for number in numbers(2)]
    with pytest.raises(ConfigError, match="does not know the app"):
        shop.system.write(PRODUCTS, writes)
    shop.system.write(PRODUCTS, writes)
    assert shop.writes == [CREATES]


def test_rows_that_somebody_else_writes_are_sent_one_by_one_and_at_last_postponed(
    script: Scripted, still: tuple[MemoryGates, MemoryClock]
) -> None:
    answers = iter([
        (200, "json", write_json({"value": [{"LogicalName": "product"}]})),
        (200, "json", write_json({"value": [{"sdkmessageid": {"name": "UpdateMultiple"}}]})),
        (500, "json", write_json({"error": {"code": "0x80044150", "message": "Generic SQL error."}})),
        (200, "batch", parts((204, ""), (400, "0x80044150"), (400, "0x80040255"))),
        (200, "batch", parts((204, ""), (400, "0x80044150"))),
        (200, "batch", parts((400, "0x80044150"))),
    ])  # fmt: skip
    scripting(script, answers)
    results = SalesSystem(script.base, AnyToken(), still[0]).write(PRODUCTS, [change(one, name="n") for one in "ABC"])
    assert kinds(results) == ["Written", "Written", "Postponed"]
    assert isinstance(results[2], Postponed)
    assert type(results[2].error) is Transient
    assert [body.count(b"PATCH") for *_, body in script.requests[2:]] == [0, 3, 2, 1]


def test_a_row_that_is_always_busy_is_told_as_such_when_nothing_was_written(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    scripting(script, iter([(200, "batch", parts((400, "0x80044150")))] * 3))
    with pytest.raises(Transient, match="busy") as caught:
        scripted_sales.write(PRODUCTS, [change("A", name="n")])
    assert type(caught.value) is Transient


def test_answers_that_leave_open_what_was_written_are_unsure(script: Scripted, scripted_sales: SalesSystem) -> None:
    for body in (parts(), parts((204, ""), (204, "")), parts((502, "")), parts((204, ""))[:-6]):
        scripting(script, iter([(200, "batch", body)]))
        with pytest.raises(Unsure):
            scripted_sales.write(PRODUCTS, [change("A", name="n")])


@pytest.mark.parametrize("answer", [{"Ids": [product_key("A")["productid"]]}, {"Ids": None}, {}, [], None])
def test_creates_whose_rows_are_not_all_named_are_unsure(
    script: Scripted, scripted_sales: SalesSystem, answer: object
) -> None:
    known = [
        {"value": [{"LogicalName": "product"}]},
        {"value": [{"sdkmessageid": {"name": "CreateMultiple"}}]},
    ]
    scripting(script, iter((200, "json", write_json(document)) for document in [*known, answer]))
    with pytest.raises(Unsure, match="2 creates"):
        scripted_sales.write(PRODUCTS, [Write("create", product_key(one), {"name": "n"}) for one in "AB"])


def test_batches_that_are_refused_whatever_they_hold_park_no_record(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    script.json({"error": {"message": "no multipart here"}}, status=400)
    with pytest.raises(ConfigError, match="every batch"):
        scripted_sales.write(PRODUCTS, [change("A", statecode=0), change("B", statecode=0)])


def test_a_server_that_stops_at_the_first_bad_record_is_asked_for_the_rest(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    scripting(script, iter([(400, "batch", parts((204, ""), (400, "0x80044331"))), (200, "batch", parts((204, "")))]))
    results = scripted_sales.write(PRODUCTS, [change(one, statecode=0) for one in "ABC"])
    assert [type(result) for result in results] == [Written, Refused, Written]


def parts(*answers: tuple[int, str]) -> bytes:
    """The body of a batch's answer."""
    text = "".join(
        f"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} x\r\n\r\n"
        f'{{"error":{{"code":"{code}","message":"no"}}}}\r\n'
        for status, code in answers
    )
    return f"{text}--b--\r\n".encode()


def scripting(script: Scripted, answers: Iterator[tuple[int, str, bytes]]) -> None:
    """Answer one request after the other."""
    types = {"json": "application/json", "batch": "multipart/mixed; boundary=b"}

    def reply(_method: str, _path: str) -> tuple[int, dict[str, str], bytes]:
        status, kind, body = next(answers)
        return status, {"Content-Type": types[kind]}, body

    script.reply = reply
