"""Read a data folder: one CSV file per table, named like it; the first line names the columns.

A column of Sales is named as the Web API names it. A lookup has the name of its attribute and holds the id of the row
it points to; `transactioncurrencyid.isocurrencycode` holds the value of that column in the row it points to. An empty
field is a missing value; a column that a file lacks has its usual default.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

type Row = dict[str, str]

SALES = ("transactioncurrencies", "uomschedules", "uoms", "pricelevels", "accounts", "contacts")
"""Tables that are entered in Sales, in this order."""

QUOTES = ("quotes", "quotedetails")
"""Tables that are entered in Sales once the products are there."""

FINOPS = {
    "currencies": "Currencies",
    "units": "UnitsOfMeasure",
    "customergroups": "CustomerGroups",
    "products": "SellableReleasedProducts",
}
"""Files whose rows are entered in F&O, with their entity sets, in this order."""


class DataFolderError(ValueError):
    """The folder cannot be read as data; the text says which file and line, and what to do."""


class DataFolder:
    """The rows of a folder by file name without `.csv`; a file that is not there has no rows."""

    def __init__(self, path: Path) -> None:
        """Read the files that are entered. Raises DataFolderError when the folder or a file of it cannot be read."""
        if not path.is_dir():
            raise DataFolderError(f"{path} is not a folder. Name one that holds accounts.csv and the reference files.")
        self.path = path
        self._rows: dict[str, list[Row]] = {}
        self._lines: dict[str, list[int]] = {}
        known = (*FINOPS, *SALES, *QUOTES)
        if not (path / "accounts.csv").is_file():
            raise DataFolderError(
                f"{path} holds no accounts.csv. Put the records there, one file per table: "
                f"{', '.join(f'{name}.csv' for name in sorted(known))}."
            )
        for name in known:
            self.rows(name)
        self.unread = sorted(each for each in path.iterdir() if each.name not in {f"{name}.csv" for name in known})
        """What lies beside the files and is not read."""

    def rows(self, name: str) -> list[Row]:
        """The rows of one file. Raises DataFolderError for a file or a line that cannot be read."""
        if name not in self._rows:
            path = self.path / f"{name}.csv"
            numbered = _read(path) if path.is_file() else []
            self._lines[name] = [line for line, _ in numbered]
            self._rows[name] = [row for _, row in numbered]
        return self._rows[name]

    def notes(self) -> list[str]:
        """A sentence for each CSV file that is not read, with the name that was probably meant."""
        known = sorted((*FINOPS, *SALES, *QUOTES))
        told = []
        for path in self.unread:
            if path.suffix.lower() == ".csv":
                near = difflib.get_close_matches(path.stem.lower(), known, n=1, cutoff=0.8)
                names = ", ".join(f"{name}.csv" for name in near or known)
                meant = f"Did you mean {names}?" if near else f"These are: {names}."
                told.append(f"{path} is not read. {meant}")
        return told

    def place(self, name: str, number: int) -> str:
        """File and line of a row, by its place in `rows` from 0 on, for an error's text."""
        self.rows(name)
        return f"{self.path / name}.csv, line {self._lines[name][number]}"

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


def _read(path: Path) -> list[tuple[int, Row]]:
    """The rows of a file, each with the number of its last line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = _checked_header(path, next(reader, []))
            rows = []
            for fields in reader:
                if len(fields) != len(header):
                    raise DataFolderError(
                        f"{path}, line {reader.line_num}: {len(fields)} fields, but the first line names "
                        f"{len(header)} columns. Give the line a field for each column; put a field that holds a comma "
                        "in quotes."
                    )
                rows.append((reader.line_num, dict(zip(header, fields, strict=True))))
        except csv.Error as error:
            raise DataFolderError(
                f"{path}, line {reader.line_num}: {error}. Close every quote, and write a quote inside a field twice."
            ) from error
        except UnicodeDecodeError as error:
            raise DataFolderError(
                f"{path}, after line {reader.line_num}: it is not UTF-8 ({error.reason}). Save the file as UTF-8."
            ) from error
    return rows


def _checked_header(path: Path, header: list[str]) -> list[str]:
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice or "" in header:
        what = f"the column {twice[0]!r} is named twice" if twice and twice[0] else "a column has no name"
        raise DataFolderError(f"{path}, line 1: {what}. Give each column a name of its own.")
    return header
