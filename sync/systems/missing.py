"""Rows that are not there, told from refused writes by reading keys: a failed change set is 500 (wire.md 2.5).

Where reading fails the results stay as they are; its error is raised when nothing was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from sync.errors import SyncError
from sync.keys import key_text
from sync.model import EntityRef, Scalar
from sync.ports import Missing, Refused, Result, Write, Written


def with_missing_found(
    writes: Sequence[Write],
    results: list[Result],
    unclear: Iterable[int],
    find: Callable[[list[Mapping[str, Scalar]]], Collection[str]],
) -> list[Result]:
    """Tell the updates whose row is not there from those that were refused, of these positions.

    `find` gives the keys (`key_text`) that there are. A document that is there was told missing for one of its lines.
    """
    positions = list(unclear)
    there = _read(lambda: find([writes[position].key for position in positions]), results) if positions else None
    if there is None:
        return results
    for position in positions:
        if key_text(writes[position].key) not in there:
            results[position] = Missing()
        elif writes[position].lines and isinstance(results[position], Missing):
            results[position] = Missing(line=True)
    return results


def with_missing_lines_found(
    writes: Sequence[Write],
    results: list[Result],
    find: Callable[[EntityRef, list[Mapping[str, Scalar]]], Collection[str]],
) -> list[Result]:
    """Tell the documents of which a line to be changed or deleted is not there from those that were refused."""
    unclear: dict[EntityRef, dict[int, list[Mapping[str, Scalar]]]] = defaultdict(dict)
    for position, write in enumerate(writes):
        known = [line.key for line in write.lines if line.kind != "create"]
        if known and write.of is not None and isinstance(results[position], Refused):
            unclear[write.of][position] = known
    for entity, documents in unclear.items():
        keys = [key for known in documents.values() for key in known]
        there = _read(partial(find, entity, keys), results)
        for position, known in documents.items():
            if there is not None and not there >= {key_text(key) for key in known}:
                results[position] = Missing(line=True)
    return results


def _read(find: Callable[[], Collection[str]], results: Sequence[Result]) -> frozenset[str] | None:
    try:
        return frozenset(find())
    except SyncError:
        if any(isinstance(result, Written) for result in results):
            return None
        raise
