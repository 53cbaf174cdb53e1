"""Wrong settings and missing rights, seen as an operator sees them: each text says what, where and how to mend it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from local import processes
from local.data.folder import DataFolder
from local.host.process import HostProcess
from local.world import ROOT, World
from sync.app import App, FlowStatus, create_app
from sync.errors import ConfigError
from sync.stores.messages import dump, load
from tests.faults.faults_world import (
    FLOW,
    assert_everything_arrived,
    break_requests,
    eventually,
    loaded,
    mend_requests,
    runs_of,
    sample,
    stopped_flow,
    until_stopped,
)

NOWHERE = "http://127.0.0.1:9"
"""Loopback's discard port: nobody listens."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return sample(tmp_path_factory.mktemp("data"), accounts=30)


@pytest.fixture
def world(data: DataFolder) -> Iterator[World]:
    """A world of its own for a test that syncs."""
    with loaded(data) as fresh:
        yield fresh


GOOD = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "SALES_URL": NOWHERE,
    "FINOPS_URL": NOWHERE,
    "COMPANY": "usmf",
    "DIGEST_KEY": "for-tests-and-not-to-be-shown",
}

REFUSED: Mapping[str, tuple[dict[str, str], str]] = {
    "missing": ({"FINOPS_URL": "", "DIGEST_KEY": ""}, "FINOPS_URL is missing. Set it: Base address"),
    "malformed": (
        {"SALES_URL": "contoso.crm4.dynamics.com", "READ_TIMEOUT": "soon"},
        "SALES_URL: 'contoso.crm4.dynamics.com' is not a base address; write it as https://host, without a path.\n"
        "READ_TIMEOUT is 'soon'. Write a number of more than 0.",
    ),
    "plain http elsewhere": ({"FINOPS_URL": "http://erp.example.com"}, "is plain http; only https is allowed here"),
    "plain http in Azure": ({"WEBSITE_INSTANCE_ID": "abc"}, "is plain http; only https is allowed here"),
    "lease too short": ({"LEASE_SECONDS": "60"}, "LEASE_SECONDS must be more than 420"),
    "flow switch": ({"ACCOUNTS_TO_FINOPS__ENABLED": "maybe"}, "ACCOUNTS_TO_FINOPS__ENABLED is 'maybe'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_settings_that_make_no_sense_stop_the_host_before_it_takes_a_message(case: str) -> None:
    wrong, told = REFUSED[case]
    with pytest.raises(processes.ChildError) as refused:
        HostProcess(ROOT, GOOD | wrong)

    text = str(refused.value)
    assert "ended with status 1" in text
    assert "ConfigError: settings: " in text, "where"
    assert told in text, "what"
    assert re.search("Set them in the app settings|Write true or false", text), "how to mend it"
    assert GOOD["DIGEST_KEY"] not in text


def test_a_host_that_cannot_reach_sales_says_so_burns_no_delivery_and_goes_on_when_it_can(
    world: World, data: DataFolder, tmp_path: Path
) -> None:
    app_outside = create_app(world.settings)
    with pytest.MonkeyPatch.context() as patch:
        app = here(world, patch)
        app.detect(FLOW)
    waiting = app_outside.connections.outbox.depth(FLOW)
    assert waiting

    log = tmp_path / "host.log"
    lost = world.start_host(settings={"SALES_URL": NOWHERE}, log=log)
    assert runs_of(lost, f"apply_{FLOW}", waiting)["failures"] == 0, "waiting burns no delivery"
    eventually(lambda: f"{FLOW} is not available" in log.read_text(encoding="utf-8"))
    text = log.read_text(encoding="utf-8")
    assert f"{NOWHERE}: Sales cannot be reached: " in text
    assert "Check the base address, name resolution, firewall, proxy and certificate." in text
    world.stop_host(lost)

    world.start_host()
    assert_everything_arrived(world, data)


@pytest.mark.parametrize(
    ("system", "cause", "remedy"),
    [
        ("sales", "lacks the privilege prvReadAccount for accounts.", "Give the app's user a security role with it"),
        ("finops", "lacks a right for", "Give the user that the app is mapped to a role"),
    ],
)
def test_a_right_that_is_missing_to_read_stops_the_flow_until_it_is_given(
    system: str, cause: str, remedy: str, world: World, data: DataFolder
) -> None:
    if system == "sales":
        world.admin("sales", "switches", {"no_read": ["accounts"]})
    else:
        break_requests(world, "finops", {"status": 403})
    host = world.start_host()

    flow = until_stopped(world.settings)

    (issue,) = flow.issues
    address = world.sales_url if system == "sales" else world.finops_url
    assert issue.trouble.code == "flow-stopped"
    assert issue.trouble.cause.startswith(f"{address}: The app's user {cause}")
    assert issue.trouble.remedy.startswith(remedy)
    assert world.rows("finops", "CustomersV3") == []
    if system == "sales":
        world.admin("sales", "switches", {"no_read": []})
        eventually(lambda: len(world.rows("finops", "CustomersV3")) == len(data.rows("accounts")))
        eventually(lambda: stopped_flow(world.settings) is None)
    else:
        applying = host.counters()["functions"][f"apply_{FLOW}"]
        assert applying["failures"] == 0, "the messages wait in the queue"


def test_a_right_that_is_missing_to_write_stops_the_flow_and_what_waited_goes_through_later(
    world: World, data: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = here(world, monkeypatch)
    app.detect(FLOW)
    texts = take_messages(world, app)
    break_requests(world, "finops", {"status": 403}, match={"method": "POST"})

    flow = eventually(lambda: shown_after_delivery(world, app, texts[0]))

    (issue,) = flow.issues
    assert "lacks a right for" in issue.trouble.cause
    assert flow.backlog, "the message waits"
    assert world.rows("finops", "CustomersV3") == []

    mend_requests(world, "finops")
    clear_queue(world, app)
    for text in texts:
        app.deliver(FLOW, put_back_once(text), 1)
    eventually(lambda: not shown_after_delivery(world, app, put_back_once(texts[0])))
    assert_everything_arrived_here(world, data, app)


def test_the_wrong_environment_is_refused_and_nothing_is_written_to_it(
    world: World, data: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = here(world, monkeypatch)
    app.detect(FLOW)
    other = create_app(world.settings | {"COMPANY": "demf"})
    for text in take_messages(world, app):
        other.deliver(FLOW, text, 1)

    (reason,) = eventually(lambda: shown_at_next_tick(world, other)).reasons
    assert reason.startswith(
        "environment: The tables of this app were filled for another environment: company was 'usmf', is 'demf'. "
        "Set COMPANY back, or give the app tables of its own (TABLE_PREFIX)"
    )
    assert world.rows("finops", "CustomersV3") == []


# The storage clocks of two apps differ by less than a second, and so may say of two issues which is newer the wrong way
# round; the next tick or delivery sets it right.


def shown_at_next_tick(world: World, app: App) -> FlowStatus | None:
    """The flow, if it is shown as stopped after one more run of its timer."""
    with pytest.raises(ConfigError):
        app.detect(FLOW)
    return stopped_flow(world.settings)


def shown_after_delivery(world: World, app: App, text: str) -> FlowStatus | None:
    """The flow, if it is shown as stopped after one more delivery."""
    app.deliver(FLOW, text, 1)
    return stopped_flow(world.settings)


def here(world: World, patch: pytest.MonkeyPatch) -> App:
    """The app in this process, signed in as a host would be."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        patch.setenv(name, world.settings[name])
    return create_app(world.settings)


def take_messages(world: World, app: App) -> list[str]:
    """Every message of the flow's queue, taken out as the host would."""
    queue = queue_of(world, app)
    found = list(queue.receive_messages(messages_per_page=32))
    for message in found:
        queue.delete_message(message)
    return [str(message.content) for message in found]


def clear_queue(world: World, app: App) -> None:
    queue_of(world, app).clear_messages()


def queue_of(world: World, app: App) -> QueueClient:
    binding = next(each for each in app.bindings if each.name == FLOW)
    connection = world.settings["AzureWebJobsStorage"]
    return QueueClient.from_connection_string(connection, binding.queue, message_decode_policy=TextBase64DecodePolicy())


def put_back_once(text: str) -> str:
    """The message as it is after it was put back with a delay."""
    batch = load(text)
    return dump(dataclasses.replace(batch, delays=batch.delays + 1))


def assert_everything_arrived_here(world: World, data: DataFolder, app: App) -> None:
    (flow,) = app.status(FLOW)
    assert flow.totals.close
    assert flow.totals.endings["created"] == len(data.rows("accounts")) == len(world.rows("finops", "CustomersV3"))
