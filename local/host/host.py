"""The host as a whole: index, listen, stop in order."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.host import logs
from local.host.counters import Counters
from local.host.engine import Engine
from local.host.errors import HostError
from local.host.functions import Function, QueueTrigger, TimerTrigger, read_functions
from local.host.http import HttpFunctions, Keys, create_app
from local.host.locks import Lock
from local.host.messages import datum_of
from local.host.options import HostOptions, load_options
from local.host.queues import QueueListener
from local.host.settings import Settings, load_settings
from local.host.storage_queue import StorageQueue
from local.host.timer_status import Monitor
from local.host.timers import TimerListener, timer_input
from local.serving import Serving

logger = logging.getLogger("host")


@dataclass(frozen=True, slots=True)
class Timing:
    """What the real host has fixed and tests shorten; seconds.

    How long a received message is hidden, how long a timer's lease is (15 to 60, storage's rule), how often a process
    without the lease asks for it, and the longest wait of an idle queue listener (None: host.json's).
    """

    hiding: int = 600
    lease: int = 60
    recovery: float = 60.0
    polling: float | None = None


class Host:
    """One host process's worth of listeners.

    `failure` is None until something stops the host that the real one stops for too.
    """

    def __init__(self, app: Path, settings_file: Path | None, timing: Timing, port: int) -> None:
        """Index the app in folder `app`, start serving HTTP and listening. Raises HostError with every problem."""
        self._app = app.resolve()
        self._timing = timing
        self._stop_asked = threading.Event()
        self._started = time.monotonic()
        self.failure: str | None = None
        settings = load_settings(self._app, settings_file)
        self._options = _with_polling(load_options(self._app, settings), timing.polling)
        logs.set_up(self._options.log_level)
        self._counters = Counters()
        self._engine = Engine(self._counters)
        self._functions = read_functions(self._engine.start(self._app), settings, self._options.route_prefix)
        if not self._functions:
            logger.warning("No functions found in %s", self._app)
        self._counters.declare(function.name for function in self._functions)
        self._host_id = _host_id(self._app, settings)
        self._listeners = self._make_listeners()
        self.keys = Keys.of(settings)
        self._serving = Serving(self._http_app(), port)
        for listener in self._listeners:
            listener.start()

    @property
    def url(self) -> str:
        """Base address of the HTTP side."""
        return self._serving.url

    def ask_to_stop(self) -> None:
        """Make `wait` return; safe in a signal handler."""
        self._stop_asked.set()

    def wait(self) -> None:
        """Return when the host was asked to stop or has failed."""
        self._stop_asked.wait()

    def stop(self) -> None:
        """Stop listening, finish what runs, release the locks, then stop serving."""
        for listener in self._listeners:
            listener.stop()
        for listener in self._listeners:
            listener.join()
        self._serving.stop()
        self._engine.stop()

    def status(self) -> Mapping[str, Any]:
        """For `/admin/host/status`."""
        return {
            "id": self._host_id,
            "state": "Error" if self.failure else "Running",
            "processUptime": round((time.monotonic() - self._started) * 1000),
            "functions": {
                function.name: {"trigger": type(function.trigger).__name__, "disabled": function.disabled}
                for function in self._functions
            },
        }

    def _fail(self, problem: str) -> None:
        """Something the real host stops for."""
        if not self.failure:
            logger.critical("%s The host stops.", problem)
            self.failure = problem
        self.ask_to_stop()

    def _make_listeners(self) -> list[QueueListener | TimerListener]:
        listeners: list[QueueListener | TimerListener] = []
        for function in self._functions:
            match function.trigger:
                case _ if function.disabled:
                    logger.info("%s is disabled by a setting", function.name)
                case QueueTrigger() as trigger:
                    listeners.append(self._queue_listener(function, trigger))
                case TimerTrigger() as trigger:
                    listeners.append(self._timer_listener(function, trigger))
        return listeners

    def _queue_listener(self, function: Function, trigger: QueueTrigger) -> QueueListener:
        queue = StorageQueue(trigger.connection, trigger.queue, self._counters)
        hiding = self._timing.hiding
        return QueueListener(function, queue, self._options.queues, self._engine, self._counters, hiding, self._fail)

    def _timer_listener(self, function: Function, trigger: TimerTrigger) -> TimerListener:
        blobs = trigger.storage.blobs()
        lock = Lock(blobs, f"locks/{self._host_id}/{function.name}.Listener", self._timing.lease, self._counters)
        monitor = None
        if trigger.use_monitor:
            monitor = Monitor(blobs, f"timers/{self._host_id}/{function.name}/status", self._counters)
        return TimerListener(function, trigger, lock, monitor, self._engine, self._timing.recovery)

    def _http_app(self) -> Any:
        http = HttpFunctions(self._functions, self.keys, self._engine)
        return create_app(http, self._functions, self.keys, self._counters, self.status, self._run_by_hand)

    def _run_by_hand(self, function: Function, given: str) -> None:
        """Run a function once in a thread of its own, outside its listener."""
        is_timer = isinstance(function.trigger, TimerTrigger)
        inputs = [(function.parameter, timer_input(None, False) if is_timer else datum_of(given.encode()))]
        threading.Thread(
            target=self._engine.invoke, args=(function.name, function.function_id, inputs, {}), name="by hand"
        ).start()


def _with_polling(options: HostOptions, polling: float | None) -> HostOptions:
    if polling is None:
        return options
    return replace(options, queues=replace(options.queues, max_polling_interval=polling))


def _host_id(app: Path, settings: Settings) -> str:
    """The id under which locks and timer records are kept: set, or the same for all hosts of one app folder."""
    chosen = settings.get("AzureFunctionsWebHost__hostid")
    if chosen is None:
        return f"local-{hashlib.sha256(str(app).encode()).hexdigest()[:20]}"
    if len(chosen) > 32 or chosen != chosen.lower():
        raise HostError("AzureFunctionsWebHost__hostid must be lower case and at most 32 characters long.")
    return chosen
