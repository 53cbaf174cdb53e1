"""Pauses on Table storage: every process sees within five seconds what one of them, or a person, has paused."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock

from sync.model import Pause, Refusals
from sync.ports import Clock
from sync.stores.codec import check_format, from_json, moment, moment_from, moment_text, to_json
from sync.stores.keys import encode_name
from sync.stores.rules import counted
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Put, Row, Values

CACHED_SECONDS = 5.0
"""A pause is no brake for emergencies: a flow may do so much more before it stands still."""

_PAUSES, _REFUSALS = "pauses", "refusals"
_MOST_FLOWS = 1000


class TablePauses:
    """`ports.Pauses` on the table `<prefix>pauses`: a row for each paused flow, and one for what was refused.

    All pauses are read at once, so that a process with many flows asks storage no more often than one with one.
    """

    def __init__(
        self, storage: TableStorage, clock: Clock | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = storage.table("pauses")
        self._clock = clock or storage.clock
        self._monotonic = monotonic
        self._asked: float | None = None
        self._pauses: dict[str, Pause] = {}
        self._lock = Lock()

    def read(self, flow: str) -> Pause | None:
        # One reader asks for all: the others wait for its answer instead of asking too.
        with self._lock:
            now = self._monotonic()
            if self._asked is None or now - self._asked >= CACHED_SECONDS:
                self._pauses = {pause.flow: pause for pause in map(_pause, self._table.first(_PAUSES, _MOST_FLOWS))}
                self._asked = now
            return self._pauses.get(flow)

    def put(self, pause: Pause) -> None:
        values: Values = {
            "flow": pause.flow,
            "since": moment_text(pause.since),
            "until": moment_text(pause.until),
            "reason": pause.reason,
            "by": pause.by,
            "strikes": pause.strikes,
        }
        self._table.replace(_PAUSES, encode_name(pause.flow), values)
        self._look_again()

    def remove(self, flow: str) -> bool:
        there = self._table.get(_PAUSES, encode_name(flow)) is not None
        self._table.delete(_PAUSES, [encode_name(flow)])
        self._look_again()
        return there

    def count(self, flow: str, ended: int, refused: Mapping[str, int], *, within: timedelta) -> Refusals:
        key = encode_name(flow)

        def count() -> Refusals:
            row = self._table.get(_REFUSALS, key)
            there = None if row is None else _refusals(row)
            found = counted(there, ended, refused, now=self._clock.now(), within=within)
            values: Values = {
                "flow": flow,
                "started": moment_text(found.started),
                "ended": found.ended,
                "refused": to_json({code: str(number) for code, number in found.refused.items()}),
            }
            self._table.save(_REFUSALS, Put(key, values, None if row is None else row.metadata["etag"]))
            return found

        return self._table.repeat(count)

    def forget(self, flow: str) -> None:
        self._table.delete(_REFUSALS, [encode_name(flow)])

    def _look_again(self) -> None:
        with self._lock:
            self._asked = None


def _pause(row: Row) -> Pause:
    check_format(row, "pauses")
    return Pause(
        flow=row["flow"],
        since=moment(row["since"]),
        reason=row.get("reason") or "",
        by=row.get("by") or "",
        until=moment_from(row.get("until")),
        strikes=row["strikes"],
    )


def _refusals(row: Row) -> Refusals:
    check_format(row, "refusals")
    refused = {code: int(number) for code, number in from_json(row.get("refused")).items()}
    return Refusals(moment(row["started"]), row["ended"], refused)
