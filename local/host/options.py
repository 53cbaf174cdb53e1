"""host.json, with the app settings that override it (functions-host.md 1.1, 3)."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.host.errors import HostError
from local.host.settings import Settings, read_json
from local.host.timespans import parse_time_span

_WHOLE = re.compile(r"-?[0-9]{1,9}")
_OVERRIDES = "AzureFunctionsJobHost"
_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 10,
}


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """`extensions.queues`, the same for every queue function of the app. Times are in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    max_polling_interval: float = 60.0
    visibility_timeout: float = 0.0
    base64: bool = True


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What the host takes from host.json."""

    queues: QueueOptions
    route_prefix: str
    log_level: int


def load_options(app: Path, settings: Settings) -> HostOptions:
    """Read host.json of the app in folder `app`.

    A setting such as `AzureFunctionsJobHost__extensions__queues__batchSize` replaces the entry of that path, as in the
    real host. Raises HostError with every problem found.
    """
    reader = _Reader(read_json(app / "host.json"), settings.group(_OVERRIDES))
    if reader.value("version") != "2.0":
        reader.problems.append('host.json: `version` must be "2.0".')
    batch_size = reader.whole("extensions.queues.batchSize", 16, 1, 32)
    processors = os.process_cpu_count() or 1
    options = HostOptions(
        queues=QueueOptions(
            batch_size=batch_size,
            new_batch_threshold=reader.whole(
                "extensions.queues.newBatchThreshold", batch_size // 2 * processors, 0, 10_000
            ),
            max_dequeue_count=reader.whole("extensions.queues.maxDequeueCount", 5, 1, 1_000_000),
            max_polling_interval=reader.span("extensions.queues.maxPollingInterval", 60.0, at_least=0.1),
            visibility_timeout=reader.span("extensions.queues.visibilityTimeout", 0.0, at_least=0.0),
            base64=reader.choice("extensions.queues.messageEncoding", "base64", ("base64", "none")) == "base64",
        ),
        route_prefix=str(reader.value("extensions.http.routePrefix", "api")).strip("/"),
        log_level=_LEVELS[reader.choice("logging.logLevel.default", "information", tuple(_LEVELS))],
    )
    if reader.problems:
        raise HostError(*reader.problems)
    return options


class _Reader:
    """Looks values up by dotted path and collects what is wrong with them."""

    def __init__(self, content: Mapping[str, Any], overrides: Mapping[str, str]) -> None:
        self._content = content
        self._overrides = overrides
        self.problems: list[str] = []

    def value(self, path: str, default: object = None) -> object:
        override = self._overrides.get(path.replace(".", "__").lower())
        if override is not None:
            return override
        found: object = self._content
        for part in path.split("."):
            if not isinstance(found, dict) or part not in found:
                return default
            found = found[part]
        return found

    def whole(self, path: str, default: int, low: int, high: int) -> int:
        value = self.value(path, default)
        text = str(value)
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            self.problems.append(f"host.json: `{path}` is {value!r}; it must be a whole number from {low} to {high}.")
            return default
        return int(text)

    def span(self, path: str, default: float, at_least: float) -> float:
        value = self.value(path)
        if value is None:
            return default
        try:
            seconds = parse_time_span(str(value))
        except ValueError as error:
            self.problems.append(f"host.json: `{path}`: {error}.")
            return default
        if seconds < at_least:
            self.problems.append(f"host.json: `{path}` is {value}; it must be at least {at_least:g} s.")
        return seconds

    def choice(self, path: str, default: str, allowed: tuple[str, ...]) -> str:
        value = str(self.value(path, default)).lower()
        if value not in allowed:
            self.problems.append(f"host.json: `{path}` is {value!r}; it must be one of {', '.join(allowed)}.")
            return default
        return value
