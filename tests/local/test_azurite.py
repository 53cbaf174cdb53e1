"""Azurite starts on ports of its own, keeps or forgets data as asked, and says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from local import azurite, processes
from local.certificates import make_certificate


def test_two_azurites_run_side_by_side_and_share_nothing() -> None:
    with azurite.start() as first, azurite.start() as second:
        QueueClient.from_connection_string(first.connection_string, "mine").create_queue()
        with pytest.raises(Exception, match="QueueNotFound"):
            QueueClient.from_connection_string(second.connection_string, "mine").get_queue_properties()

        TableServiceClient.from_connection_string(first.connection_string).create_table("links")
        names = [
            table.name for table in TableServiceClient.from_connection_string(first.connection_string).list_tables()
        ]
        assert names == ["links"]
        BlobServiceClient.from_connection_string(first.connection_string).create_container("locks")


def test_data_on_disk_outlives_a_restart_at_the_same_addresses(tmp_path: Path) -> None:
    with azurite.start(location=tmp_path) as before:
        queue = QueueClient.from_connection_string(before.connection_string, "kept")
        queue.create_queue()
        queue.send_message("still here")
        ports = before.ports

    with azurite.start(location=tmp_path, ports=ports) as after:
        assert after.connection_string == before.connection_string
        kept = QueueClient.from_connection_string(after.connection_string, "kept")
        assert [message.content for message in kept.peek_messages(5)] == ["still here"]


def test_with_a_certificate_the_services_speak_https_and_take_the_tokens_of_the_local_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.cert))
    identity = [sys.executable, "-m", "local.identity", "--token-key", "00", "--secret", "test-secret"]
    with azurite.start(certificate=certificate) as store, processes.start(identity, name="identity") as signer:
        monkeypatch.setenv("IDENTITY_ENDPOINT", signer.ready[0])
        monkeypatch.setenv("IDENTITY_HEADER", "test-secret")
        assert store.queue.startswith("https://127.0.0.1:")

        queue = QueueClient(store.queue, "signed-in", credential=ManagedIdentityCredential())
        queue.create_queue()
        TableServiceClient(store.table, credential=ManagedIdentityCredential()).create_table("links")
        BlobServiceClient(store.blob, credential=ManagedIdentityCredential()).create_container("locks")

        assert queue.get_queue_properties().approximate_message_count == 0
        assert requests.get(store.queue, params={"comp": "list"}, timeout=10).status_code == 403


def test_a_missing_node_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(azurite.AzuriteError, match=r"Install Node\.js 20 or later"):
        azurite.start()


def test_a_missing_package_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(azurite.AzuriteError, match="make setup"):
        azurite.start(root=tmp_path)


def test_a_taken_port_fails_with_the_last_lines_of_azurite() -> None:
    with azurite.start() as first, pytest.raises(processes.ChildError, match="EADDRINUSE"):
        azurite.start(ports=first.ports, timeout=15)


def test_a_child_that_dies_shows_its_last_lines_and_its_status() -> None:
    command = [sys.executable, "-c", "import sys; print('about to fail', file=sys.stderr); sys.exit(3)"]
    with pytest.raises(processes.ChildError, match=r"status 3(.|\n)*about to fail"):
        processes.start(command, name="broken")


def test_a_child_that_ignores_sigterm_is_killed() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('READY now', flush=True); time.sleep(60)"
    )
    child = processes.start([sys.executable, "-c", code], name="stubborn")
    assert child.ready == ("now",)

    assert child.stop(grace=0.2) == -9
    assert not child.log.exists()


def test_a_silent_child_is_ended_when_the_time_is_up() -> None:
    child = processes.Child([sys.executable, "-c", "import time; time.sleep(60)"], name="silent", env=None, log=None,
                            cwd=None)  # fmt: skip
    with pytest.raises(processes.ChildError, match=r"not ready within 0\.1 s"):
        child.wait_ready(timeout=0.1)

    assert child.exit_status == -9
