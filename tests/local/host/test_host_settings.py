"""Settings, host.json and schedules, without a host (functions-host.md 1.1, 2, 4)."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from azure.identity import ManagedIdentityCredential
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from local.host.connections import ConnectionProblem, connection
from local.host.errors import HostError
from local.host.ncrontab import Schedule, ScheduleError
from local.host.options import load_options
from local.host.polling import Backoff
from local.host.settings import Settings, UnknownSettingError, load_settings
from local.host.timespans import parse_time_span

START = datetime.datetime(2026, 2, 27, 23, 59, 30, tzinfo=datetime.UTC)
CONNECTION = "AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:1/a;BlobEndpoint=http://127.0.0.1:2/a;"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:30", 30), ("00:00:00.1000000", 0.1), ("01:30", 5400), ("1.02:00:00", 93_600), ("23:59:59.9", 86_399.9)],
)
def test_time_spans(text: str, seconds: float) -> None:
    assert parse_time_span(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "24:00:00", "00:60:00", "00:00:60", "-00:00:01", "00:00:00.12345678", "x"])
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time span"):
        parse_time_span(text)


def test_setting_names_ignore_case_and_colon_equals_two_underscores() -> None:
    settings = Settings({"Sales__Url": "https://sales", "EMPTY": ""})

    assert settings.get("sales:url") == "https://sales"
    assert settings.group("SALES") == {"url": "https://sales"}
    assert settings.expand("go to %Sales:Url%/api") == "go to https://sales/api"
    for unknown in ("%NOTHING%", "%EMPTY%"):
        with pytest.raises(UnknownSettingError):
            settings.expand(unknown)


def test_settings_of_a_file_are_exported_where_the_environment_has_none(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"A:B": "1", "C": "file", "D": 7}}))
    environment = {"C": "environment"}

    settings = load_settings(tmp_path, environment=environment)

    assert environment == {"A__B": "1", "C": "environment", "D": "7"}
    assert settings.get("A:B") == "1"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must hold a JSON object"),
        ('{"IsEncrypted": true, "Values": {}}', "func settings decrypt"),
        ('{"Values": {"FLAG": true}}', "the setting FLAG must be a text"),
        ('{"Values": []}', "`Values` must be an object"),
    ],
)
def test_a_settings_file_that_cannot_be_used_is_told(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(content)
    with pytest.raises(HostError, match=told):
        load_settings(tmp_path, file, {})


def test_host_json_has_the_defaults_of_the_real_host_and_settings_override_it(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    plain = load_options(tmp_path, Settings({}))
    assert (plain.queues.batch_size, plain.queues.max_dequeue_count, plain.queues.max_polling_interval) == (16, 5, 60)
    assert plain.queues.new_batch_threshold == 8 * (os.process_cpu_count() or 1)
    assert (plain.queues.visibility_timeout, plain.queues.base64, plain.route_prefix) == (0, True, "api")

    queues = "AzureFunctionsJobHost__extensions__queues__"
    changed = load_options(tmp_path, Settings({f"{queues}batchSize": "2", f"{queues}maxPollingInterval": "00:00:00.2"}))
    assert (changed.queues.batch_size, changed.queues.max_polling_interval) == (2, 0.2)


class TestConnections:
    """Which settings make a connection."""

    def test_the_name_with_the_hosts_prefix_is_tried_first(self) -> None:
        found = connection("X", Settings({"X": "no", "AzureWebJobsX": CONNECTION}), "queue")
        assert (found.name, found.connection_string) == ("AzureWebJobsX", CONNECTION)

    def test_a_plain_value_wins_over_a_group(self) -> None:
        settings = Settings({"X": CONNECTION, "X__queueServiceUri": "https://q.example"})
        assert connection("X", settings, "queue").connection_string == CONNECTION

    def test_by_identity_with_addresses(self) -> None:
        group = {"X__queueServiceUri": "https://q.example", "X__credential": "managedidentity", "X__clientId": "c"}
        found = connection("X", Settings(group), "queue")
        assert found.address == "https://q.example"
        assert isinstance(found.credential, ManagedIdentityCredential)
        assert found.queue("work").url == "https://q.example/work"

    def test_by_identity_with_an_account_name(self) -> None:
        found = connection("X", Settings({"X__accountName": "store"}), "blob")
        assert found.address == "https://store.blob.core.windows.net"

    def test_a_missing_one_names_what_to_set(self) -> None:
        with pytest.raises(ConnectionProblem, match="set X to a connection string, or X__queueServiceUri"):
            connection("X", Settings({}), "queue")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/5 * * * *", "2026-02-28T00:00:00"),
        ("0 */5 * * * *", "2026-02-28T00:00:00"),
        ("30 59 23 * * *", "2026-02-28T23:59:30"),
        ("0 0 0 13 * 5", "2026-03-13T00:00:00"),
        ("0 0 12 * jan,DEC mon-fri", "2026-12-01T12:00:00"),
        ("0 10/20 8 * * *", "2026-02-28T08:10:00"),
        ("5,10 0 0 29 2 *", "2028-02-29T00:00:05"),
        ("0 30 9-17/4 * * 0", "2026-03-01T09:30:00"),
    ],
)
def test_the_next_occurrence_of_a_schedule(expression: str, expected: str) -> None:
    assert Schedule(expression).next_after(START) == datetime.datetime.fromisoformat(f"{expected}+00:00")


@given(
    seconds=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=3),
    days=st.sets(st.integers(1, 28), min_size=1, max_size=6),
    weekdays=st.sets(st.integers(0, 6), min_size=1, max_size=4),
)
@hypothesis_settings(max_examples=60, deadline=None, derandomize=True)
def test_day_and_weekday_must_both_match(
    seconds: set[int], minutes: set[int], hours: set[int], days: set[int], weekdays: set[int]
) -> None:
    fields = [seconds, minutes, hours, days, None, weekdays]
    expression = " ".join("*" if field is None else ",".join(map(str, sorted(field))) for field in fields)

    found = Schedule(expression).next_after(START)

    day = START.date()
    moments = (
        datetime.datetime(date.year, date.month, date.day, hour, minute, second, tzinfo=datetime.UTC)
        for date in (day + datetime.timedelta(days=number) for number in range(4000))
        if date.day in days and (date.weekday() + 1) % 7 in weekdays
        for hour in sorted(hours)
        for minute in sorted(minutes)
        for second in sorted(seconds)
    )
    assert found == next(moment for moment in moments if moment > START)


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * * *", "60 * * * * *", "0 0 24 * * *", "0 0 0 0 * *", "0 0 0 * 13 *", "0 0 0 * * 7",
     "0 0 0 L * *", "0 0 0 ? * *", "0 0 0 * * 5#2", "@daily", "0 0 22-2 * * *", "*/0 * * * * *", "0 0 0 * janu *",
     "0 -1 0 * * *", "0 1,,2 0 * * *", "0 */x 0 * * *", "00:05:00", "0 0 0 * * mon-sun"],
)  # fmt: skip
def test_what_ncrontab_does_not_allow_is_refused_although_croniter_would_take_it(expression: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule(expression)


def test_a_schedule_without_any_occurrence_never_fires() -> None:
    assert Schedule("0 0 0 31 2 *").next_after(START) is None


@pytest.mark.parametrize(
    ("expression", "often"),
    [("*/30 * * * * *", True), ("* * * * * *", True), ("15 * * * * *", False), ("*/10 0 * * * *", False)],
)
def test_which_schedules_fire_more_than_once_a_minute(expression: str, often: bool) -> None:
    assert Schedule(expression).fires_within_a_minute() is often


def test_idle_waits_grow_to_the_maximum_and_start_again_after_work() -> None:
    backoff = Backoff(2.0)
    waits = [backoff.next() for _ in range(12)]
    assert waits[0] == 0.1
    assert waits == sorted(waits)
    assert waits[-1] == 2.0
    backoff.reset()
    assert backoff.next() == 0.1
