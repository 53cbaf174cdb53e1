"""Runs on Table storage, the newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.model import Run
from sync.stores.codec import check_format, moment, moment_from, moment_text
from sync.stores.keys import encode_name, encode_text
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Row, Values

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 10**17
"""Microseconds from the epoch to a time beyond all runs: keys count down from here."""


class TableRuns:
    """`ports.Runs` on the table `<prefix>runs`."""

    def __init__(self, storage: TableStorage) -> None:
        self._table = storage.table("runs")

    def save(self, run: Run) -> None:
        left = _LAST - (run.started - _EPOCH) // timedelta(microseconds=1)
        values: Values = {
            "id": run.id,
            "started": moment_text(run.started),
            "ended": moment_text(run.ended),
            "detected": run.detected,
            "mode": run.mode,
        }
        self._table.replace(encode_name(run.flow), f"{left:018d}:{encode_text(run.id)}", values)

    def latest(self, flow: str, limit: int) -> list[Run]:
        return [_from_row(flow, row) for row in self._table.first(encode_name(flow), limit)] if limit > 0 else []


def _from_row(flow: str, row: Row) -> Run:
    check_format(row, f"runs of {flow}")
    return Run(
        flow=flow,
        id=row["id"],
        started=moment(row["started"]),
        detected=row["detected"],
        mode=row.get("mode") or "",
        ended=moment_from(row.get("ended")),
    )
