"""Every way in which a request can fail becomes the error that says what to do next, and nothing more is sent."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from sync.errors import ConfigError, Throttled, Transient, Unsure
from sync.model import Record
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.auth import Token
from sync.systems.decisions import finops_pause, retry_after, sales_pause
from sync.systems.http import Exchange, HttpClient, Timeouts
from sync.systems.ramp import SECONDS
from sync.systems.sales import SalesSystem
from tests.systems.systems_world import ACCOUNTS, AnyToken, Scripted, gates

RECORD = Record("00000000-0000-0000-0000-000000000001", 'W/"1"', {})
HTML = b"<html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"


def read(sales: SalesSystem) -> object:
    return sales.rows("sales", "accounts", ["name"])


def write(sales: SalesSystem) -> object:
    return sales.assign(ACCOUNTS, [(RECORD, {"accountnumber": "A1"})])


def answer(script: Scripted, status: int, body: bytes = b"", **headers: str) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    script.reply = lambda _method, _path: (status, sent, body)


def error(code: str, message: str = "no") -> bytes:
    return f'{{"error":{{"code":"{code}","message":"{message}"}}}}'.encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_host_that_nobody_listens_on_is_unreachable_for_reads_and_writes(
    still: tuple[MemoryGates, MemoryClock],
) -> None:
    sales = SalesSystem(f"http://127.0.0.1:{free_port()}", AnyToken(), still[0])
    for call in (read, write):
        with pytest.raises(Transient, match="refused") as caught:
            call(sales)
        assert not isinstance(caught.value, Unsure)
        assert "127.0.0.1" in str(caught.value)
        assert "firewall" in caught.value.remedy


def test_a_host_name_that_does_not_exist_is_unreachable(still: tuple[MemoryGates, MemoryClock]) -> None:
    sales = SalesSystem("https://no-such-host.invalid", AnyToken(), still[0], timeouts=Timeouts(connect=5))
    with pytest.raises(Transient, match=r"no-such-host\.invalid") as caught:
        write(sales)
    assert not isinstance(caught.value, Unsure)


def test_a_server_without_tls_at_an_https_address_is_unreachable(
    script: Scripted, still: tuple[MemoryGates, MemoryClock]
) -> None:
    sales = SalesSystem(script.base.replace("http:", "https:"), AnyToken(), still[0])
    with pytest.raises(Transient, match="TLS") as caught:
        write(sales)
    assert not isinstance(caught.value, Unsure)
    assert script.requests == []


WHOLE_BUT_BROKEN = b'{"value":[{"accountid":"'


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [(500, {}, b""), (502, {"Content-Type": "text/html"}, HTML), (504, {}, HTML), (408, {}, b"")],
)
def test_an_outage_is_transient_for_a_read_and_unsure_for_a_write(
    script: Scripted, scripted_sales: SalesSystem, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    script.reply = lambda _method, _path: (status, headers, body)
    with pytest.raises(Transient) as caught:
        read(scripted_sales)
    assert not isinstance(caught.value, Unsure)
    with pytest.raises(Unsure):
        write(scripted_sales)
    assert len(script.requests) == 2


def test_an_answer_cut_short_is_transient_for_a_read(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.reply = lambda _method, _path: (200, {"Content-Length": str(len(WHOLE_BUT_BROKEN))}, WHOLE_BUT_BROKEN)
    with pytest.raises(Transient, match="cut short"):
        read(scripted_sales)
    script.reply = lambda _method, _path: (
        200,
        {"Content-Encoding": "gzip"},
        gzip.compress(b'{"value":[]}')[:-4] + b"abcd",
    )
    with pytest.raises(Transient, match="cut short"):
        read(scripted_sales)


def test_an_answer_shorter_than_announced_is_transient_for_a_read_and_unsure_for_a_write(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    script.reply = lambda _method, _path: (200, {"Content-Length": "5000", "Connection": "close"}, b'{"value":[]}')
    with pytest.raises(Transient) as caught:
        read(scripted_sales)
    assert not isinstance(caught.value, Unsure)
    with pytest.raises(Unsure):
        write(scripted_sales)


def test_no_answer_in_time_is_transient_for_a_read_and_unsure_for_a_write(
    still: tuple[MemoryGates, MemoryClock],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        base = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        sales = SalesSystem(base, AnyToken(), still[0], timeouts=Timeouts(connect=1, read=0.05))
        with pytest.raises(Transient, match="time") as caught:
            read(sales)
        assert not isinstance(caught.value, Unsure)
        with pytest.raises(Unsure, match="time"):
            write(sales)


def test_a_throttled_system_is_not_called_again_until_the_gate_opens(
    script: Scripted, scripted_sales: SalesSystem, still: tuple[MemoryGates, MemoryClock]
) -> None:
    answer(script, 429, error("0x80072322"), Retry_After="17")
    with pytest.raises(Throttled) as caught:
        write(scripted_sales)
    assert caught.value.delay == 17

    script.json({"value": []})
    still[1].advance(16)
    with pytest.raises(Throttled) as caught:
        read(scripted_sales)
    assert caught.value.delay == 1
    assert len(script.requests) == 1
    assert scripted_sales.requests_sent == 1

    still[1].advance(1 + SECONDS)
    assert read(scripted_sales) == []


def test_throttling_without_a_time_pauses_longer_each_time(
    script: Scripted, scripted_sales: SalesSystem, still: tuple[MemoryGates, MemoryClock]
) -> None:
    def pause() -> float:
        answer(script, 503, HTML)
        with pytest.raises(Throttled) as caught:
            read(scripted_sales)
        still[1].advance(caught.value.delay + SECONDS)
        return caught.value.delay

    assert [pause() for _ in range(4)] == [7, 9, 13, 21]
    script.json({"value": []})
    read(scripted_sales)
    assert pause() == 7
    assert sales_pause(100) == 300
    assert finops_pause(1) == 30


def test_retry_after_is_read_in_both_forms_and_never_believed_blindly() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert retry_after({"retry-after": "120"}) == 120
    assert retry_after({"retry-after": "0"}) == 1
    assert retry_after({"retry-after": "999999999"}) == 86_400
    assert retry_after({"retry-after": "Fri, 01 May 2026 12:01:30 GMT"}, now=now) == 90
    # The server's clock decides, when it tells it.
    server = format_datetime(now + timedelta(seconds=60), usegmt=True)
    assert retry_after({"retry-after": "Fri, 01 May 2026 12:01:30 GMT", "date": server}, now=now) == 30
    assert retry_after({"retry-after": "Fri, 01 May 2020 12:01:30 GMT"}, now=now) == 1
    assert [retry_after({"retry-after": text}) for text in ("", "soon", "-5", "1e9")] == [None] * 4
    assert retry_after({}) is None


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("call", [read, write])
def test_a_missing_right_names_table_and_privilege(
    script: Scripted, scripted_sales: SalesSystem, status: int, call: object
) -> None:
    answer(script, status, error("0x80040220", "Principal user is missing prvReadAccount privilege (Id=1)"))
    with pytest.raises(ConfigError, match="prvReadAccount for accounts") as caught:
        (read if call is read else write)(scripted_sales)
    assert "role" in caught.value.remedy


def test_a_refused_token_is_a_matter_of_set_up(script: Scripted, still: tuple[MemoryGates, MemoryClock]) -> None:
    tokens = AnyToken("SECRET-TOKEN")
    sales = SalesSystem(script.base, tokens, still[0])
    answer(script, 401, b"")
    with pytest.raises(ConfigError, match="does not know the app") as caught:
        read(sales)
    assert "application user" in caught.value.remedy
    assert "SECRET-TOKEN" not in str(caught.value) + repr(caught.value.details)
    assert tokens.forgotten == 1


def test_an_expired_token_is_replaced_and_no_fault_of_the_set_up(
    script: Scripted, still: tuple[MemoryGates, MemoryClock]
) -> None:
    tokens = AnyToken("old", expires=1.0)
    answer(script, 401, b"")
    with pytest.raises(Transient, match="expired"):
        write(SalesSystem(script.base, tokens, still[0]))
    assert tokens.forgotten == 1


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (302, b"", "redirect"),
        (404, error("0x8006088a"), "does not know this table"),
        (404, error(""), "refused to read accounts"),
        (400, error("0x0", "Could not find a property named 'Name' on type 'x'."), "no column 'Name' in accounts"),
        (501, b"", "does not know this table"),
    ],
)
def test_what_is_written_wrong_in_the_set_up_stops_the_flow(
    script: Scripted, scripted_sales: SalesSystem, status: int, body: bytes, text: str
) -> None:
    answer(script, status, body, Location="http://127.0.0.1:1/login")
    with pytest.raises(ConfigError, match=text) as caught:
        read(scripted_sales)
    assert caught.value.remedy
    assert len(script.requests) == 1


def test_a_row_that_others_write_at_the_same_time_is_tried_again(script: Scripted, scripted_sales: SalesSystem) -> None:
    answer(script, 400, error("0x80044150"))
    with pytest.raises(Transient) as caught:
        write(scripted_sales)
    assert not isinstance(caught.value, Unsure)


def test_a_request_carries_what_the_api_asks_for_and_nothing_it_must_not(
    script: Scripted, scripted_sales: SalesSystem
) -> None:
    script.json({"value": []}, headers={"Set-Cookie": "ARRAffinity=1; path=/", "x-ms-dop-hint": "8"})
    read(scripted_sales)
    read(scripted_sales)
    first, second = (headers for _, _, headers, _ in script.requests)

    assert first["authorization"] == "Bearer anything"
    assert (first["odata-version"], first["odata-maxversion"], first["if-none-match"]) == ("4.0", "4.0", "null")
    assert len(first["x-ms-client-request-id"]) == 36
    assert first["x-ms-client-request-id"] != second["x-ms-client-request-id"]
    assert "cookie" not in second
    assert scripted_sales.http.parallel_hint == 8


def test_a_netrc_entry_does_not_take_the_place_of_the_token(
    script: Scripted, scripted_sales: SalesSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    script.json({"value": []})
    read(scripted_sales)
    assert script.requests[0][2]["authorization"] == "Bearer anything"


def test_links_are_followed_exactly_as_received(script: Scripted, scripted_sales: SalesSystem) -> None:
    tail = "/api/data/v9.2/accounts?$skiptoken=%3Ccookie%20a=%22%7E%41'%22/%3E&x=(1)!*"
    pages = iter([f'{{"value":[],"@odata.nextLink":"{script.base}{tail}"}}', '{"value":[]}'])
    script.reply = lambda _method, _path: (200, {}, next(pages).encode())
    read(scripted_sales)
    assert script.requests[1][1] == tail


def test_a_next_link_to_another_origin_is_not_followed(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": [], "@odata.nextLink": "https://evil.example/api/data/v9.2/accounts?x=1"})
    with pytest.raises(ConfigError, match=r"evil\.example"):
        read(scripted_sales)
    assert len(script.requests) == 1


def test_a_repeated_next_link_ends_the_reading(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": [], "@odata.nextLink": f"{script.base}/api/data/v9.2/accounts?$skiptoken=1"})
    with pytest.raises(ConfigError, match="twice"):
        read(scripted_sales)
    assert len(script.requests) == 2


def test_logs_and_observers_see_no_values_and_no_tokens(
    script: Scripted, caplog: pytest.LogCaptureFixture, still: tuple[MemoryGates, MemoryClock]
) -> None:
    seen: list[Exchange] = []
    sales = SalesSystem(script.base, AnyToken("SECRET-TOKEN"), still[0], observer=seen.append)
    script.json({"value": []})
    with caplog.at_level(logging.DEBUG):
        sales.search(ACCOUNTS, "accountnumber", ["PERSONAL-1"], ["name"])

    assert [(e.system, e.method, e.path, e.status) for e in seen] == [("sales", "GET", "/api/data/v9.2/accounts", 200)]
    assert seen[0].request_id in caplog.text
    assert "PERSONAL-1" not in caplog.text
    assert "SECRET-TOKEN" not in caplog.text + repr(vars(sales.http))


@pytest.mark.parametrize(("idle", "connections"), [(-1.0, 2), (60.0, 1)])
def test_a_connection_is_kept_unless_it_rested_too_long(
    script: Scripted, still: tuple[MemoryGates, MemoryClock], idle: float, connections: int
) -> None:
    sales = SalesSystem(script.base, AnyToken(), still[0], timeouts=Timeouts(idle=idle))
    script.json({"value": []})
    read(sales)
    read(sales)
    assert len(script.connections) == connections


def test_threads_share_a_system_but_no_connection(script: Scripted, scripted_sales: SalesSystem) -> None:
    script.json({"value": []})
    ready = threading.Barrier(4)

    def work(_: int) -> None:
        ready.wait(10)
        for _ in range(5):
            read(scripted_sales)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert scripted_sales.requests_sent == len(script.requests) == 20
    assert len(script.connections) == 4
    assert len({headers["x-ms-client-request-id"] for _, _, headers, _ in script.requests}) == 20


def test_gates_of_one_system_leave_the_other_alone(script: Scripted) -> None:
    both, _ = gates()
    both.shut("finops", 60)
    script.json({"value": []})
    assert read(SalesSystem(script.base, AnyToken(), both)) == []


def test_a_gate_shut_while_a_token_is_fetched_keeps_the_request_back(script: Scripted) -> None:
    both, _ = gates()

    class SlowToken(AnyToken):
        def token(self, resource: str) -> Token:
            both.shut("sales", 60)
            return super().token(resource)

    with pytest.raises(Throttled):
        read(SalesSystem(script.base, SlowToken(), both))
    assert script.requests == []


def test_a_client_that_ignores_the_gate_does_not_get_past_these_tests(
    script: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpClient, "_refuse_when_shut", lambda client: None)
    script.json({"value": []})
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_a_gate_shut_while_a_token_is_fetched_keeps_the_request_back(script)
    assert len(script.requests) == 1
