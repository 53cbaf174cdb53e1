"""Queue triggers: hiding, renewal, retries, poison, metadata (functions-host.md 1)."""

from __future__ import annotations

import base64
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient

from local import azurite, processes
from local.certificates import make_certificate
from tests.local.host.host_world import World, a_world, eventually


@pytest.fixture(scope="module")
def store() -> Iterator[azurite.Azurite]:
    with azurite.start() as running:
        yield running


@pytest.fixture
def world(store: azurite.Azurite, tmp_path: Path) -> Iterator[World]:
    with a_world(store, tmp_path) as opened:
        yield opened


def texts(world: World, suffix: str) -> list[str]:
    return [message.content for message in world.queue(suffix).peek_messages(32)]


def test_a_failing_message_runs_max_dequeue_count_times_then_goes_to_the_poison_queue(world: World) -> None:
    host = world.host("queue_app")
    world.send("fail", "hello")

    eventually(lambda: world.seen("buried"))

    fails = [line["dequeue_count"] for line in world.seen("begin") if line["body"] == "fail"]
    assert fails == [1, 2, 3]
    assert [line["body"] for line in world.seen("buried")] == ["fail"]
    assert [line["body"] for line in world.seen("end")] == ["hello"]
    assert host.counters()["functions"]["work"] == {"runs": 4, "failures": 3, "running": 0, "poisoned": 1}
    assert world.queue().get_queue_properties().approximate_message_count == 0


def test_text_that_is_not_base64_goes_to_the_poison_queue_unchanged_and_is_not_run(world: World) -> None:
    for text in ("%%%", "YWJj!", "YWJ"):
        world.queue().send_message(text)
    settings = {f"AzureWebJobs.{name}.Disabled": "true" for name in ("bury", "work_async")}
    host = world.host("queue_app", settings)

    eventually(lambda: len(texts(world, "-poison")) == 3)

    assert sorted(texts(world, "-poison")) == ["%%%", "YWJ", "YWJj!"]
    assert host.counters()["functions"]["work"]["runs"] == 0
    assert host.counters()["functions"]["work"]["poisoned"] == 3


def test_a_message_that_others_have_already_tried_too_often_is_not_run(world: World) -> None:
    world.send("hello")
    for _ in range(3):
        next(iter(world.queue().receive_messages(max_messages=1, visibility_timeout=1)))
        eventually(lambda: world.queue().peek_messages())
    host = world.host("queue_app")

    eventually(lambda: world.seen("buried"))

    assert world.seen("begin") == []
    assert host.counters()["functions"]["work"]["runs"] == 0


def test_a_message_of_a_killed_host_stays_hidden_then_comes_again(world: World) -> None:
    world.send("sleep 600")
    first = world.host("queue_app", hiding=4)
    eventually(lambda: world.seen("begin"))
    first.kill()
    assert world.queue().peek_messages() == [], "a crash must not show the message at once"

    second = world.host("queue_app", hiding=4)
    begun = eventually(lambda: world.seen("begin")[1:])

    assert begun[0]["dequeue_count"] == 2
    assert begun[0]["pid"] == second.child.pid
    second.kill()


def test_a_run_longer_than_the_hiding_is_not_delivered_twice(world: World) -> None:
    world.host("queue_app", hiding=2)
    other = world.host("queue_app", hiding=2)
    world.send("sleep 4.5")

    eventually(lambda: world.seen("end"))

    assert [line["dequeue_count"] for line in world.seen("begin")] == [1]
    eventually(lambda: world.queue().get_queue_properties().approximate_message_count == 0)
    assert other.status()["state"] == "Running"


def test_two_hosts_share_a_queue_and_run_each_message_once(world: World) -> None:
    hosts = [world.host("queue_app"), world.host("queue_app")]
    bodies = [f"job {number}" for number in range(60)]
    world.send(*bodies)

    eventually(lambda: len(world.seen("end")) >= len(bodies))

    assert Counter(line["body"] for line in world.seen("begin")) == Counter(bodies)
    assert sum(host.counters()["functions"]["work"]["runs"] for host in hosts) == len(bodies)


def test_no_more_than_batch_size_and_threshold_are_taken_and_run_at_once(world: World) -> None:
    world.send(*["sleep 0.5"] * 16)
    world.host("queue_app", {"PYTHON_THREADPOOL_THREAD_COUNT": "32"})

    def all_ended() -> bool:
        visible = len(world.queue().peek_messages(32))
        ended = len(world.seen("end"))
        assert visible >= 16 - 6 - ended, "messages that wait for a free place must stay for other hosts"
        return ended == 16

    eventually(all_ended)

    running, most = 0, 0
    for line in sorted(world.seen(), key=lambda line: float(line["at"])):
        running += {"begin": 1, "end": -1}[line["event"]]
        most = max(most, running)
    assert 2 < most <= 6


def test_a_failed_message_is_hidden_for_the_visibility_timeout(world: World) -> None:
    world.send("fail")
    host = world.host("queue_app", {"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:10:00"})

    eventually(lambda: host.counters()["storage"].get("update"))

    assert world.queue().peek_messages() == []
    assert world.queue().get_queue_properties().approximate_message_count == 1
    assert [line["dequeue_count"] for line in world.seen("begin")] == [1]


