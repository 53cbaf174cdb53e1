"""A copy of a table that is kept by change tracking alone (wire.md 1.7), page by page, with writes in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.local.dataverse.dataverse_simulated import Dataverse, code
from tests.properties.dataverse_model import COLUMNS, KEY, Known, Row

EXPIRED = (400, "0x80044352")


class Copy:
    """What a reader of the tracked feed of one table knows; every page is checked while it is applied."""

    def __init__(self, service: Dataverse, entity_set: str, log: Sequence[Known]) -> None:
        """`log` names every row that was written or deleted, in that order; it grows."""
        self._service = service
        self._set = entity_set
        self._log = log
        self.rows: dict[str, Row] = {}
        self._link = self._prefer = ""
        self._first = self._between_reads = True
        self._must_fail = self._may_fail = False
        self._began = self._since = 0
        self._start_again()

    def read_page(self, size: int) -> None:
        """Read one page and apply it. `size` counts at the first page of a read."""
        starts = self._between_reads
        if starts:
            self._began, self._since = len(self._log), self._began
            self._prefer = f"odata.track-changes,odata.maxpagesize={size}"
        answer = self._service.get(self._link, headers={"Prefer": self._prefer})
        if answer.status_code != 200 and (self._must_fail or self._may_fail):
            assert code(answer) == EXPIRED
            self._start_again()
            return
        assert answer.status_code == 200, answer.text
        assert not self._must_fail, "a token that has expired still works"
        self._may_fail = self._may_fail and not starts
        page = answer.json()
        ids = [self._apply(entry) for entry in page["value"]]
        assert len(set(ids)) == len(ids), "a row is on a page twice"
        assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page), "either more pages, or the end"
        assert page.get("@odata.nextLink") != self._link, "the same link twice"
        self._between_reads = "@odata.deltaLink" in page
        self._link = page["@odata.deltaLink"] if self._between_reads else page["@odata.nextLink"]
        self._first = self._first and not self._between_reads

    def expire(self) -> None:
        """The token of a read that has ended is too old now; links within a read may be."""
        self._must_fail = self._between_reads and not self._first
        self._may_fail = not self._between_reads

    def finish(self, size: int) -> None:
        """Read until the copy must be the table: to the end of this read, and what changed while it went on."""
        self._read_on(size)
        self.read_page(size)
        self._read_on(size)

    def _read_on(self, size: int) -> None:
        while not self._between_reads or self._first:
            self.read_page(size)

    def _apply(self, entry: dict[str, Any]) -> str:
        """Put one entry of a page into the copy; gives the id of its row."""
        if entry.get("reason") == "deleted":
            assert not self._first, "a first read has no deletions"
            assert entry["@odata.context"].endswith(f"$metadata#{self._set}/$deletedEntity")
            id = str(entry["id"])
            self.rows.pop(id, None)
        else:
            id = str(entry[KEY[self._set]])
            self.rows[id] = {name: entry[name] for name in COLUMNS[self._set] if entry[name] is not None}
        assert self._first or (self._set, id) in self._log[self._since :], f"{id} did not change since the last read"
        return id

    def _start_again(self) -> None:
        self.rows.clear()
        self._link = f"{self._set}?$select={','.join(COLUMNS[self._set])}"
        self._first = self._between_reads = True
        self._must_fail = self._may_fail = False
        self._began = self._since = len(self._log)
