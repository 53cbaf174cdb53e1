"""Records go to F&O many at a time, each by itself: a bad one is told, the others go through, none goes twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from sync.errors import Busy, ConfigError, SyncError, Throttled, Unsure
from sync.keys import key_text
from sync.model import EntityRef
from sync.ports import Missing, Postponed, Refused, Write, Written
from sync.systems.answers import Answer
from sync.systems.infolog import cleaned, refusal
from sync.systems.jsontext import write_json
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import CUSTOMERS, customer, number, rename

GROUP_UNKNOWN = {"CustomerGroupId": "Local"}


def test_a_hundred_creates_take_one_request_and_answer_with_their_rows(finops_world: FinOpsWorld) -> None:
    results = finops_world.system.write(CUSTOMERS, [customer(index) for index in range(100)])

    assert finops_world.system.requests_sent == 1
    rows = [result.values for result in results if isinstance(result, Written)]
    assert [row["CustomerAccount"] for row in rows] == [number(index) for index in range(100)]
    assert all(row["PartyNumber"] and not any("@" in name for name in row) for row in rows)
    assert len({row["PartyNumber"] for row in rows}) == 100


def test_updates_change_what_they_carry_and_nothing_else(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(1, CreditLimit=Decimal("10.50"))])
    (result,) = finops_world.system.write(CUSTOMERS, [rename(1, "Ünïcode & 日本 😀")])

    assert isinstance(result, Written)
    (row,) = finops_world.admin.stored("CustomersV3")
    assert (row["OrganizationName"], row["CustomerGroupId"]) == ("Ünïcode & 日本 😀", "10")
    assert Decimal(str(row["CreditLimit"])) == Decimal("10.50")


@pytest.mark.parametrize("after", ["run", "stop"])
@pytest.mark.parametrize("status", ["500", "own"])
@pytest.mark.parametrize("bad", [(0,), (41,), (99,), (0, 41, 42, 99), tuple(range(100))])
def test_bad_rows_in_a_batch_of_a_hundred_are_told_and_the_others_written_once(
    finops_world: FinOpsWorld, after: str, status: str, bad: tuple[int, ...]
) -> None:
    finops_world.admin.switch(after_failed_change_set=after, change_set_error_status=status)
    writes = [customer(index, **(GROUP_UNKNOWN if index in bad else {})) for index in range(100)]
    results = finops_world.system.write(CUSTOMERS, writes)

    assert [index for index, result in enumerate(results) if isinstance(result, Refused)] == list(bad)
    assert all(isinstance(result, Written) for index, result in enumerate(results) if index not in bad)
    assert finops_world.names() == {number(i): f"Company {i}" for i in range(100) if i not in bad}
    assert finops_world.admin.counters()["writes"] == 2 + 100 - len(bad)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_refusal_says_why_and_where_but_no_value(finops_world: FinOpsWorld, language: str) -> None:
    finops_world.admin.switch(infolog_language=language)
    (result,) = finops_world.system.write(CUSTOMERS, [customer(1, **GROUP_UNKNOWN)])

    assert isinstance(result, Refused)
    assert result.column == "CustomerGroupId"
    assert "'…'" in result.text
    assert "Local" not in result.text
    assert "validateField" not in result.text
    assert result.details["status"] == "500"
    assert len(result.details["client_request_id"]) == 36


def test_a_record_that_exists_is_refused_and_can_be_read_by_its_key(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(1)])
    results = finops_world.system.write(CUSTOMERS, [customer(1, OrganizationName="Another"), customer(2)])

    assert isinstance(results[0], Refused)
    assert isinstance(results[1], Written)
    assert finops_world.names()[number(1)] == "Company 1"
    key = customer(1).key
    found = finops_world.system.find(CUSTOMERS, [key], ["OrganizationName"])
    assert found[key_text(key)]["OrganizationName"] == "Company 1"


@pytest.mark.parametrize("after", ["run", "stop"])
@pytest.mark.parametrize("status", ["500", "own"])
def test_an_update_of_what_is_not_there_is_missing_and_creates_nothing(
    finops_world: FinOpsWorld, after: str, status: str
) -> None:
    finops_world.admin.switch(after_failed_change_set=after, change_set_error_status=status)
    finops_world.system.write(CUSTOMERS, [customer(1), customer(3)])
    results = finops_world.system.write(CUSTOMERS, [rename(index, "New") for index in (1, 2, 3)])

    assert results == [Written(), Missing(), Written()]
    assert finops_world.names() == {number(1): "New", number(3): "New"}


def test_an_update_that_is_refused_is_not_missing(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(1)])
    bad = Write("update", customer(1).key, GROUP_UNKNOWN)
    results = finops_world.system.write(CUSTOMERS, [bad, rename(2, "x")])
    assert isinstance(results[0], Refused)
    assert results[1] == Missing()


@pytest.mark.parametrize("status", ["500", "own"])
def test_a_table_that_does_not_exist_is_no_missing_row(finops_world: FinOpsWorld, status: str) -> None:
    finops_world.admin.switch(change_set_error_status=status)
    wrong = EntityRef("finops", "Customersv3", CUSTOMERS.key)
    with pytest.raises(ConfigError, match="Customersv3"):
        finops_world.system.write(wrong, [rename(1, "x"), rename(2, "y")])
    with pytest.raises(ConfigError, match="Customersv3"):
        finops_world.system.find(wrong, [customer(1).key], ["OrganizationName"])


def test_keys_are_found_in_few_requests_within_the_room(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(index) for index in range(300)])
    before = finops_world.system.requests_sent
    keys = [customer(index).key for index in range(0, 600, 2)]
    found = finops_world.system.find(CUSTOMERS, keys, ["OrganizationName", "PartyNumber"])

    assert {row["OrganizationName"] for row in found.values()} == {f"Company {index}" for index in range(0, 300, 2)}
    assert found.keys() == {key_text(customer(index).key) for index in range(0, 300, 2)}
    assert finops_world.system.requests_sent - before <= 4


def test_keys_are_compared_without_case_and_never_as_wildcards(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(1), customer(2)])
    quoted = Write("create", {"dataAreaId": "usmf", "CustomerAccount": "O'Brien"}, customer(3).values)
    finops_world.system.write(CUSTOMERS, [quoted])

    def find(account: str, company: str = "usmf") -> list[object]:
        key = {"dataAreaId": company, "CustomerAccount": account}
        found = finops_world.system.find(CUSTOMERS, [key], ["OrganizationName"])
        assert found.keys() <= {key_text(key)}
        return [row["CustomerAccount"] for row in found.values()]

    assert find("c0001", "USMF") == [number(1)]
    assert find("o'brien") == ["O'Brien"]
    assert find("C*") == []
    assert find("*") == []
    assert find(number(1), "demf") == []


def test_a_key_with_an_apostrophe_and_signs_is_updated(finops_world: FinOpsWorld) -> None:
    key = {"dataAreaId": "usmf", "CustomerAccount": "O'Brien (1), ä"}
    finops_world.system.write(CUSTOMERS, [Write("create", key, customer(1).values)])
    (result,) = finops_world.system.write(CUSTOMERS, [Write("update", key, {"OrganizationName": "New"})])
    assert isinstance(result, Written)
    assert finops_world.names() == {"O'Brien (1), ä": "New"}


def test_reference_sets_are_read_of_the_company_or_whole(finops_world: FinOpsWorld) -> None:
    finops_world.admin.ask("POST", "/data/LegalEntities", {"LegalEntityId": "demf", "Name": "DEMF"})
    finops_world.admin.ask("POST", "/data/CustomerGroups", {"dataAreaId": "demf", "CustomerGroupId": "80"})

    def read() -> tuple[list[object], list[object]]:
        groups = finops_world.system.rows("finops", "CustomerGroups", ["CustomerGroupId"])
        currencies = finops_world.system.rows("finops", "Currencies", ["CurrencyCode"])
        return [row["CustomerGroupId"] for row in groups], [row["CurrencyCode"] for row in currencies]

    assert read() == (["10"], ["USD"])
    before = finops_world.system.requests_sent
    assert read() == (["10"], ["USD"])
    assert finops_world.system.requests_sent - before == 2
    groups = finops_world.system.rows("finops", "CustomerGroups", ["CustomerGroupId", "dataAreaId"])
    assert sorted((row["dataAreaId"], row["CustomerGroupId"]) for row in groups) == [("demf", "80"), ("usmf", "10")]
    with pytest.raises(ConfigError, match="'Nothing' in CustomerGroups"):
        finops_world.system.rows("finops", "CustomerGroups", ["Nothing"])


def test_a_gateway_page_for_a_batch_is_unsure(finops_world: FinOpsWorld) -> None:
    finops_world.admin.fault({"status": 502, "html": True}, "$batch")
    with pytest.raises(Unsure):
        finops_world.system.write(CUSTOMERS, [customer(1)])


@pytest.mark.parametrize("action", [{"cut": 300}, {"drop": "after"}])
def test_a_lost_answer_to_a_batch_is_unsure_and_nothing_is_sent_twice(
    finops_world: FinOpsWorld, action: dict[str, object]
) -> None:
    finops_world.admin.fault(action, "$batch")
    with pytest.raises(Unsure):
        finops_world.system.write(CUSTOMERS, [customer(1), customer(2)])
    assert finops_world.names() == {number(1): "Company 1", number(2): "Company 2"}
    assert finops_world.admin.counters()["by_request"]["POST $batch"] == 1


def test_a_throttled_batch_was_not_done_and_shuts_the_gate(finops_world: FinOpsWorld) -> None:
    finops_world.admin.fault({"status": 429, "retry_after": 12}, "$batch")
    with pytest.raises(Throttled) as caught:
        finops_world.system.write(CUSTOMERS, [customer(1)])
    assert caught.value.delay == 12
    assert finops_world.gates.delay("finops") == 12
    assert finops_world.names() == {}


def test_a_short_throttling_in_the_middle_is_waited_out(finops_world: FinOpsWorld) -> None:
    system = finops_world.connected(finops_world.admin.base, records_per_batch=10)
    finops_world.admin.fault({"status": 429, "retry_after": 4}, "$batch", after=1)
    results = system.write(CUSTOMERS, [customer(index) for index in range(30)])

    assert all(isinstance(result, Written) for result in results)
    assert finops_world.slept == [4]
    assert finops_world.admin.counters()["writes"] == 32


@pytest.mark.parametrize(
    ("fault", "kind"), [({"status": 429, "retry_after": 60}, Throttled), ({"status": 403}, ConfigError)]
)
def test_what_stops_a_call_in_the_middle_postpones_the_rest_and_forgets_nothing(
    finops_world: FinOpsWorld, fault: dict[str, int], kind: type[SyncError]
) -> None:
    system = finops_world.connected(finops_world.admin.base, records_per_batch=10)
    finops_world.admin.fault(fault, "$batch", after=1)
    results = system.write(CUSTOMERS, [customer(index) for index in range(30)])
    assert all(isinstance(result, Written) for result in results[:10])
    assert all(isinstance(result, Postponed) and isinstance(result.error, kind) for result in results[10:])
    assert finops_world.slept == []
    assert finops_world.names().keys() == {number(index) for index in range(10)}


def test_no_right_is_a_matter_of_set_up(finops_world: FinOpsWorld) -> None:
    for path in ("$batch", "CustomersV3"):
        finops_world.admin.fault({"status": 403}, path)
    with pytest.raises(ConfigError, match="CustomersV3") as caught:
        finops_world.system.write(CUSTOMERS, [customer(1)])
    assert "role" in caught.value.remedy
    with pytest.raises(ConfigError, match="CustomersV3"):
        finops_world.system.find(CUSTOMERS, [customer(1).key], ["OrganizationName"])


# Nothing of a write may outlive the claims under which it is made.


def test_no_request_starts_that_could_end_after_the_claims(finops_world: FinOpsWorld) -> None:
    system, clock = finops_world.system, finops_world.clock
    longest = timedelta(seconds=system.http.timeouts.longest)
    with pytest.raises(Busy):
        system.write(CUSTOMERS, [customer(1)], until=clock.now() + longest - timedelta(seconds=1))
    assert system.requests_sent == 0
    assert system.write(CUSTOMERS, [customer(1)], until=clock.now() + longest) != []
    assert system.requests_sent == 1


def test_when_the_claims_run_out_on_the_way_the_rest_is_postponed(finops_world: FinOpsWorld) -> None:
    clock = finops_world.clock
    system = finops_world.connected(
        finops_world.admin.base, records_per_batch=1, observer=lambda _exchange: clock.advance(60)
    )
    until = clock.now() + timedelta(seconds=system.http.timeouts.longest + 100)
    results = system.write(CUSTOMERS, [customer(index) for index in range(10)], until=until)
    assert [type(result) for result in results] == [Written] * 2 + [Postponed] * 8
    assert len(finops_world.names()) == system.requests_sent == 2


def test_the_question_for_missing_rows_keeps_to_the_claims_too(finops_world: FinOpsWorld) -> None:
    clock = finops_world.clock
    system = finops_world.connected(finops_world.admin.base, observer=lambda _exchange: clock.advance(60))
    until = clock.now() + timedelta(seconds=system.http.timeouts.longest + 10)
    with pytest.raises(Busy):
        system.write(CUSTOMERS, [rename(1, "x")], until=until)
    assert system.requests_sent == 1


# The texts of wire.md 2.6.

REAL = (
    "Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: The value 'Local' in field "
    "'Customer group' is not found in the related table 'Customer groups'.; Warning: validateField failed on field "
    "'CustCustomerV3Entity.CustomerGroupId'.; Info: Update has been canceled.."
)


def test_a_real_infolog_is_made_readable() -> None:
    assert (
        cleaned(REAL)
        == "The value 'Local' in field 'Customer group' is not found in the related table 'Customer groups'."
    )
    assert cleaned("Something without a log") == "Something without a log"
    noise = "Write failed. Infolog: Warning: validateField failed on field 'A.B'."
    assert cleaned(noise) == noise


def test_a_refusal_names_a_property_of_the_payload_only() -> None:
    def column(message: str) -> str:
        answer = Answer(400, {}, write_json({"error": {"innererror": {"message": message}}}))
        return refusal(answer, {"NameAlias": "x"}, {}).column

    assert column(REAL) == "CustomerGroupId"
    assert column("Field 'NameAlias' does not allow editing.") == "NameAlias"
    assert column("Field 'Alias' does not allow editing.") == ""


def test_a_refusal_without_a_text_has_its_status() -> None:
    assert refusal(Answer(500, {}, b"<html>"), {}, {}).text == "The answer was 500, without a reason."
