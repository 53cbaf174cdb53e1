"""Start and stop host processes, for tests and the demo."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from local import processes
from local.host.http import FUNCTION_KEY, MASTER_KEY

_ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT = 30.0


class HostProcess:
    """A running host. Stop it, or use it as a context manager; `url` is its base address."""

    def __init__(
        self,
        app: Path,
        settings: Mapping[str, str],
        *,
        port: int = 0,
        hiding: int | None = None,
        lease: int | None = None,
        recovery: float | None = None,
        polling: float | None = None,
        log: Path | None = None,
        timeout: float = 60.0,
    ) -> None:
        """Start a host for the app in folder `app` and wait until it listens.

        `settings` are app settings, given through the environment and so stronger than local.settings.json. Times are
        in seconds; None leaves the real host's. Raises `processes.ChildError` with the host's last lines when it does
        not start.
        """
        self._master_key = settings.get(MASTER_KEY) or secrets.token_urlsafe(24)
        self.function_key = settings.get(FUNCTION_KEY) or secrets.token_urlsafe(24)
        command = [sys.executable, "-m", "local.host", "--app", str(app.resolve()), "--port", str(port)]
        times = {"--hiding": hiding, "--lease": lease, "--recovery": recovery, "--polling": polling}
        for option, value in times.items():
            if value is not None:
                command += [option, f"{value:g}"]
        env = {**settings, MASTER_KEY: self._master_key, FUNCTION_KEY: self.function_key}
        self.child = processes.start(command, name=f"host of {app.name}", env=env, cwd=_ROOT, log=log, timeout=timeout)
        self.url = self.child.ready[0]

    def counters(self) -> dict[str, Any]:
        """What the host did so far (see `local.host.counters.Counters.snapshot`)."""
        return self._get("/admin/host/counters")

    def status(self) -> dict[str, Any]:
        """Host id, state and functions."""
        return self._get("/admin/host/status")

    def run(self, function: str, given: str = "") -> None:
        """Have the host run a timer or queue function once; returns when the run was accepted."""
        answer = requests.post(
            f"{self.url}/admin/functions/{function}",
            json={"input": given},
            headers={"x-functions-key": self._master_key},
            timeout=_TIMEOUT,
        )
        answer.raise_for_status()

    def stop(self, grace: float = 60.0) -> int:
        """Ask the host to finish and end (SIGTERM); SIGKILL after `grace` seconds. Returns the exit status."""
        return self.child.stop(grace)

    def kill(self) -> None:
        """End the host as a crash would."""
        self.child.kill()

    def _get(self, path: str) -> dict[str, Any]:
        answer = requests.get(self.url + path, timeout=_TIMEOUT)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.stop()
