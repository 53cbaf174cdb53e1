"""Child processes of the local world: start, wait until ready, stop, never leave one behind.

Output goes to a file, not to a pipe: a child that logs a lot neither blocks nor costs its parent any work, and the
last lines are at hand when it dies.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

READY = re.compile(r"^READY (.+)$", re.MULTILINE)
"""What the project's own servers print once they listen; the group holds their addresses."""

_POLL_SECONDS = 0.02
_TAIL_LINES = 30

_living: set[Child] = set()


class ChildError(RuntimeError):
    """A child process ended or kept silent instead of becoming ready; the text holds the last lines it wrote."""


class Child:
    """A running child process. As a context manager it is stopped at the end of the block.

    `ready` holds what the ready patterns found, one text for each pattern. `log` is the file with everything that the
    child wrote to stdout and stderr; it is removed when the child has ended, unless the caller named it.
    """

    def __init__(self, command: Sequence[str | Path], *, name: str, env: Mapping[str, str] | None, log: Path | None,
                 cwd: Path | None) -> None:  # fmt: skip
        self.name = name
        self.ready: tuple[str, ...] = ()
        self.log = log if log is not None else _temporary_log(name)
        self._keep_log = log is not None
        # In a thread of its own, where no signal handler raises: Ctrl-C must not cut off a child that has just started.
        with ThreadPoolExecutor(1) as starter:
            starter.submit(self._start, [str(part) for part in command], env, cwd).result()

    def _start(self, command: list[str], env: Mapping[str, str] | None, cwd: Path | None) -> None:
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else {**os.environ, **env},
                cwd=cwd,
                start_new_session=True,
            )
        _living.add(self)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Exit status, negative for a signal; None while the process runs."""
        return self._process.poll()

    def output(self) -> str:
        """Everything the child has written so far."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines the child wrote, for an error's text."""
        return "\n".join(self.output().splitlines()[-lines:])

    def wait_ready(self, patterns: Sequence[re.Pattern[str]] = (READY,), timeout: float = 30.0) -> None:
        """Wait until every pattern has matched the output; keep the first group of each in `ready`.

        Raises ChildError, with the child stopped, when it ends or `timeout` (seconds) passes first.
        """
        deadline = time.monotonic() + timeout
        while True:
            status = self.exit_status
            written = self.output()
            found = [pattern.search(written) for pattern in patterns]
            if all(found):
                self.ready = tuple(match[1] for match in found if match)
                return
            if status is not None or time.monotonic() > deadline:
                what = f"ended with status {status}" if status is not None else f"was not ready within {timeout:g} s"
                tail = self.tail()
                self.kill()
                raise ChildError(f"{self.name} {what}. Its last lines:\n{tail or '(it wrote nothing)'}")
            time.sleep(_POLL_SECONDS)

    def wait(self, timeout: float) -> int:
        """Wait until the child ends by itself; return its exit status. Raises ChildError after `timeout` seconds."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise ChildError(f"{self.name} still runs after {timeout:g} s. Its last lines:\n{self.tail()}") from error
        self._ended()
        return status

    def terminate(self) -> None:
        """Ask the child to end (SIGTERM) and return at once."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the child at once (SIGKILL), as a crash would."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._ended()

    def stop(self, grace: float = 15.0) -> int:
        """SIGTERM, and SIGKILL if the child still runs after `grace` seconds. Returns the exit status."""
        self.terminate()
        try:
            status = self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self._ended()
        return status

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _ended(self) -> None:
        _living.discard(self)
        if not self._keep_log:
            self.log.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.stop()


def start(
    command: Sequence[str | Path],
    *,
    name: str,
    ready: Sequence[re.Pattern[str]] = (READY,),
    timeout: float = 30.0,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
) -> Child:
    """Start `command` and return when its output has matched every pattern of `ready`.

    `env` is added to this process's environment. Raises ChildError as `Child.wait_ready` does.
    """
    child = Child(command, name=name, env=env, log=log, cwd=cwd)
    try:
        child.wait_ready(ready, timeout)
    except BaseException:
        if child.exit_status is None:
            child.kill()
        raise
    return child


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now. Prefer port 0 where a server can choose for itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_all(children: Sequence[Child], grace: float = 15.0) -> None:
    """Ask all children to end at the same time, then wait for each."""
    for child in children:
        child.terminate()
    waiting = [threading.Thread(target=child.stop, args=(grace,)) for child in children]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()


def _temporary_log(name: str) -> Path:
    handle, path = tempfile.mkstemp(prefix=f"{re.sub(r'[^a-zA-Z0-9]+', '-', name)}-", suffix=".log")
    os.close(handle)
    return Path(path)


@atexit.register
def _stop_what_is_left() -> None:
    stop_all(list(_living), grace=5.0)
