"""How a chapter of the story ends: all that the flows have written and remembered, in a form that can be compared."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

from sync.stores.tables import TableLinks
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_story import Story, Variant

OUTCOMES = {
    "sales": ("products", "productpricelevels"),
    "finops": ("CustomersV3", "ContactPersons", "CDSSalesQuotationHeaders", "CDSSalesQuotationLines"),
}
"""What the flows write, by system."""
PASSING = ("createdon", "modifiedon", "versionnumber", "productpricelevelid", "InventoryLotId")
"""Columns that say when something was written, and ids that nobody refers to."""
OTHERS = {"CDSSalesQuotationHeaders": ("ContactPersonId",)}
"""Columns that nobody here writes: F&O takes them over from the customer as that is when the quotation is made."""
NOT_IN_STEP = ("waiting", "parked", "skipped", "removed")
"""Last endings of a record that are the same in every order: a write may be the last, or that none was needed."""


class FirstEnds:
    """What the first order of a variant came to, chapter by chapter, for all others of it, in any test process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, variant: Variant, ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """These ends, if they are the first."""
        mine = self._folder / f"{variant.name}-{uuid4().hex}.json"
        mine.write_text(json.dumps(ends))
        with suppress(FileExistsError):
            (self._folder / f"{variant.name}.json").hardlink_to(mine)
        first: list[dict[str, Any]] = json.loads((self._folder / f"{variant.name}.json").read_text())
        return first


def final_state(story: Story, here: Installation) -> dict[str, Any]:
    """What the flows have written and remembered, without ids and numbers that a system gave and without times."""
    world = story.world
    finops = {name: world.finops_admin.rows(name) for name in OUTCOMES["finops"]}
    sales = {name: world.sales_admin.rows(name) for name in OUTCOMES["sales"]}
    names = {row["PartyNumber"]: f"{row['dataAreaId']} {row['CustomerAccount']}" for row in finops["CustomersV3"]}
    for person in finops["ContactPersons"]:
        names[person["ContactPersonPartyNumber"]] = f"{person['dataAreaId']} {person['ContactPersonId']}"
    names |= {row["productid"]: row["productnumber"] for row in sales["products"]} | dict(story.names())
    for kind in (story.trade.units, story.trade.groups, story.trade.price_lists, world.currencies):
        names |= {id: name for name, id in kind.items()}
    rows = {name: sorted((dict(_steady(row, names, OTHERS.get(name, ()))) for row in each), key=str)
            for name, each in (sales | finops).items()}  # fmt: skip
    issues = sorted([issue.flow, names.get(issue.id, issue.id), issue.trouble.code]
                    for status in here.statuses().values() for issue in status.issues)  # fmt: skip
    return {**rows, "links": remembered(story, here, names), "issues": issues}


def differences(end: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What one of the two has and the other has not: of rows the values that differ."""
    assert end.keys() == other.keys()
    found = []
    for name in end:
        here, there = _without(end[name], other[name]), _without(other[name], end[name])
        for one, two in zip_longest(here, there):
            if isinstance(one, dict) and isinstance(two, dict):
                found.append(f"{name}: { ({key: (one[key], two[key]) for key in one if one[key] != two.get(key)}) }")
            else:
                found.append(f"{name}: {one} {two}")
    return found


def _without(rows: list[Any], others: list[Any]) -> list[Any]:
    """The rows but for these others, each of which takes away one that is like it."""
    left = list(rows)
    for row in others:
        if row in left:
            left.remove(row)
    return left


def remembered(story: Story, here: Installation, names: Mapping[str, str]) -> list[list[str]]:
    """What the links say of every record of the story: its counterpart, and why it has none or is not in step."""
    partitions = here.app.settings.link_partitions
    links = TableLinks(here.app.connections.storage, partitions=partitions)
    found = []
    for mapping, ids in story.records().items():
        for link in (each for part in range(partitions) for each in links.read(mapping, part, ids).values()):
            target = "|".join(names.get(str(value), str(value)) for value in link.target.values())
            state = (link.state, link.reason) if link.state in NOT_IN_STEP else ("in step", "")
            held = [name for name in ("dirty", "held", "again", "owed") if getattr(link, name)]
            found.append([mapping, names.get(link.id, link.id), target, *state, *held])
            lines = links.lines(mapping, links.partition(link.id), [link.id]).get(link.id, ())
            found += [[mapping, names[link.id], f"line {line.number}", "gone" if line.gone else ""] for line in lines]
    return sorted(found)


def _steady(row: Mapping[str, Any], names: Mapping[str, str], others: Collection[str]) -> Iterator[tuple[str, Any]]:
    for column, value in row.items():
        if column not in PASSING and column not in others and not column.startswith("_address"):
            yield column, names.get(value, value) if isinstance(value, str) else value
