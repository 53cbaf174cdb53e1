"""The rules of CustomersV3 beyond lengths and references: number, party, defaults, addresses (flows.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops.countries import ALPHA_2
from local.simulators.finops.errors import WRITE, Refusal
from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import Party, Row
from local.simulators.finops.world import World
from local.simulators.odata.filter_values import fold

ORGANIZATION, PERSON = "Organization", "Person"
ADDRESS_VERSIONS = "_addressVersions"
_BLOCKS = ("Address", "DeliveryAddress", "InvoiceAddress")
_NAMES = {
    ORGANIZATION: ("OrganizationName",),
    PERSON: ("PersonFirstName", "PersonMiddleName", "PersonLastName"),
}
_NOT_OF_THE_ADDRESS = frozenset({"AddressBooks"})
_DEFAULT_LANGUAGE = "en-us"


class Customers:
    """What happens when a customer is written."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        self._world = world
        self._set = entity_set
        self._block_of = {
            name: block
            for block in _BLOCKS
            for name in entity_set.columns
            if name.startswith(block) and name not in _NOT_OF_THE_ADDRESS
        }
        self._next_number = 1

    def check(self, values: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Refuse values that customers cannot have; `row` is the customer as it will be."""
        if "PartyType" in values and values["PartyType"] not in (ORGANIZATION, PERSON):
            raise self._world.infolog.not_allowed(self._set, "PartyType", values["PartyType"])
        for block in _BLOCKS:
            self._check_country(f"{block}CountryRegionISOCode", values)
            if f"{block}State" in values or f"{block}CountryRegionISOCode" in values:
                self._check_state(f"{block}State", row[f"{block}CountryRegionISOCode"], row)

    def before_create(self, values: dict[str, Any]) -> None:
        """Fill in what F&O fills in when the client leaves it out."""
        if not values.get("CustomerAccount") and self._world.switch("customer_numbers") == "automatic":
            values["CustomerAccount"] = self._number(values[COMPANY])
        values["PartyType"] = values.get("PartyType") or ORGANIZATION
        values["LanguageId"] = values.get("LanguageId") or _DEFAULT_LANGUAGE

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new customer with its party and the first versions of its addresses."""
        party = self._party(values)
        values["PartyNumber"] = party.number
        if not values.get("NameAlias"):
            values["NameAlias"] = party.name[: self._set.lengths["NameAlias"]]
        notes = {ADDRESS_VERSIONS: self._new_versions(values, self._set.empty)}
        return self._world.store.create(self._set.name, values, notes=notes, party=party)

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a customer anew. A new name is a new name of the party, on every role that it has (flows.md AE10)."""
        store = self._world.store
        party = store.parties[row["PartyNumber"]]
        names = {name: changes[name] for name in _NAMES[party.type] if name in changes}
        if names:
            party = store.rename_party(party, _name({**row.whole(), **names}, party.type), names, row)
        versions = row.notes[ADDRESS_VERSIONS] + self._new_versions(changes, row)
        return store.update(self._set.name, row, changes, notes={ADDRESS_VERSIONS: versions}, party=party)

    def _new_versions(self, changes: Mapping[str, Any], before: Mapping[str, Any]) -> int:
        """How many address blocks get a new version: each in which one value at least differs (flows.md 1.8)."""
        return len({self._block_of[name] for name in changes.keys() & self._block_of if changes[name] != before[name]})

    def _check_country(self, name: str, values: Mapping[str, Any]) -> None:
        if (value := values.get(name)) and value.upper() not in ALPHA_2:
            raise self._world.infolog.unknown_country(self._set, name, value)

    def _check_state(self, name: str, country: str, row: Mapping[str, Any]) -> None:
        known = self._world.states.get(country.upper())
        if known is not None and row[name] and fold(row[name]) not in known:
            raise self._world.infolog.unknown_state(self._set, name, row[name])

    def _number(self, company: str) -> str:
        while True:
            number = f"C-{self._next_number:06d}"
            self._next_number += 1
            if self._world.store.find(self._set.name, (fold(company), fold(number))) is None:
                return number

    def _party(self, values: Mapping[str, Any]) -> Party:
        store, kind = self._world.store, values["PartyType"]
        name = _name(values, kind)
        wanted = values.get("PartyNumber")
        if not wanted:
            return store.new_party(kind, name)
        party = store.parties.get(wanted)
        if party is None:
            return store.enter_party(wanted, kind, name)
        if party.type != kind:
            raise Refusal(
                400, f"Party {wanted} is a {party.type} and cannot take the role of a customer of type {kind}.", WRITE
            )
        return party


def _name(values: Mapping[str, Any], kind: str) -> str:
    return " ".join(part for name in _NAMES[kind] if (part := values.get(name)))
