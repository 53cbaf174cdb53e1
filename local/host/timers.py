"""The timer listener: one process at a time, one run at a time (functions-host.md 2)."""

from __future__ import annotations

import datetime
import json
import logging
import threading

from azure.core.exceptions import AzureError
from azure_functions_runtime.bindings.datumdef import Datum

from local.host.engine import Engine
from local.host.functions import Function, TimerTrigger
from local.host.locks import Lease, Lock
from local.host.timer_status import Monitor, Status, after_run, first_status, on_schedule

logger = logging.getLogger("host.timers")

_LONGEST_SLEEP = 86_400.0


class TimerListener:
    """Runs one function on its schedule while this process has the function's lock.

    `recovery` is for how many seconds a process that has not got the lock waits before it asks again. `monitor` is None
    for a timer that keeps no record of what it missed.
    """

    def __init__(
        self,
        function: Function,
        trigger: TimerTrigger,
        lock: Lock,
        monitor: Monitor | None,
        engine: Engine,
        recovery: float,
    ) -> None:
        self._function, self._trigger, self._lock, self._monitor = function, trigger, lock, monitor
        self._engine, self._recovery = engine, recovery
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._log = {"function": function.name}
        self._thread = threading.Thread(target=self._compete_until_stopped, name=f"{function.name} timer", daemon=True)

    def start(self) -> None:
        """Begin to compete for the lock."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further run; return at once."""
        self._stopping.set()
        self._wake.set()

    def join(self) -> None:
        """After `stop`: wait until a run under way has ended and the lock is released."""
        self._thread.join()

    def _compete_until_stopped(self) -> None:
        while not self._stopping.is_set():
            lease = self._take_lock()
            if lease is None:
                self._stopping.wait(self._recovery)
                continue
            try:
                self._run_while_held(lease)
            except AzureError as error:
                logger.warning("The timer's record cannot be used: %s", error.message, extra=self._log)
                self._stopping.wait(self._recovery)
            finally:
                lease.release()

    def _take_lock(self) -> Lease | None:
        try:
            return self._lock.try_take(self._wake.set)
        except AzureError as error:
            logger.warning("The timer's lock does not answer: %s", error.message, extra=self._log)
            return None

    def _run_while_held(self, lease: Lease) -> None:
        self._wake.clear()
        status, past_due = self._begin()
        logger.info("Has the timer; next occurrence %s", status.next.isoformat(), extra=self._log)
        if past_due or self._trigger.run_on_startup:
            if not self._may_run(lease):
                return
            status = self._run(status, past_due=past_due, scheduled=False)
        while self._sleep_until(status.next, lease):
            status = self._run(status, past_due=False, scheduled=True)

    def _begin(self) -> tuple[Status, bool]:
        """The status to start from, and whether an occurrence was missed."""
        now, schedule = _now(), self._trigger.schedule
        if self._monitor is None:
            return first_status(schedule, now), False
        stored = self._monitor.read()
        status = first_status(schedule, now) if stored is None else on_schedule(stored, schedule, now)
        if status != stored:
            self._monitor.write(status)
        return status, now > status.next

    def _run(self, status: Status, *, past_due: bool, scheduled: bool) -> Status:
        began = _now()
        shown = None if self._monitor is None else status
        inputs = [(self._function.parameter, timer_input(shown, past_due))]
        self._engine.invoke(self._function.name, self._function.function_id, inputs, {})
        status = after_run(status, self._trigger.schedule, began, scheduled)
        if self._monitor is not None:
            self._monitor.write(status)
        return status

    def _sleep_until(self, moment: datetime.datetime, lease: Lease) -> bool:
        """Sleep; True when the occurrence may run, False when the lock is lost or the host stops."""
        while self._may_run(lease):
            left = (moment - _now()).total_seconds()
            if left <= 0:
                return True
            self._wake.wait(min(left, _LONGEST_SLEEP))
        return False

    def _may_run(self, lease: Lease) -> bool:
        return not self._stopping.is_set() and lease.is_held()


def timer_input(status: Status | None, past_due: bool) -> Datum:
    """The trigger's value as the worker gets it (functions-host.md 6.3)."""
    content = {
        "IsPastDue": past_due,
        "ScheduleStatus": None if status is None else status.to_json(),
        "Schedule": {"AdjustForDST": True},
    }
    return Datum(json.dumps(content), "json")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
