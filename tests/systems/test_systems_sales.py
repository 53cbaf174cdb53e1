"""Sales is read newest state first, in few requests, and a number is written back only to the row that was read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync.errors import ConfigError, DataError, Throttled, Transient, Unsure
from sync.model import Record, Values
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.sales import SalesSystem
from tests.systems.conftest import SalesWorld
from tests.systems.systems_world import ACCOUNTS, Scripted


def test_rows_come_by_id_with_their_version_and_digits(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso", creditlimit=12.5)
    found = sales.system.fetch(ACCOUNTS, [id.upper(), "00000000-0000-0000-0000-00000000dead"], ["name", "creditlimit"])

    record = found[id.upper()]
    assert found.keys() == {id.upper()}
    assert record.version.startswith('W/"')
    assert record.values["name"] == "Contoso"
    assert isinstance(record.values["creditlimit"], Decimal)
    assert not any("@" in name for name in record.values)


def test_a_thousand_ids_take_three_requests(sales: SalesWorld) -> None:
    ids = sales.create(*(f"Account {number}" for number in range(1000)))
    found = sales.system.fetch(ACCOUNTS, ids, ["name"])

    assert [found[id].values["name"] for id in ids] == [f"Account {number}" for number in range(1000)]
    assert sales.system.requests_sent == 3


def test_rows_are_found_by_any_text_with_quotes_and_signs(sales: SalesWorld) -> None:
    numbers = ["A1", "O'Brien", 'say "hi"', "back\\slash", "Ä ö/ü&%+#?", "100%25", "a,b]"]
    for number in numbers:
        sales.create(f"Name of {number}", accountnumber=number)
    sales.create("Another", accountnumber="A2")

    found = sales.system.search(ACCOUNTS, "accountnumber", [*numbers, "o'brien", "unknown"], ["name"])

    assert {record.values["name"] for record in found} == {f"Name of {number}" for number in numbers}
    assert all(record.values["accountnumber"] in numbers and record.version for record in found)


def test_two_rows_of_one_number_are_both_found(sales: SalesWorld) -> None:
    ids = sales.create("One", "Two", accountnumber="SAME")
    assert {record.id for record in sales.system.search(ACCOUNTS, "accountnumber", ["same"], ["name"])} == set(ids)


def test_a_reference_set_is_read_whole_through_all_its_pages(small_pages: SalesWorld) -> None:
    ids = small_pages.create(*"abcdefgh")
    rows = small_pages.system.rows("sales", "accounts", ["accountid", "name"])
    assert sorted(str(row["name"]) for row in rows) == list("abcdefgh")
    assert {row["accountid"] for row in rows} == set(ids)
    assert small_pages.system.requests_sent == 3


def number(sales: SalesWorld, id: str) -> object:
    return sales.system.fetch(ACCOUNTS, [id], ["accountnumber"])[id].values["accountnumber"]


def test_a_number_is_assigned_only_to_the_version_that_was_read(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso")
    read = sales.system.fetch(ACCOUNTS, [id], ["accountnumber"])[id]

    assert sales.system.assign(ACCOUNTS, [(read, {"accountnumber": "ACC-1"})]) == [True]
    assert sales.system.assign(ACCOUNTS, [(read, {"accountnumber": "ACC-2"})]) == [False]
    assert number(sales, id) == "ACC-1"
    sales.delete(id)
    assert sales.system.assign(ACCOUNTS, [(read, {"accountnumber": "ACC-3"})]) == [False]
    assert sales.admin.stored("accounts") == []


def test_many_numbers_take_one_request_a_hundred_and_a_bad_record_harms_no_other(sales: SalesWorld) -> None:
    ids = sales.create(*(f"Account {index}" for index in range(150)))
    read = sales.system.fetch(ACCOUNTS, ids, ["accountnumber"])
    sales.change(ids[3], name="Changed since")
    sales.delete(ids[4])
    wanted = {id: f"ACC-{index}" for index, id in enumerate(ids)}
    wanted[ids[1]] = "SECRET" * 10
    before = sales.system.requests_sent

    results = sales.system.assign(ACCOUNTS, [(read[id], {"accountnumber": wanted[id]}) for id in ids])

    assert sales.system.requests_sent - before == 2
    bad = {index: result for index, result in enumerate(results) if result is not True}
    assert bad.keys() == {1, 3, 4}
    assert bad[3] is bad[4] is False
    assert isinstance(bad[1], DataError)
    stored = {row["accountid"]: row["accountnumber"] for row in sales.admin.stored("accounts")}
    assert stored == {id: None if id in (ids[1], ids[3]) else wanted[id] for id in ids if id != ids[4]}


def test_a_value_that_sales_refuses_is_told_without_the_value(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso")
    read = sales.system.fetch(ACCOUNTS, [id], ["name"])[id]
    (refused,) = sales.system.assign(ACCOUNTS, [(read, {"accountnumber": "SECRET" * 10})])
    assert isinstance(refused, DataError)
    assert (refused.code, refused.column, refused.retryable) == ("target-refused", "accountnumber", True)
    assert refused.remedy
    assert refused.details["code"] == "0x80044331"
    assert {"client_request_id", "service_request_id"} <= refused.details.keys()
    assert "SECRETSECRET" not in str(refused)


def test_a_write_whose_answer_is_lost_is_unsure_though_it_was_done(sales: SalesWorld) -> None:
    (id,) = sales.create("Contoso")
    read = sales.system.fetch(ACCOUNTS, [id], ["name"])[id]
    for action in ({"drop": "after"}, {"cut": 100}):
        sales.admin.fault(action, "$batch", "POST")
        with pytest.raises(Unsure):
            sales.system.assign(ACCOUNTS, [(read, {"accountnumber": "ACC-1"})])
        assert sales.admin.stored("accounts")[0]["accountnumber"] == "ACC-1"


def test_a_throttling_is_told_as_such_only_while_nothing_was_written(sales: SalesWorld) -> None:
    ids = sales.create(*(f"Account {index}" for index in range(101)))
    read = sales.system.fetch(ACCOUNTS, ids, ["name"])
    assignments = [(read[id], {"accountnumber": id[:8]}) for id in ids]
    sales.admin.fault({"status": 429, "retry_after": 7}, "$batch", "POST")
    with pytest.raises(Throttled):
        sales.system.assign(ACCOUNTS, assignments)
    sales.clock.advance(8)
    sales.admin.fault({"status": 429, "retry_after": 7}, "$batch", "POST", after=1)
    with pytest.raises(Unsure, match="Some of the records") as caught:
        sales.system.assign(ACCOUNTS, assignments)
    assert caught.value.delay == 7


ONE, OTHER = (Record(f"00000000-0000-0000-0000-00000000000{index}", 'W/"1"', {}) for index in (1, 2))
BOTH: list[tuple[Record, Values]] = [(ONE, {"accountnumber": "A1"}), (OTHER, {"accountnumber": "A2"})]


def parts(script: Scripted, *batches: list[tuple[int, str]], status: int = 200) -> None:
    """Answer one batch after the other with parts of these statuses and codes."""
    waiting = iter(batches)

    def reply(_method: str, _path: str) -> tuple[int, dict[str, str], bytes]:
        text = "".join(
            f"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} x\r\n\r\n"
            f'{{"error":{{"code":"{code}","message":"no"}}}}\r\n'
            for status, code in next(waiting)
        )
        return status, {"Content-Type": "multipart/mixed; boundary=b"}, f"{text}--b--\r\n".encode()

    script.reply = reply


def test_what_a_part_says_about_the_system_is_raised_after_all_parts_were_taken(
    script: Scripted, scripted_sales: SalesSystem, still: tuple[MemoryGates, MemoryClock]
) -> None:
    for code, status, kind in (
        ("0x80072322", 429, Throttled), ("", 401, ConfigError), ("", 502, Unsure),
        ("0x8006088a", 404, ConfigError),
    ):  # fmt: skip
        parts(script, [(status, code), (412, "0x80060882")], [(status, code), (204, "")])
        with pytest.raises(kind) as caught:
            scripted_sales.assign(ACCOUNTS, BOTH)
        assert type(caught.value) is kind
        still[1].advance(400)
        with pytest.raises(Unsure):
            scripted_sales.assign(ACCOUNTS, BOTH)
        still[1].advance(400)


def test_a_row_that_somebody_else_writes_is_tried_again_and_at_last_later(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    parts(script, [(400, "0x80044150"), (204, "")], [(400, "0x80040255")], [(204, "")])
    assert scripted_sales.assign(ACCOUNTS, BOTH) == [True, True]
    assert [body.count(b"PATCH") for *_, body in script.requests] == [2, 1, 1]

    parts(script, *[[(400, "0x80044150")]] * 3)
    with pytest.raises(Transient, match="busy") as caught:
        scripted_sales.assign(ACCOUNTS, BOTH[:1])
    assert type(caught.value) is Transient


def test_a_right_for_one_record_is_its_own_trouble_and_for_all_the_set_ups(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    parts(script, [(403, "0x80040220"), (204, "")], [(403, "0x80040220")] * 2)
    refused, written = scripted_sales.assign(ACCOUNTS, BOTH)
    assert written is True
    assert isinstance(refused, DataError)
    assert "role" in str(refused)
    with pytest.raises(ConfigError, match="lacks a right"):
        scripted_sales.assign(ACCOUNTS, BOTH)


def test_a_duplicate_is_refused_though_its_status_is_that_of_a_newer_version(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    parts(script, [(412, "0x80060892"), (412, "0x80060882")])
    duplicate, changed = scripted_sales.assign(ACCOUNTS, BOTH)
    assert isinstance(duplicate, DataError)
    assert changed is False


def test_a_server_that_stops_at_the_first_bad_record_is_asked_for_the_rest(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    parts(script, [(400, "0x80044331")], [(204, "")], status=400)
    refused, written = scripted_sales.assign(ACCOUNTS, BOTH)
    assert isinstance(refused, DataError)
    assert written is True
    assert b"A1" not in script.requests[1][3]


def test_batches_refused_as_a_whole_are_a_matter_of_set_up(script: Scripted, scripted_sales: SalesSystem) -> None:
    for status in (400, 404):
        script.json({"error": {"message": "no"}}, status=status)
        with pytest.raises(ConfigError, match="batch"):
            scripted_sales.assign(ACCOUNTS, BOTH)


def test_a_page_cut_short_or_a_gateway_page_is_transient(sales: SalesWorld) -> None:
    sales.create("Contoso")
    for action in ({"cut": 40}, {"status": 502, "html": True}, {"drop": "before"}):
        sales.admin.fault(action, "accounts", "GET")
        with pytest.raises(Transient) as caught:
            sales.system.rows("sales", "accounts", ["name"])
        assert not isinstance(caught.value, Unsure)
    assert len(sales.system.rows("sales", "accounts", ["name"])) == 1


def test_no_right_to_read_a_table_names_it(sales: SalesWorld) -> None:
    sales.admin.switch(no_read=["accounts"])
    with pytest.raises(ConfigError, match="for accounts"):
        sales.system.rows("sales", "accounts", ["name"])


def test_an_unknown_table_and_an_unknown_column_are_named(sales: SalesWorld) -> None:
    with pytest.raises(ConfigError, match="Accounts"):
        sales.system.rows("sales", "Accounts", ["name"])
    with pytest.raises(ConfigError, match="'Name' in accounts"):
        sales.system.rows("sales", "accounts", ["Name"])


def test_the_organisation_tells_its_id(sales: SalesWorld) -> None:
    (row,) = sales.admin.stored("organizations")
    assert sales.system.organization_id() == row["organizationid"]
