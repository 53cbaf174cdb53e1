"""The rules of CustomersV3 beyond lengths and references: number, party, defaults, addresses (flows.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops import parties, sequences
from local.simulators.finops.parties import ORGANIZATION, PERSON
from local.simulators.finops.plain import Plain, fill_in
from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import Row
from local.simulators.finops.world import World
from local.simulators.odata.filter_values import fold

ADDRESS_VERSIONS = "_addressVersions"
_BLOCKS = ("Address", "DeliveryAddress", "InvoiceAddress")
_NOT_OF_THE_ADDRESS = frozenset({"AddressBooks"})
_DEFAULTS = {"PartyType": ORGANIZATION, "LanguageId": "en-us"}
_QUOTATIONS = "CDSSalesQuotationHeaders"


class Customers(Plain):
    """What happens when a customer is written."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        super().__init__(world, entity_set)
        self._block_of = {
            name: block
            for block in _BLOCKS
            for name in entity_set.columns
            if name.startswith(block) and name not in _NOT_OF_THE_ADDRESS
        }

    def check_fields(self, values: Mapping[str, Any], row: Mapping[str, Any], before: Row | None) -> None:
        """Refuse values that customers cannot have."""
        if (kind := values.get("PartyType")) and kind not in (ORGANIZATION, PERSON):
            raise self._world.infolog.not_allowed(self._set, "PartyType", kind)
        super().check_fields(values, row, before)

    def fill(self, values: dict[str, Any]) -> None:
        """The number of the customer where a sequence gives it, its type and its language."""
        sequences.number(self._world, "customer_numbers", self._set, "CustomerAccount", values, "C-{:06d}")
        fill_in(values, _DEFAULTS)

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new customer with its party and the first versions of its addresses."""
        wanted = parties.number_for(self._world, self._set, "PartyNumber", values.get("PartyNumber"))
        self._check_prospect(wanted, values["CustomerAccount"])
        party = parties.take_role(self._world, self._set, wanted, values["PartyType"], values)
        values["PartyNumber"] = party.number
        fill_in(values, {"NameAlias": party.name[: self._set.lengths["NameAlias"]]})
        notes = {ADDRESS_VERSIONS: self._new_versions(values, self._set.empty)}
        return self._world.store.create(self._set.name, values, notes=notes, party=party)

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a customer anew. A new name is a new name of the party, on every role that it has (flows.md AE10)."""
        store = self._world.store
        party = parties.updated(self._world, self._set, store.parties[row["PartyNumber"]], row, changes)
        versions = row.notes[ADDRESS_VERSIONS] + self._new_versions(changes, row)
        return store.update(self._set.name, row, changes, notes={ADDRESS_VERSIONS: versions}, party=party)

    def delete(self, row: Row) -> None:
        """Remove a customer; its party stays. One that has quotations cannot go."""
        if number := len(self._of_customer(_QUOTATIONS, "RequestingCustomerAccountNumber", row)):
            raise self._world.infolog.in_use(self._set, row, number, self._world.schema.sets[_QUOTATIONS])
        for contact in self._of_customer("CDSContactPersonsV2", "AssociatedContactNumber", row):
            party = self._world.store.parties[contact["ContactPersonPartyNumber"]]
            self._world.store.delete("CDSContactPersonsV2", contact, party=party)
        self._world.store.delete(self._set.name, row, party=self._world.store.parties[row["PartyNumber"]])

    def _of_customer(self, set_name: str, name: str, row: Row) -> list[Row]:
        """The rows of a set that name this customer in this property."""
        company, account = fold(row[COMPANY]), fold(row["CustomerAccount"])
        there = self._world.store.tables[set_name].candidates((name, frozenset({account})))
        return [other for other in there if fold(other[COMPANY]) == company and fold(other[name]) == account]

    def _check_prospect(self, party: str, account: str) -> None:
        """A customer made of a prospect's party has the prospect's number (wire.md 2.6)."""
        prospect = self._world.prospects.get(party, account)
        if fold(prospect) != fold(account):
            raise self._world.infolog.row(self._set, "prospect", account=account, prospect=prospect)

    def _new_versions(self, changes: Mapping[str, Any], before: Mapping[str, Any]) -> int:
        """How many address blocks get a new version: each in which one value at least differs (flows.md 1.8)."""
        return len({self._block_of[name] for name in changes.keys() & self._block_of if changes[name] != before[name]})
