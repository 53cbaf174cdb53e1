"""An app that cannot be run is refused with every problem and an exit status (functions-host.md 2, 4, 6.4)."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from local import processes
from local.host.process import HostProcess
from tests.local.host.host_world import APPS

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def refusal(app: Path, settings: dict[str, str]) -> str:
    """The text of a host that refuses to start with exit status 1."""
    with pytest.raises(processes.ChildError) as caught:
        HostProcess(app, settings)
    assert "ended with status 1" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fault", "settings", "told"),
    [
        ("queue", STORAGE, "Function on_message: %NO_SUCH_SETTING% names no app setting"),
        ("queue", STORAGE, "Function on_sunday: `0 0 0 * * 7`, field weekday: `7` is not allowed"),
        ("cron", STORAGE, "use 0 to 6 or sun, mon"),
        ("connection", STORAGE, "the storage connection NoSuchConnection is not set"),
        ("connection", {**STORAGE, "NoSuchConnection": "x"}, "the storage connection NoSuchConnection cannot be used"),
        ("connection", {**STORAGE, "NoSuchConnection__clientId": "x"}, "set NoSuchConnection__queueServiceUri"),
        ("output", STORAGE, "the queue binding `out` (OUT) is not offered by this host"),
    ],
)
def test_a_fault_of_the_app_is_told(fault: str, settings: dict[str, str], told: str) -> None:
    text = refusal(APPS / "broken_app", {**settings, "FAULT": fault})

    assert told in text
    assert "Traceback" not in text


def test_an_app_that_cannot_be_imported_is_told_with_the_place() -> None:
    text = refusal(APPS / "broken_app", {**STORAGE, "FAULT": "import"})

    assert "No module named 'a_module_that_does_not_exist'" in text.partition("The host cannot start:")[2]
    assert 'function_app.py", line' in text


def test_an_app_without_functions_runs_idle_with_a_warning() -> None:
    with HostProcess(APPS / "broken_app", {**STORAGE, "FAULT": "none"}) as host:
        assert host.status()["functions"] == {}
        assert "No functions found" in host.child.output()


def test_a_timer_needs_the_storage_of_the_host() -> None:
    assert "AzureWebJobsStorage is not set" in refusal(APPS / "timer_app", {"SCHEDULE": "* * * * *", "SEEN_FILE": "-"})


def test_host_json_is_checked(tmp_path: Path) -> None:
    shutil.copy(APPS / "http_app" / "function_app.py", tmp_path)
    queues = {"batchSize": 64, "maxPollingInterval": 30, "messageEncoding": "utf8", "visibilityTimeout": "00:00:99"}
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": queues}}))

    text = refusal(tmp_path, {})

    assert len(re.findall(r"^host\.json: ", text, re.MULTILINE)) == 4


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    assert "holds no function_app.py" in refusal(tmp_path, {})


def test_a_taken_port_is_refused() -> None:
    with HostProcess(APPS / "http_app", {}) as first, pytest.raises(processes.ChildError, match="Give another port"):
        HostProcess(APPS / "http_app", {}, port=int(first.url.rpartition(":")[2]))


def test_a_lease_that_storage_does_not_allow_is_refused() -> None:
    command = [sys.executable, "-m", "local.host", "--app", ".", "--lease", "5"]
    with pytest.raises(processes.ChildError, match="5 is not a whole number from 15 to 60"):
        processes.start(command, name="host")


def test_settings_come_from_a_file_and_the_environment_prevails(tmp_path: Path) -> None:
    shutil.copy(APPS / "http_app" / "function_app.py", tmp_path)
    (tmp_path / "host.json").write_text('{"version": "2.0", "extensions": {"http": {"routePrefix": "file"}}}')
    values = {"AzureFunctionsWebHost:hostid": "from-the-file", "LOCAL_HOST_FUNCTION_KEY": "from-the-file"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))

    with HostProcess(tmp_path, {"LOCAL_HOST_FUNCTION_KEY": "from-the-environment"}) as host:
        assert host.status()["id"] == "from-the-file"
        assert host.function_key == "from-the-environment"
