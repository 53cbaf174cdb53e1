"""The functions of an app as the host runs them, checked: every problem is told at once (functions-host.md 1-4, 6.4).

The worker library does not notice a bad schedule, an unknown `%NAME%` or a missing connection; the real host does, and
so does this module.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.host.connections import Connection, ConnectionProblem, connection
from local.host.engine import Indexed
from local.host.errors import HostError
from local.host.ncrontab import Schedule, ScheduleError
from local.host.routes import Route, RouteError
from local.host.settings import Settings, UnknownSettingError

logger = logging.getLogger("host")

STORAGE = "AzureWebJobsStorage"
_QUEUE_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_ALL_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Runs for each message of a queue."""

    queue: str
    connection: Connection


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Runs on a schedule, in one process at a time."""

    schedule: Schedule
    run_on_startup: bool
    use_monitor: bool
    storage: Connection


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Runs for each request to its route; `auth_level` is anonymous, function or admin."""

    route: Route
    methods: tuple[str, ...]
    auth_level: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what the worker library calls it, the parameter its trigger fills, and the trigger."""

    name: str
    function_id: str
    parameter: str
    trigger: QueueTrigger | TimerTrigger | HttpTrigger
    disabled: bool


def read_functions(indexed: Iterable[Indexed], settings: Settings, route_prefix: str) -> list[Function]:
    """Check what the library indexed against the settings. Raises HostError with every problem of every function."""
    functions: list[Function] = []
    problems: list[str] = []
    for item in indexed:
        try:
            functions.append(_read_function(item, settings, route_prefix))
        except UnknownSettingError as error:
            problems.append(f"Function {item.name}: %{error}% names no app setting. Add the setting {error}.")
        except (ScheduleError, ConnectionProblem, RouteError, _BindingError) as error:
            problems.append(f"Function {item.name}: {error}.")
    if problems:
        raise HostError(*problems)
    return functions


class _BindingError(ValueError):
    pass


def _read_function(item: Indexed, settings: Settings, route_prefix: str) -> Function:
    bindings = [json.loads(text) for text in item.raw_bindings]
    triggers = [binding for binding in bindings if str(binding["type"]).endswith("Trigger")]
    _refuse_unsupported(bindings, triggers)
    binding = triggers[0]
    if item.has_retry:
        _refuse_retry(item.name, binding["type"])
    return Function(
        name=item.name,
        function_id=item.function_id,
        parameter=binding["name"],
        trigger=_read_trigger(item.name, binding, settings, route_prefix),
        disabled=_is_disabled(item.name, settings),
    )


def _refuse_unsupported(bindings: list[dict[str, Any]], triggers: list[dict[str, Any]]) -> None:
    if len(triggers) != 1:
        raise _BindingError("it needs exactly one trigger")
    for binding in bindings:
        if binding in triggers or (binding["type"], str(binding["direction"]).upper()) == ("http", "OUT"):
            continue
        raise _BindingError(
            f"the {binding['type']} binding `{binding['name']}` ({binding['direction']}) is not offered by this host; "
            "use the service's SDK inside the function"
        )


def _refuse_retry(name: str, trigger: str) -> None:
    if trigger != "queueTrigger":
        raise _BindingError("@app.retry is not offered by this host; let the next occurrence be the retry")
    logger.warning("%s has a retry policy on a queue trigger; it has no effect. Use maxDequeueCount.", name)


def _is_disabled(name: str, settings: Settings) -> bool:
    return settings.is_true(f"AzureWebJobs.{name}.Disabled") or settings.is_true(f"AzureWebJobs_{name}_Disabled")


def _read_trigger(
    name: str, binding: Mapping[str, Any], settings: Settings, route_prefix: str
) -> QueueTrigger | TimerTrigger | HttpTrigger:
    match binding["type"]:
        case "queueTrigger":
            return _read_queue(binding, settings)
        case "timerTrigger":
            return _read_timer(binding, settings)
        case "httpTrigger":
            return _read_http(name, binding, settings, route_prefix)
        case other:
            raise _BindingError(
                f"the trigger {other} is not offered by this host; it has queue, timer and HTTP triggers"
            )


def _read_queue(binding: Mapping[str, Any], settings: Settings) -> QueueTrigger:
    queue = settings.expand(binding["queueName"])
    if not _QUEUE_NAME.fullmatch(queue):
        raise _BindingError(
            f"`{queue}` is not a queue name; use 3 to 63 lower-case letters, digits and single hyphens between them"
        )
    return QueueTrigger(queue, connection(settings.expand(binding.get("connection") or STORAGE), settings, "queue"))


def _read_timer(binding: Mapping[str, Any], settings: Settings) -> TimerTrigger:
    schedule = Schedule(settings.expand(binding["schedule"]))
    return TimerTrigger(
        schedule=schedule,
        run_on_startup=bool(binding.get("runOnStartup")),
        use_monitor=binding.get("useMonitor") is not False and not schedule.fires_within_a_minute(),
        storage=connection(STORAGE, settings, "blob"),
    )


def _read_http(name: str, binding: Mapping[str, Any], settings: Settings, route_prefix: str) -> HttpTrigger:
    methods = tuple(str(method).upper() for method in binding.get("methods") or _ALL_METHODS)
    route = binding.get("route")
    return HttpTrigger(
        route=Route(settings.expand(name if route is None else route), route_prefix),
        methods=methods,
        auth_level=str(binding.get("authLevel") or "function").lower(),
    )
