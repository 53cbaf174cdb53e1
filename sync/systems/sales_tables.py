"""What the app must know of a Sales table: its columns, its bulk messages, and how many records one request may hold.

Rules: wire.md 1.9 and 1.15.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from sync.errors import ConfigError
from sync.systems import odata
from sync.systems.deadline import Deadline
from sync.systems.http import HttpClient
from sync.systems.sales_terms import API, READING

log = logging.getLogger(__name__)

_LEAST = 10
"""Records that one request may hold, however long it took: fewer would not be faster by much."""
CREATE, UPDATE = "CreateMultiple", "UpdateMultiple"
_FRESH = {**READING, "Consistency": "Strong"}
"""Past the cache: columns are asked for when they may have changed."""


class SalesTables:
    """Facts about tables by entity set. Safe to share between threads."""

    def __init__(self, http: HttpClient, records_per_request: int) -> None:
        self._http = http
        self._most = records_per_request
        self._names: dict[str, str] = {}
        self._messages: dict[str, frozenset[str]] = {}
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()

    def columns(self, entity_set: str) -> frozenset[str] | None:
        """The logical names of the columns that the table has now, by one request; None when there is no such table."""
        url = f"{_definition(entity_set)}&$expand=Attributes($select=LogicalName)"
        for row in self._rows(url, "EntityDefinitions", None, fresh=True):
            return frozenset(str(attribute["LogicalName"]) for attribute in row["Attributes"])
        return None

    def name(self, entity_set: str) -> str:
        """The logical name of a table whose bulk messages are known."""
        return self._names[entity_set]

    def messages(self, entity_set: str, until: Deadline | None) -> frozenset[str]:
        """The bulk messages that a table has, asked for once; none where the app's user may not ask."""
        with self._lock:
            if entity_set not in self._messages:
                try:
                    self._messages[entity_set] = self._asked(entity_set, until)
                except ConfigError as error:
                    if error.details.get("status") == "401":  # it is not about this question
                        raise
                    log.warning("%s is written without bulk messages: %s", entity_set, error)
                    self._messages[entity_set] = frozenset()
            return self._messages[entity_set]

    def ask_again(self, entity_set: str) -> None:
        """What was known of the bulk messages of a table may no longer hold."""
        with self._lock:
            self._messages.pop(entity_set, None)

    def size(self, entity_set: str) -> int:
        """How many records one request to this table may hold."""
        return self._sizes.get(entity_set, self._most)

    def too_many(self, entity_set: str, records: int) -> None:
        """A request with so many records took the server too long, or may have done so: half as many are sent."""
        with self._lock:
            size = self.size(entity_set)
            self._sizes[entity_set] = min(size, max(_LEAST, records // 2))

    def went_well(self, entity_set: str, records: int) -> None:
        """A request with so many records went well: when it was as many as may be, a tenth more may be tried."""
        with self._lock:
            size = self.size(entity_set)
            if size <= records < self._most:
                self._sizes[entity_set] = min(self._most, size + max(1, size // 10))

    def _asked(self, entity_set: str, until: Deadline | None) -> frozenset[str]:
        if entity_set not in self._names:
            rows = self._rows(_definition(entity_set), "EntityDefinitions", until)
            if not rows:
                return frozenset()  # the write itself will tell that there is no such table
            self._names[entity_set] = str(rows[0]["LogicalName"])
        named = odata.any_of([odata.equals("sdkmessageid/name", message) for message in (CREATE, UPDATE)])
        table = odata.equals("primaryobjecttypecode", self._names[entity_set])
        url = "sdkmessagefilters?$select=sdkmessagefilterid&$expand=sdkmessageid($select=name)"
        rows = self._rows(f"{url}&$filter={odata.all_of([named, table])}", "sdkmessagefilters", until)
        return frozenset(str(row["sdkmessageid"]["name"]) for row in rows)

    def _rows(self, path: str, about: str, until: Deadline | None, *, fresh: bool = False) -> list[dict[str, Any]]:
        url, headers = f"{self._http.base}{API}/{path}", _FRESH if fresh else READING
        return list(odata.rows_of(self._http, url, about=about, headers=headers, until=until))


def _definition(entity_set: str) -> str:
    return f"EntityDefinitions?$select=LogicalName&$filter={odata.equals('EntitySetName', entity_set)}"
