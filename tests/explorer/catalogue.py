"""Both systems of a shop in memory: F&O's products, read whole, and what Sales has of products and reference data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from greenlet import getcurrent  # type: ignore[import-untyped]

from sync.keys import key_text, record_id
from sync.mapping.plan import UnknownId
from sync.mapping.values import normalise
from sync.model import EntityRef, Record, RowsPage, Scalar, System, Use, Values
from sync.ports import Gone, Result, Write
from tests.explorer.targets import MemoryTables, Row

PAGE = 3
"""Rows per page: small, so that a world has many."""

DRAFT, ACTIVE, RETIRED, REVISED = 2, 0, 1, 3
"""The states of a product in Sales."""

PRODUCTS = EntityRef("sales", "products", ("productid",))
ITEMS = EntityRef("sales", "productpricelevels", ("productpricelevelid",))

DEFAULT_LIST = "_pricelevelid_value"


def item_of(row: Values) -> tuple[str, str, str]:
    """Price list, product and unit of a price item."""
    return str(row["_pricelevelid_value"]), str(row["_productid_value"]), str(row["_uomid_value"])


class Released:
    """F&O's sellable products; twin of Whole and Reader.

    `poisonous` ids bring down whoever fetches them. `links_lost` makes the next page link one that is not known.
    """

    def __init__(self, entity: EntityRef) -> None:
        self._entity = entity
        self.rows: dict[str, Record] = {}
        self.gone: dict[str, Record] = {}
        self.poisonous: set[str] = set()
        self.links_lost = False
        self._changes = 0

    def put(self, **values: Scalar | None) -> str:
        """Create a product, or change some of its columns; gives its id."""
        id = record_id({column: str(values[column]) for column in self._entity.key})
        known = self.rows[id].values if id in self.rows else {}
        self._changes += 1
        self.rows[id] = Record(id, f'W/"{self._changes}"', {**known, **values})
        return id

    def delete(self, id: str) -> None:
        """The product is no longer delivered; `restore` knows it."""
        self.gone[id] = self.rows.pop(id)

    def restore(self, id: str) -> None:
        self.rows[id] = self.gone.pop(id)

    def rows_page(self, entity: EntityRef, columns: Sequence[str], *, company: str, link: str) -> RowsPage:
        if link and self.links_lost:
            self.links_lost = False
            raise Gone
        ids = sorted(self.rows)
        start = int(json.loads(link)["skip"]) if link else 0
        shown = ids[start : start + PAGE]
        behind = json.dumps({"skip": start + PAGE}) if start + PAGE < len(ids) else ""
        return RowsPage(tuple(self.rows[id] for id in shown), behind)

    def fetch(self, entity: EntityRef, ids: Sequence[str], columns: Sequence[str]) -> dict[str, Record]:
        if self.poisonous & set(ids):
            raise RuntimeError("this record brings the host down")
        return {id: self.rows[id] for id in ids if id in self.rows}

    def search(self, entity: EntityRef, column: str, values: Sequence[str], columns: Sequence[str]) -> NoReturn:
        raise AssertionError("a product number is a key: nobody looks for duplicates")

    def referring(self, use: Use, ids: Sequence[str]) -> NoReturn:
        raise AssertionError(f"nothing is asked of other tables, but {use.set} was")

    def assign(self, entity: EntityRef, assignments: Sequence[tuple[Record, Values]]) -> NoReturn:
        raise AssertionError("F&O numbers its products itself")


class Catalogue(MemoryTables):
    """What Sales holds; it looks over the shoulder of whoever writes.

    A number is given once, and a product has one price in a list and unit. `problems` are writes that nobody should
    have done who had read what he has: to a product that was retired, over a default price list that a person had
    chosen, or the end of a revision. Retired products take no updates in worlds that are `strict`.
    """

    def __init__(self, *, strict: bool) -> None:
        super().__init__({"products": {"statecode": DRAFT, "statuscode": 0}})
        self.strict = strict
        self.refusing: set[str] = set()
        self.problems: list[str] = []
        self._read: dict[tuple[Any, str], Row] = {}
        self.refuses = self._refuses

    @property
    def products(self) -> dict[str, Row]:
        return self.rows["products"]

    @property
    def items(self) -> dict[str, Row]:
        return self.rows["productpricelevels"]

    def of_number(self, number: str) -> tuple[str, Row] | None:
        """The product of this number with its key."""
        rows = ((key, row) for key, row in self.products.items() if str(row["productnumber"]) == number)
        return next(rows, None)

    def find(
        self, entity: EntityRef, keys: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> dict[str, Values]:
        return self._seen(super().find(entity, keys, columns))

    def match(
        self, entity: EntityRef, wanted: Sequence[Mapping[str, Scalar]], columns: Sequence[str]
    ) -> list[list[Values]]:
        found = super().match(entity, wanted, columns)
        if entity.set == "products":
            for rows in found:
                self._seen({key_text({"productid": str(row["productid"])}): row for row in rows})
        return found

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        if entity.set == "products":
            for write in writes:
                self._look_over(write)
        return super().write(entity, writes, until=until)

    def _seen(self, rows: dict[str, Values]) -> dict[str, Values]:
        """The process that is at work has read these rows."""
        for key, row in rows.items():
            self._read[getcurrent(), key] = dict(row)
        return rows

    def _look_over(self, write: Write) -> None:
        key = key_text(write.key)
        known = self._read.get((getcurrent(), key), {})
        if write.kind == "update" and known.get("statecode") == RETIRED:
            self.problems.append(f"retired: {key} was known to be retired and got {dict(write.values)}")
        if known.get("statecode") == REVISED and "statecode" in write.values and not self._retires(write):
            self.problems.append(f"revised: {key} was known to be under revision and got {dict(write.values)}")
        chosen = known.get(DEFAULT_LIST)
        if DEFAULT_LIST in write.values and chosen and str(chosen).startswith("by-hand"):
            self.problems.append(f"default list: {key} was known to have {chosen} and got {dict(write.values)}")

    @staticmethod
    def _retires(write: Write) -> bool:
        return write.values.get("statecode") == RETIRED

    def _refuses(self, entity: EntityRef, write: Write) -> bool:
        if entity.set != "products":
            there = write.kind == "create" and item_of(write.values) in map(item_of, self.items.values())
            return there or str(write.values.get("_productid_value", "")) in self.refusing
        key = key_text(write.key)
        row = self.products.get(key, {})
        if write.kind == "create":
            return self.of_number(str(write.values["productnumber"])) is not None
        return key in self.refusing or (self.strict and row.get("statecode") == RETIRED)


class ReferenceData:
    """Small tables of Sales; twin of Tables. `today` decides nothing here: the plan asks for it."""

    def __init__(self) -> None:
        self.sets: dict[str, dict[str, Row]] = {}

    def put(self, set: str, id: str, **values: Scalar | None) -> None:
        row = self.sets.setdefault(set, {}).setdefault(id, {})
        row.update(values)

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        if id not in self.sets.get(set, {}):
            raise UnknownId(system, set, id)
        return self.sets[set][id].get(give)

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        found = self.rows(system, set, column, value, lambda _: True)
        return str(found[0][column]) if found else None

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        rows = self.sets.get(set, {}).values()
        return [row for row in rows if normalise(str(row.get(column, ""))) == normalise(value) and fits(row)]
