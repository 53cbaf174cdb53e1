"""Issues on Table storage: a row while the issue is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched

from sync.model import Issue
from sync.ports import Clock
from sync.stores.codec import check_format, from_json, moment_from, moment_text, to_json
from sync.stores.keys import encode_id, encode_name
from sync.stores.rules import refreshed
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import TRANSACTION, Put, Row, Values


class TableIssues:
    """`ports.Issues` on the table `<prefix>issues`; `clock` dates issues that come without dates."""

    def __init__(self, storage: TableStorage, clock: Clock | None = None) -> None:
        self._table = storage.table("issues")
        self._clock = clock or storage.clock

    def put(self, issues: Sequence[Issue]) -> None:
        parts: dict[str, dict[str, list[Issue]]] = defaultdict(lambda: defaultdict(list))
        for issue in issues:
            parts[_partition(issue.flow, issue.partition)][encode_id(issue.id)].append(issue)
        for partition, by_key in parts.items():
            for part in batched(by_key.items(), TRANSACTION, strict=False):
                self._put(partition, dict(part))

    def close(self, flow: str, partition: int, ids: Sequence[str]) -> None:
        if ids:
            self._table.delete(_partition(flow, partition), {encode_id(id) for id in ids})

    def open(self, flow: str) -> Iterable[Issue]:
        name = encode_name(flow)
        rows = self._table.where(f"PartitionKey ge '{name}-' and PartitionKey lt '{name}.'")
        return (_from_row(flow, row) for row in rows)

    def _put(self, partition: str, by_key: dict[str, list[Issue]]) -> None:
        now = self._clock.now()

        def put() -> None:
            rows = self._table.read(partition, by_key)
            self._table.transact(partition, [_over(rows.get(key), key, issues, now) for key, issues in by_key.items()])

        self._table.repeat(put)


def _partition(flow: str, partition: int) -> str:
    return f"{encode_name(flow)}-{partition:02d}"


def _over(row: Row | None, key: str, issues: Sequence[Issue], now: datetime) -> Put:
    there = None if row is None else _from_row(issues[0].flow, row)
    for issue in issues:
        there = refreshed(issue, there, now)
    assert there is not None  # noqa: S101 - issues were grouped, none is empty
    return _to_put(key, there, None if row is None else row.metadata["etag"])


def _to_put(key: str, issue: Issue, etag: str | None) -> Put:
    values: Values = {
        "id": issue.id,
        "code": issue.code,
        "cause": issue.cause,
        "remedy": issue.remedy,
        "number": issue.number,
        "column": issue.column,
        "kind": issue.kind,
        "retryable": issue.retryable,
        "details": to_json(issue.details),
        "first_seen": moment_text(issue.first_seen),
        "last_seen": moment_text(issue.last_seen),
        "times": issue.times,
    }
    return Put(key, values, etag)


def _from_row(flow: str, row: Row) -> Issue:
    check_format(row, f"issues of {flow}")
    return Issue(
        flow=flow,
        partition=int(row["PartitionKey"].rpartition("-")[2]),
        id=row["id"],
        code=row.get("code") or "",
        cause=row.get("cause") or "",
        remedy=row.get("remedy") or "",
        number=row.get("number") or "",
        column=row.get("column") or "",
        kind=row.get("kind") or "",
        retryable=bool(row.get("retryable")),
        details=from_json(row.get("details")),
        first_seen=moment_from(row.get("first_seen")),
        last_seen=moment_from(row.get("last_seen")),
        times=row["times"],
    )
