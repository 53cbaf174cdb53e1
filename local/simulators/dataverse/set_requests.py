"""Requests for rows of a table: pages, change tracking, counts (wire.md 1.6 and 1.7)."""

from __future__ import annotations

from local.simulators.dataverse.calls import Call, Reply, json_reply
from local.simulators.dataverse.organisation import Organisation
from local.simulators.dataverse.reading import Page, Read, count, read_page
from local.simulators.dataverse.schema import Table


class SetRequests:
    """Answers reads of tables; every method raises `errors.Refusal`."""

    def __init__(self, organisation: Organisation) -> None:
        self._org = organisation

    def page(self, call: Call, table: Table) -> Reply:
        """A page of rows, or of changes when the request tracks them."""
        read = self._org.read(call, table)
        page = self._tracked(read) if _is_tracked(read) else read_page(self._org.store, read)
        self._org.control.counters.did(reads=len(page.body.get("value", ())))
        return json_reply(page.body, headers=page.headers)

    def count(self, call: Call, table: Table) -> Reply:
        """How many rows there are, or how many changes behind a delta token."""
        read = self._org.read(call, table)
        if read.options.get("$deltatoken") is not None:
            days = self._org.control.switch("delta_token_days")
            number = self._org.tracking.count(read, self._org.control.now(), days)
        else:
            number = count(self._org.store, table, read.condition())
        return Reply(200, str(number).encode(), {"Content-Type": "text/plain"})

    def _tracked(self, read: Read) -> Page:
        control = self._org.control
        page = self._org.tracking.read(read, control.now(), control.switch("delta_token_days"))
        nothing = not page.body["value"] and "@odata.nextLink" not in page.body
        if nothing and read.options.get("$deltatoken") is not None and control.switch("empty_delta") == "nothing":
            return Page({}, page.headers)
        return page


def _is_tracked(read: Read) -> bool:
    tracking = 'istracking="True"' in (read.options.get("$skiptoken") or "")
    return read.prefer.track_changes or tracking or read.options.get("$deltatoken") is not None
