"""The ports on Azure Table storage (docs/reference/tables.md)."""

from sync.stores.tables.gates import TableGates
from sync.stores.tables.issues import TableIssues
from sync.stores.tables.links import TableLinks
from sync.stores.tables.numbers import TableNumbers
from sync.stores.tables.pauses import TablePauses
from sync.stores.tables.runs import TableRuns
from sync.stores.tables.storage import TableStorage
from sync.stores.tables.waiting import TableWaiting
from sync.stores.tables.watermarks import TableWatermarks

__all__ = [
    "TableGates",
    "TableIssues",
    "TableLinks",
    "TableNumbers",
    "TablePauses",
    "TableRuns",
    "TableStorage",
    "TableWaiting",
    "TableWatermarks",
]
