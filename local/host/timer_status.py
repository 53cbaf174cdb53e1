"""What is remembered of a timer between processes, and what was missed (functions-host.md 2)."""

from __future__ import annotations

import contextlib
import datetime
import json
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from local.host.counters import Counters
from local.host.locks import CONTAINER
from local.host.ncrontab import Schedule

NEVER = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
END_OF_TIME = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
"""`Next` of a schedule that has no occurrence."""


@dataclass(frozen=True, slots=True)
class Status:
    """`last` run (NEVER before the first), `next` occurrence, and the time `next` was computed from. All aware, UTC."""

    last: datetime.datetime
    next: datetime.datetime
    updated: datetime.datetime

    def to_json(self) -> dict[str, str]:
        """As the status blob and the trigger's `ScheduleStatus` hold it."""
        return {"Last": self.last.isoformat(), "Next": self.next.isoformat(), "LastUpdated": self.updated.isoformat()}

    @classmethod
    def from_json(cls, content: Any) -> Status:
        """Raises ValueError, KeyError or TypeError for anything else than `to_json` writes."""
        return cls(*(datetime.datetime.fromisoformat(content[name]) for name in ("Last", "Next", "LastUpdated")))


def first_status(schedule: Schedule, now: datetime.datetime) -> Status:
    """The status of a timer that never ran."""
    return Status(NEVER, next_of(schedule, now), now)


def on_schedule(status: Status, schedule: Schedule, now: datetime.datetime) -> Status:
    """The stored status, corrected when the schedule has changed since: then nothing counts as missed."""
    base = status.last if status.last > NEVER else status.updated
    expected = next_of(schedule, base)
    if status.next == expected:
        return status
    if now > expected:
        return first_status(schedule, now)
    return Status(NEVER, expected, base)


def after_run(status: Status, schedule: Schedule, began: datetime.datetime, scheduled: bool) -> Status:
    """The status after a run that began at `began`.

    The next occurrence counts from the start of the run, or from the planned time when a scheduled run fired early:
    otherwise the same occurrence would come twice.
    """
    base = max(began, status.next) if scheduled else began
    return Status(base, next_of(schedule, base), base)


def next_of(schedule: Schedule, moment: datetime.datetime) -> datetime.datetime:
    """The next occurrence after `moment`, END_OF_TIME when there is none."""
    return schedule.next_after(moment) or END_OF_TIME


class Monitor:
    """Keeps the status of one timer in its blob."""

    def __init__(self, blobs: BlobServiceClient, name: str, counters: Counters) -> None:
        self._container = blobs.get_container_client(CONTAINER)
        self._blob = blobs.get_blob_client(CONTAINER, name)
        self._counters = counters

    def read(self) -> Status | None:
        """The stored status; None when there is none, or none that can be read."""
        self._counters.storage("timer_status")
        try:
            return Status.from_json(json.loads(self._blob.download_blob().readall()))
        except (ResourceNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, status: Status) -> None:
        """Replace the stored status."""
        self._counters.storage("timer_status")
        content = json.dumps(status.to_json())
        try:
            self._blob.upload_blob(content, overwrite=True)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                self._container.create_container()
            self._blob.upload_blob(content, overwrite=True)
