"""Watermarks on Table storage."""

from __future__ import annotations

import json
from dataclasses import replace

from sync.model import PendingBatch, Watermark
from sync.ports import Stale
from sync.stores.codec import check_format, moment_from, moment_text
from sync.stores.keys import encode_name
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import Put, Row, RowConflict

_KEY = "watermark"


class TableWatermarks:
    """`ports.Watermarks` on the table `<prefix>watermarks`: a row for each flow."""

    def __init__(self, storage: TableStorage) -> None:
        self._table = storage.table("watermarks")

    def read(self, flow: str) -> Watermark:
        row = self._table.get(encode_name(flow), _KEY)
        return Watermark(flow) if row is None else _from_row(flow, row)

    def save(self, watermark: Watermark) -> Watermark:
        put = Put(
            _KEY,
            {
                "step": watermark.step,
                "position": watermark.position,
                "definition": watermark.definition,
                "run": watermark.run,
                "detected": watermark.detected,
                "pending": _pending_text(watermark.pending),
                "checked": moment_text(watermark.checked),
                "full": watermark.full,
                "resend": watermark.resend,
            },
            watermark.etag,
        )
        try:
            etag = self._table.save(encode_name(watermark.flow), put)
        except RowConflict:
            raise Stale from None
        return replace(watermark, etag=etag)


def _from_row(flow: str, row: Row) -> Watermark:
    check_format(row, f"watermark of {flow}")
    return Watermark(
        flow=flow,
        step=row["step"],
        position=row.get("position") or "",
        definition=row.get("definition") or "",
        run=row.get("run") or "",
        detected=row["detected"],
        pending=_pending_from(row.get("pending")),
        checked=moment_from(row.get("checked")),
        full=bool(row.get("full")),
        resend=bool(row.get("resend")),
        etag=row.metadata["etag"],
    )


def _pending_text(pending: tuple[PendingBatch, ...]) -> str:
    batches = [[batch.batch, batch.partition, dict(batch.chunks)] for batch in pending]
    return json.dumps(batches, separators=(",", ":")) if batches else ""


def _pending_from(text: str | None) -> tuple[PendingBatch, ...]:
    return tuple(PendingBatch(batch, partition, chunks) for batch, partition, chunks in json.loads(text or "[]"))
