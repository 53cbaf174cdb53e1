"""Read a data folder: one CSV file per table, named like it; the first line names the columns.

A column of Sales is named as the Web API names it. A lookup has the name of its attribute and holds the id of the row
it points to; `transactioncurrencyid.isocurrencycode` holds the value of that column in the row it points to. An empty
field is a missing value; a column that a file lacks has its usual default.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

type Row = dict[str, str]

SALES = ("transactioncurrencies", "uomschedules", "uoms", "pricelevels", "accounts")
"""Tables that are entered in Sales, in this order."""

FINOPS = {"currencies": "Currencies", "units": "UnitsOfMeasure", "customergroups": "CustomerGroups"}
"""Files whose rows are entered in F&O, with their entity sets, in this order."""


class DataFolderError(ValueError):
    """The folder cannot be read as data; the text says which file and line, and what to do."""


class DataFolder:
    """The rows of a folder by file name without `.csv`; a file that is not there has no rows."""

    def __init__(self, path: Path) -> None:
        """Raises DataFolderError when there is no such folder, or none of the files is in it."""
        if not path.is_dir():
            raise DataFolderError(f"{path} is not a folder. Name one that holds accounts.csv and the reference files.")
        self.path = path
        known = {*SALES, *FINOPS}
        if not any((path / f"{name}.csv").is_file() for name in known):
            raise DataFolderError(f"{path} holds none of {', '.join(f'{name}.csv' for name in sorted(known))}.")

    def rows(self, name: str) -> list[Row]:
        """The rows of one file. Raises DataFolderError for a row with too many or too few fields."""
        path = self.path / f"{name}.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            rows = []
            for fields in reader:
                if len(fields) != len(header):
                    raise DataFolderError(
                        f"{path}, line {reader.line_num}: {len(fields)} fields, but the first line names {len(header)}."
                    )
                rows.append(dict(zip(header, fields, strict=True)))
        return rows

    @property
    def company(self) -> str:
        """The company of this data: that of the first customer group, else of the first product, else usmf."""
        for name in ("customergroups", "products"):
            for row in self.rows(name):
                if row.get("dataAreaId"):
                    return row["dataAreaId"].lower()
        return "usmf"


def write_folder(path: Path, tables: Mapping[str, Iterable[Row]]) -> None:
    """Write tables as CSV files; columns in the order of their first appearance."""
    path.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        kept = list(rows)
        columns = list(dict.fromkeys(column for row in kept for column in row))
        with (path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