def test_the_function_gets_the_metadata_of_the_message(world: World) -> None:
    sent = world.queue().send_message(base64.b64encode("Grüße".encode()).decode())
    world.host("queue_app")

    begun = eventually(lambda: world.seen("begin"))[0]

    assert begun["body"] == "Grüße"
    assert begun["id"] == sent.id
    assert begun["dequeue_count"] == 1
    assert sent.inserted_on is not None
    assert begun["inserted"] == sent.inserted_on.isoformat()


def test_keys_of_a_json_body_overwrite_metadata_of_the_same_name(world: World) -> None:
    world.send('{"ID": "from the body", "dequeueCount": 41, "popReceipt": null, "queueTrigger": [1]}')
    world.host("queue_app")

    begun = eventually(lambda: world.seen("begin"))[0]

    assert begun["id"] == "from the body"
    assert begun["dequeue_count"] == 41


def test_a_body_key_that_is_no_valid_metadata_fails_the_run_before_it_begins(world: World) -> None:
    world.send('{"dequeueCount": "many"}')
    host = world.host("queue_app")

    eventually(lambda: host.counters()["functions"]["work"]["poisoned"])

    assert world.seen("begin") == []
    assert host.counters()["functions"]["work"]["failures"] == 3


def test_the_last_failure_moves_the_message_without_waiting_for_the_visibility_timeout(world: World) -> None:
    queues = "AzureFunctionsJobHost__extensions__queues__"
    world.send("fail")
    world.host("queue_app", {f"{queues}maxDequeueCount": "1", f"{queues}visibilityTimeout": "00:10:00"})

    assert eventually(lambda: world.seen("buried"))[0]["body"] == "fail"


def test_a_message_that_is_gone_when_its_run_ends_is_no_error(world: World) -> None:
    host = world.host("queue_app", hiding=2)
    world.send("sleep 2", "fail")
    eventually(lambda: len(world.seen("begin")) > 1)
    world.queue().clear_messages()
    eventually(lambda: world.seen("end"))

    world.send("hello")

    eventually(lambda: len(world.seen("end")) == 2)
    assert host.child.exit_status is None


def test_async_functions_run_too(world: World) -> None:
    world.queue("-async").send_message(base64.b64encode(b"hello").decode())
    world.host("queue_app")

    assert eventually(lambda: world.seen("async"))[0]["body"] == "hello"


def test_a_queue_that_appears_later_is_listened_to(world: World) -> None:
    host = world.host("queue_app")
    eventually(lambda: host.counters()["storage"].get("receive_empty", 0) > 5)

    world.send("late")

    assert eventually(lambda: world.seen("end"))[0]["body"] == "late"


def test_sigterm_finishes_the_run_and_deletes_its_message(world: World) -> None:
    host = world.host("queue_app")
    world.send("sleep 2")
    eventually(lambda: world.seen("begin"))

    status = host.stop()

    assert status == 0
    assert [line["event"] for line in world.seen()] == ["begin", "end"]
    assert world.queue().get_queue_properties().approximate_message_count == 0


def test_lines_logged_by_a_function_name_it_and_its_invocation(world: World) -> None:
    host = world.host("queue_app")
    world.send("hello")
    eventually(lambda: world.seen("end"))

    line = next(line for line in host.child.output().splitlines() if "working on hello" in line)

    assert "[work " in line
    assert len(line.partition("[work ")[2].partition("]")[0]) == 36


def test_a_disabled_function_does_not_listen(world: World) -> None:
    world.send("hello")
    host = world.host("queue_app", {"AzureWebJobs.work.Disabled": "true"})
    eventually(lambda: host.counters()["storage"].get("receive_empty", 0) > 5)

    assert world.seen() == []
    assert host.status()["functions"]["work"]["disabled"] is True


def test_a_host_reaches_its_queues_by_managed_identity(world: World, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "tls")
    identity = [sys.executable, "-m", "local.identity", "--token-key", "00", "--secret", "test-secret"]
    with azurite.start(certificate=certificate) as own, processes.start(identity, name="identity") as signer:
        queue = QueueClient.from_connection_string(
            own.connection_string, world.name, connection_verify=str(certificate.cert)
        )
        queue.create_queue()
        queue.send_message(base64.b64encode(b"hello").decode())
        world.host(
            "queue_app",
            {
                "AzureWebJobsStorage": "",
                "AzureWebJobsStorage__queueServiceUri": own.queue,
                "AzureWebJobsStorage__credential": "managedidentity",
                "IDENTITY_ENDPOINT": signer.ready[0],
                "IDENTITY_HEADER": "test-secret",
                "REQUESTS_CA_BUNDLE": str(certificate.cert),
            },
        )

        assert eventually(lambda: world.seen("end"))[0]["body"] == "hello"


def test_a_host_whose_storage_is_gone_when_a_message_completes_stops_with_an_error(
    world: World, tmp_path: Path
) -> None:
    with azurite.start(location=tmp_path / "store") as own:
        world.store = own
        host = world.host("queue_app")
        world.send("sleep 1")
        eventually(lambda: world.seen("begin"))
    assert host.child.wait(60) == 1
    assert len(world.seen("end")) == 1
