"""Answers of single change sets, told by a scripted server: what the simulator does not do by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.errors import ConfigError, Throttled, Transient, Unsure
from sync.ports import Postponed, Refused, Written
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.finops import FinOpsSystem
from sync.systems.jsontext import write_json
from tests.systems.systems_world import CUSTOMERS, AnyToken, Scripted, customer, gates, rename

CONFLICT = "Cannot edit a record in X. An update conflict occurred due to another user process deleting the record."


def part(status: int, message: str = "", **headers: str) -> bytes:
    body = write_json({"error": {"code": "", "message": "e", "innererror": {"message": message}}}) if message else b""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} x\r\n{lines}\r\n"
    return head.encode() + body + b"\r\n"


def answers(script: Scripted, *batches: list[bytes]) -> None:
    """Answer one batch after the other with these parts."""
    waiting = iter(batches)
    headers = {"Content-Type": "multipart/mixed; boundary=b", "ms-dyn-aid": "AID-1"}
    script.reply = lambda _method, _path: (200, headers, b"".join(next(waiting)) + b"--b--\r\n")


def test_an_update_conflict_is_sent_again_and_at_last_refused(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    answers(script, [part(500, CONFLICT), part(204)], [part(204)])
    assert scripted_finops().write(CUSTOMERS, [rename(1, "a"), rename(2, "b")]) == [Written(), Written()]
    assert b"C0002" not in script.requests[1][3]

    answers(script, [part(412)], [part(500, CONFLICT)], [part(409, "No.")])
    (result,) = scripted_finops().write(CUSTOMERS, [customer(1)])
    assert result == Refused("No.", "", {"status": "409", "activity_id": "AID-1", **_request_id(result)})
    assert len(script.requests) == 5


def _request_id(result: object) -> dict[str, str]:
    assert isinstance(result, Refused)
    return {"client_request_id": result.details["client_request_id"]}


def test_change_sets_throttled_inside_a_batch_are_sent_again_later(
    script: Scripted, still: tuple[object, object], scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    gate, clock = still
    answers(script, [part(204), part(429, Retry_After="3"), part(429, Retry_After="3")], [part(204), part(204)])
    system = scripted_finops(sleep=clock.advance)  # type: ignore[attr-defined]
    results = system.write(CUSTOMERS, [rename(index, "a") for index in range(3)])
    assert results == [Written()] * 3
    assert b"C0000" not in script.requests[1][3]
    assert gate.delay("finops") == 0  # type: ignore[attr-defined]


def test_a_batch_throttled_in_all_its_parts_was_not_done(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    answers(script, [part(429, Retry_After="3"), part(503)])
    with pytest.raises(Throttled):
        scripted_finops().write(CUSTOMERS, [rename(1, "a"), rename(2, "b")])
    assert len(script.requests) == 1


@pytest.mark.parametrize("parts", [[], [part(204)] * 3, [part(502)]])
def test_answers_that_leave_open_what_was_done_are_unsure(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem], parts: list[bytes]
) -> None:
    answers(script, parts)
    with pytest.raises(Unsure):
        scripted_finops().write(CUSTOMERS, [rename(1, "a"), rename(2, "b")])
    assert len(script.requests) == 1


def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_record_is_alone(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    def reply(_method: str, _path: str) -> tuple[int, dict[str, str], bytes]:
        body = script.requests[-1][3]
        if b"C0005" in body:
            return 400, {"Content-Type": "application/json"}, write_json({"error": {"message": "Unreadable Name"}})
        return 200, {"Content-Type": "multipart/mixed; boundary=b"}, part(204) * body.count(b"POST http") + b"--b--\r\n"

    script.reply = reply
    results = scripted_finops().write(CUSTOMERS, [customer(index, OrganizationName="Name") for index in range(8)])
    assert [index for index, result in enumerate(results) if isinstance(result, Refused)] == [5]
    assert results[5] == Refused("Unreadable …", "", {"status": "400", **_request_id(results[5])})
    assert sum(isinstance(result, Written) for result in results) == 7


def test_a_gateway_that_refuses_every_batch_parks_no_record(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    script.json({"error": {"message": "no multipart here"}}, status=400)
    with pytest.raises(ConfigError, match="every batch"):
        scripted_finops().write(CUSTOMERS, [rename(1, "a"), rename(2, "b"), rename(3, "c")])


def test_a_wrong_batch_address_is_a_matter_of_set_up(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    script.json({}, status=404)
    with pytest.raises(ConfigError, match="batch"):
        scripted_finops().write(CUSTOMERS, [rename(1, "a"), rename(2, "b")])


def test_an_answer_that_is_no_batch_is_unsure(script: Scripted, scripted_finops: Callable[..., FinOpsSystem]) -> None:
    script.json({"value": []})
    with pytest.raises(Unsure):
        scripted_finops().write(CUSTOMERS, [rename(1, "a")])


def test_an_unreachable_host_did_nothing() -> None:
    system = FinOpsSystem("https://no-such-host.invalid", AnyToken(), gates()[0], company="usmf")
    with pytest.raises(Transient) as caught:
        system.write(CUSTOMERS, [customer(1)])
    assert not isinstance(caught.value, Unsure)


# A right, or a token, that single change sets lack.


def test_a_right_that_one_record_lacks_is_told_for_it_and_the_others_are_known_as_written(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    answers(script, [part(403), part(201)])
    denied, written = scripted_finops().write(CUSTOMERS, [customer(1), customer(2)])
    assert isinstance(denied, Refused)
    assert "lacks a right for CustomersV3" in denied.text
    assert "role" in denied.text
    assert denied.details["activity_id"] == "AID-1"
    assert written == Written()


def test_a_right_that_all_records_lack_is_a_matter_of_set_up(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    answers(script, [part(403)], [part(403)])
    with pytest.raises(ConfigError, match="lacks a right"):
        scripted_finops(records_per_batch=1).write(CUSTOMERS, [customer(1), customer(2)])


def test_a_token_refused_in_a_part_is_forgotten_and_what_was_written_is_not(
    script: Scripted, still: tuple[MemoryGates, MemoryClock]
) -> None:
    tokens = AnyToken(expires=1.0)
    system = FinOpsSystem(script.base, tokens, still[0], company="usmf")
    answers(script, [part(401)], [part(401), part(201)])
    with pytest.raises(Transient, match="expired") as caught:
        system.write(CUSTOMERS, [customer(1)])
    assert not isinstance(caught.value, Unsure)
    assert tokens.forgotten == 1
    refused, written = system.write(CUSTOMERS, [customer(1), customer(2)])
    assert isinstance(refused, Postponed) and "expired" in refused.error.what
    assert written == Written()
    assert tokens.forgotten == 2


def test_a_change_set_without_an_answer_may_have_been_done(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    replies = iter([(200, part(500, "No.") + b"--b--\r\n"), (429, b"")])
    headers = {"Content-Type": "multipart/mixed; boundary=b", "Retry-After": "60"}

    def reply(_method: str, _path: str) -> tuple[int, dict[str, str], bytes]:
        status, body = next(replies)
        return status, headers, body

    script.reply = reply
    with pytest.raises(Unsure):
        scripted_finops().write(CUSTOMERS, [customer(1), customer(2)])
