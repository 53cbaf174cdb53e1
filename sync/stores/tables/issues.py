"""Issues on Table storage: a row for each record that is or was parked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import batched

from azure.data.tables import EdmType, EntityProperty

from sync.model import Issue, Trouble
from sync.ports import Clock
from sync.stores.codec import check_format, from_json, moment_from, moment_text, to_json
from sync.stores.keys import encode_id, encode_name
from sync.stores.rules import NO_TROUBLE, settled, shown, was_seen
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.table import TRANSACTION, Put, Row, Values

type Rule = Callable[[Issue, Issue | None, datetime], Issue]


class TableIssues:
    """`ports.Issues` on the table `<prefix>issues`; `clock` dates issues that come without dates.

    A row stays when its issue is closed: its `seq` keeps late writers from opening it again.
    """

    def __init__(self, storage: TableStorage, clock: Clock | None = None) -> None:
        self._table = storage.table("issues")
        self._clock = clock or storage.clock

    def put(self, issues: Sequence[Issue]) -> None:
        self._update(issues, shown)

    def close(self, flow: str, partition: int, seqs: Mapping[str, int]) -> None:
        self._update([Issue(flow, partition, id, NO_TROUBLE, seq) for id, seq in seqs.items()], settled)

    def is_open(self, flow: str, partition: int, id: str) -> bool:
        row = self._table.get(_partition(flow, partition), encode_id(id))
        return row is not None and bool(row["open"])

    def open(self, flow: str) -> Iterable[Issue]:
        return (_from_row(flow, row) for row in self._rows(flow, "open eq true"))

    def closed(self, flow: str) -> Iterable[Issue]:
        found = (_from_row(flow, row) for row in self._rows(flow, "open eq false"))
        return (issue for issue in found if was_seen(issue))

    def forget(self, flow: str, before: datetime) -> int:
        # Moments are texts of one length, so that their order is that of the times.
        old: dict[str, list[str]] = defaultdict(list)
        for row in self._rows(flow, f"open eq false and closed lt '{moment_text(before)}'"):
            old[row["PartitionKey"]].append(row["RowKey"])
        for partition, keys in old.items():
            self._table.delete(partition, keys, lambda row: not row["open"] and row["closed"] < moment_text(before))
        return sum(map(len, old.values()))

    def _rows(self, flow: str, which: str) -> Iterable[Row]:
        name = encode_name(flow)
        return self._table.where(f"PartitionKey ge '{name}-' and PartitionKey lt '{name}.' and {which}")

    def _update(self, issues: Sequence[Issue], over: Rule) -> None:
        if not issues:
            return
        now = self._clock.now()
        parts: dict[str, dict[str, list[Issue]]] = defaultdict(lambda: defaultdict(list))
        for issue in issues:
            parts[_partition(issue.flow, issue.partition)][encode_id(issue.id)].append(issue)
        for partition, by_key in parts.items():
            for part in batched(by_key.items(), TRANSACTION, strict=False):
                self._table.repeat(partial(self._transact, partition, dict(part), over, now))

    def _transact(self, partition: str, by_key: Mapping[str, Sequence[Issue]], over: Rule, now: datetime) -> None:
        rows = self._table.read(partition, by_key)
        puts = []
        for key, issues in by_key.items():
            row = rows.get(key)
            there = stored = _from_row(issues[0].flow, row) if row is not None else None
            for issue in issues:
                there = over(issue, there, now)
            if there is not None and there != stored:
                puts.append(_to_put(key, there, row.metadata["etag"] if row is not None else None))
        if puts:
            self._table.transact(partition, puts)


def _partition(flow: str, partition: int) -> str:
    return f"{encode_name(flow)}-{partition:02d}"


def _to_put(key: str, issue: Issue, etag: str | None) -> Put:
    trouble = issue.trouble
    values: Values = {
        "id": issue.id,
        "open": issue.closed is None,
        "seq": EntityProperty(issue.seq, EdmType.INT64),
        "code": trouble.code,
        "cause": trouble.cause,
        "remedy": trouble.remedy,
        "number": trouble.number,
        "column": trouble.column,
        "kind": trouble.kind,
        "retryable": trouble.retryable,
        "details": to_json(trouble.details),
        "first_seen": moment_text(issue.first_seen),
        "last_seen": moment_text(issue.last_seen),
        "closed": moment_text(issue.closed),
        "times": issue.times,
    }
    return Put(key, values, etag)


def _from_row(flow: str, row: Row) -> Issue:
    check_format(row, f"issues of {flow}")
    trouble = Trouble(
        code=row.get("code") or "",
        cause=row.get("cause") or "",
        remedy=row.get("remedy") or "",
        number=row.get("number") or "",
        column=row.get("column") or "",
        kind=row.get("kind") or "",
        retryable=bool(row.get("retryable")),
        details=from_json(row.get("details")),
    )
    return Issue(
        flow=flow,
        partition=int(row["PartitionKey"].rpartition("-")[2]),
        id=row["id"],
        trouble=trouble,
        seq=int(row["seq"].value),
        first_seen=moment_from(row.get("first_seen")),
        last_seen=moment_from(row.get("last_seen")),
        times=row["times"],
        closed=moment_from(row.get("closed")),
    )
