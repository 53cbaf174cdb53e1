"""What it takes to join the rows of both systems from outside, and what is said of each two that belong together."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.world import World

type Row = Mapping[str, Any]


class Tables:
    """The rows of both systems as they are now, each set read once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.company = folded(world.company)
        self.rows = cache(self._rows)
        self.of = cache(self._of)

    def _rows(self, system: str, set: str) -> list[dict[str, Any]]:
        return self._world.rows(system, set)

    def _of(self, system: str, set: str, column: str) -> dict[str, list[dict[str, Any]]]:
        """The rows of a set by the text of a column, case ignored."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows(system, set):
            found.setdefault(folded(row[column]), []).append(row)
        return found


@dataclass(frozen=True, slots=True)
class Pair:
    """The source rows of a flow and the target rows that they become.

    `key` of a source row and `target_key` of a target row are equal for two that belong together. `excused` says why a
    source row has no target row, "" when it must have one. `differs` says what is not the same in both. `called` is
    what people call a source row. `alone` is whether the target may hold rows of its own.
    """

    flow: str
    source: tuple[str, str]
    target: tuple[str, str]
    id: Callable[[Row], str]
    key: Callable[[Row], str]
    target_key: Callable[[Row], str]
    excused: Callable[[Tables, Row], str]
    differs: Callable[[Tables, Row, Row], str]
    shown: Callable[[Tables, Row, Row], tuple[str, str]]
    called: Callable[[Row], str]
    belongs: Callable[[Row], bool] = lambda _: True
    alone: bool = False

    @property
    def mapping(self) -> str:
        """The name of the flow's mapping."""
        return self.flow.partition("_to_")[0]

    @property
    def kind(self) -> str:
        """What one source row is."""
        return self.mapping.removesuffix("s").replace("_", " ")

    def targets(self, tables: Tables) -> list[dict[str, Any]]:
        """The rows of the target set that this flow is about."""
        return [row for row in tables.rows(*self.target) if self.belongs(row)]


def folded(value: object) -> str:
    """A value as both systems compare it."""
    return "" if value is None else str(value).strip().casefold()


def fitting(text: object, limit: int) -> str:
    """A text as it fits F&O: so many UTF-16 code units, blanks at its ends removed."""
    fit = str(text or "").strip()
    while len(fit.encode("utf-16-le")) > 2 * limit:
        fit = fit[:-1]
    return fit.rstrip()


def contact_number(contact: Row) -> str:
    """The number of a contact: of its own where the Prospect-to-cash solution gives one, else made of its id."""
    if own := folded(contact.get("msdynce_contactnumber")):
        return own
    digest = hashlib.sha256(str(contact["contactid"]).lower().encode()).digest()
    return folded("CON-" + base64.b32encode(digest).decode()[:16])


def customer_of(tables: Tables, account_id: object) -> Row | None:
    """The customer that the account with this id became."""
    for account in tables.of("sales", "accounts", "accountid").get(folded(account_id), []):
        for customer in tables.of("finops", "CustomersV3", "CustomerAccount").get(folded(account["accountnumber"]), []):
            if customer["PartyType"] == "Organization":
                return customer
    return None
