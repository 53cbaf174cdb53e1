"""Loads the app with Microsoft's worker library and runs its functions (functions-host.md 6).

The library keeps its state in module globals: one app for each process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure_functions_runtime as runtime
from azure_functions_runtime import native_invocation
from azure_functions_runtime.bindings.datumdef import Datum

from local.host import logs, protos
from local.host.counters import Counters
from local.host.errors import HostError

logger = logging.getLogger("host")

Inputs = Sequence[tuple[str, Datum]]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A function as the library indexed it; `raw_bindings` are JSON texts, `%NAME%` unresolved."""

    name: str
    function_id: str
    raw_bindings: Sequence[str]
    has_retry: bool


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended; `value` is what the function returned, for HTTP; `error` the exception's text."""

    ok: bool
    value: Datum | None = None
    error: str | None = None


class Engine:
    """The worker: indexes once, then runs functions from any thread."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker loop", daemon=True)

    def start(self, app: Path) -> list[Indexed]:
        """Go to the app's folder, import it and return its functions.

        Raises HostError with the library's message when the app cannot be indexed.
        """
        if not (app / "function_app.py").is_file():
            raise HostError(f"{app} holds no function_app.py. Give the app's folder with --app.")
        os.chdir(app)
        sys.path.insert(0, str(app))
        self._thread.start()
        runtime.start_threadpool_executor()
        answer = self._await(runtime.worker_init_request(_init_request(app)))
        if answer.result.status != protos.StatusResult.Success:
            logger.error("The app cannot be indexed\n%s", answer.result.exception.stack_trace)
            raise HostError(f"The app in {app} cannot be indexed: {answer.result.exception.message}")
        found = self._await(runtime.functions_metadata_request(None)).function_metadata_results or []
        return [
            Indexed(item.name, item.function_id, tuple(item.raw_bindings), item.retry_options is not None)
            for item in found
        ]

    def invoke(self, name: str, function_id: str, inputs: Inputs, metadata: Mapping[str, Datum]) -> Result:
        """Run a function to its end and return how it ended; an exception in it is a result, never raised."""
        invocation_id = str(uuid.uuid4())
        begun = time.monotonic()
        logs.begin(invocation_id, name)
        token = runtime.invocation_id_cv.set(invocation_id)
        self._counters.started(name)
        ok = False
        try:
            ok, value, error = self._run(invocation_id, function_id, inputs, metadata)
        except SystemExit as leaving:
            value, error = None, f"The function called sys.exit: {leaving}"
            logger.error("%s", error)
        finally:
            logger.info("%s in %.0f ms", "Succeeded" if ok else "Failed", (time.monotonic() - begun) * 1000)
            self._counters.ended(name, ok)
            runtime.invocation_id_cv.reset(token)
            logs.end(invocation_id)
        return Result(ok, value, error)

    def _run(
        self, invocation_id: str, function_id: str, inputs: Inputs, metadata: Mapping[str, Datum]
    ) -> tuple[bool, Datum | None, str | None]:
        handled, ok, value, _, error, _ = native_invocation.run_invocation_sync(
            invocation_id, function_id, inputs, metadata
        )
        if not handled:
            ok, value, _, error, _ = self._await(
                native_invocation.invocation_request_native(invocation_id, function_id, inputs, metadata)
            )
        return ok, value, error

    def stop(self) -> None:
        """Wait for running functions, then end the threads."""
        runtime.stop_threadpool_executor()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _await(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def _init_request(app: Path) -> protos.Message:
    init = protos.Message(capabilities={}, function_app_directory=str(app))
    return protos.Message(
        request=protos.Message(worker_init_request=init),
        properties={"protos": protos, "host": "127.0.0.1"},
    )
