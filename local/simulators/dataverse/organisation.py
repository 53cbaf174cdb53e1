"""The simulated organisation as the handlers of requests share it."""

from __future__ import annotations

from dataclasses import dataclass

from local.simulators.dataverse import query, sql
from local.simulators.dataverse.calls import Call
from local.simulators.dataverse.keys import Keys
from local.simulators.dataverse.privileges import Privileges
from local.simulators.dataverse.reading import Read
from local.simulators.dataverse.rules import Caller
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Store
from local.simulators.dataverse.tracking import Tracking
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.control import Control
from local.simulators.odata.filters import CompiledFilter


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything that a handler may need to answer a request."""

    store: Store
    caller: Caller
    control: Control
    keys: Keys
    privileges: Privileges
    tracking: Tracking
    writer: Writer
    page_limit: int

    def read(self, call: Call, table: Table, within: CompiledFilter | None = None) -> Read:
        """What a request asks to read of a table, of the rows that are `within`. Raises `errors.Refusal`."""
        self.privileges.check(table, "read")
        options = query.options(call.query)
        select = options.get("sql")
        if select is not None:
            asked = {**sql.query_options(table, select), "$skiptoken": options.get("$skiptoken")}
            options = query.Options({name: text for name, text in asked.items() if text is not None}, options.kept)
        return Read(
            table,
            options,
            call.prefer,
            call.base,
            call.path,
            self.page_limit,
            self.privileges,
            call.repeat,
            within,
        )

    def write(self, call: Call) -> Write:
        """What all writes of one request share."""
        detect = call.headers.get("mscrm.suppressduplicatedetection", "").lower() == "false"
        return Write(self.control.now(), call.references, detect)
