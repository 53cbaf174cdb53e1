"""Contact persons, which two entities show: ContactPersons, and CDSContactPersonsV2 those of customers (flows.md 4).

The rows of ContactPersons are the records. Each whose party is a customer of its company has a row of
CDSContactPersonsV2 beside it, with the properties that both sets have; whichever is written, both are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops import parties, sequences
from local.simulators.finops.parties import PERSON
from local.simulators.finops.plain import Plain, fill_in
from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import Party, Row, Values, key_of
from local.simulators.finops.world import World
from local.simulators.odata.filter_values import fold

_RECORDS, _SHOWN = "ContactPersons", "CDSContactPersonsV2"
_PARTY, _FOR, _NUMBER = "ContactPersonPartyNumber", "AssociatedPartyNumber", "AssociatedContactNumber"
_NAME = "ContactPersonName"
_CUSTOMER = "Customer"
_ACCOUNT = "_associatedAccount"
"""The note of a record that holds the customer under which CDSContactPersonsV2 shows it."""
_SEARCH_NAME = 20


class ContactPersons(Plain):
    """What happens when a contact person is written."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        super().__init__(world, entity_set)
        shown = world.schema.sets[_SHOWN]
        self._shared = entity_set.columns.keys() & shown.columns.keys()
        self._shown = shown

    def check_fields(self, values: Mapping[str, Any], row: Mapping[str, Any], before: Row | None) -> None:
        """Refuse a party to be the contact of that is none; whether it can be changed is unknown (flows.md 11)."""
        wanted = values.get(_FOR)
        if wanted and wanted not in self._world.store.parties:
            raise self._world.infolog.not_known(self._set, _FOR, wanted, "parties")
        if before is not None and _FOR in values and self._world.switch("contact_moves") == "refused":
            raise self._world.infolog.not_editable(self._set, _FOR)
        super().check_fields(values, row, before)

    def fill(self, values: dict[str, Any]) -> None:
        """The contact's number where a sequence gives it, and its type."""
        sequences.number(self._world, "contact_numbers", self._set, "ContactPersonId", values, "CP-{:06d}")
        fill_in(values, {"ContactPersonPartyType": PERSON})

    def check_row(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Whether a first name is asked for is switched (flows.md CE6)."""
        if self._world.switch("first_name") == "mandatory" and not row["FirstName"]:
            raise self._world.infolog.empty(self._set, "FirstName")

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new contact person with its party, a person."""
        customer = parties.customer_of(self._world, values[_FOR], values[COMPANY])
        return self.create_for(customer["CustomerAccount"] if customer else "", values)

    def create_for(self, account: str, values: dict[str, Any]) -> Row:
        """Write a new contact person; it is shown as one of the customer with this account."""
        wanted = parties.number_for(self._world, self._set, _PARTY, values.get(_PARTY))
        party = self._named(parties.take_role(self._world, self._set, wanted, PERSON, values))
        fill_in(values, {"SearchName": party.name[:_SEARCH_NAME]})
        values |= {_PARTY: party.number, _NAME: party.name}
        row = self._world.store.create(self._set.name, values, notes={_ACCOUNT: account}, party=party)
        self._show(row)
        return row

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a contact person anew; a new name is a new name of the party, on every role that it has."""
        store = self._world.store
        party = self._named(parties.updated(self._world, self._set, store.parties[row[_PARTY]], row, changes))
        changes[_NAME] = party.name
        account = self._account({**row, **changes}, row.notes[_ACCOUNT])
        changed = store.update(self._set.name, row, changes, notes={_ACCOUNT: account}, party=party)
        shown = self.shown(row)
        if shown is not None and account == row.notes[_ACCOUNT]:
            shared = {name: value for name, value in changes.items() if name in self._shared}
            store.update(_SHOWN, shown, shared, notes=shown.notes, party=party)
        else:
            self._hide(row)
            self._show(changed)
        return changed

    def delete(self, row: Row) -> None:
        """Remove a contact person; the party stays."""
        self._hide(row)
        self._world.store.delete(self._set.name, row, party=self._party(row))

    def shown(self, row: Row) -> Row | None:
        """The row of CDSContactPersonsV2 that shows this contact person."""
        key = {COMPANY: row[COMPANY], _PARTY: row[_PARTY], "AssociatedContactType": _CUSTOMER}
        return self._world.store.find(_SHOWN, key_of(self._shown, {**key, _NUMBER: row.notes[_ACCOUNT]}))

    def _account(self, values: Mapping[str, Any], noted: str) -> str:
        """The customer to show a contact person under: the one that it had, while that is of its party."""
        customer = self._world.store.find("CustomersV3", (fold(values[COMPANY]), fold(noted)))
        if customer is None or customer["PartyNumber"] != values[_FOR]:
            customer = parties.customer_of(self._world, values[_FOR], values[COMPANY])
        return customer["CustomerAccount"] if customer else ""

    def _named(self, party: Party) -> Party:
        if not party.name:
            raise self._world.infolog.empty(self._set, "LastName")
        return party

    def _show(self, row: Row) -> None:
        if account := row.notes[_ACCOUNT]:
            shared = {name: value for name, value in row.items() if name in self._shared}
            key = {"AssociatedContactType": _CUSTOMER, _NUMBER: account}
            self._world.store.create(_SHOWN, {**shared, **key}, party=self._party(row))

    def _hide(self, row: Row) -> None:
        if shown := self.shown(row):
            self._world.store.delete(_SHOWN, shown, party=self._party(row))

    def _party(self, row: Row) -> Party:
        return self._world.store.parties[row[_PARTY]]


class CdsContactPersons(Plain):
    """What happens when a contact person is written as one of a customer."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        super().__init__(world, entity_set)
        self._record_set = world.schema.sets[_RECORDS]
        self._records = ContactPersons(world, self._record_set)

    def check_fields(self, values: Mapping[str, Any], row: Mapping[str, Any], before: Row | None) -> None:
        """Refuse who is no customer: vendors and prospects are not here."""
        if (kind := row["AssociatedContactType"]) != _CUSTOMER:
            raise self._world.infolog.not_allowed(self._set, "AssociatedContactType", kind)
        if (number := values.get(_NUMBER)) and self._customer(row) is None:
            raise self._world.infolog.not_found(self._set, _NUMBER, number, self._world.schema.sets["CustomersV3"])
        super().check_fields(values, row, before)

    def fill(self, values: dict[str, Any]) -> None:
        """The numbers of the contact and of its party."""
        values[_PARTY] = parties.number_for(self._world, self._set, _PARTY, values.get(_PARTY))
        self._records.fill(values)

    def check_row(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """What is asked for of every contact person."""
        if not row["ContactPersonId"]:
            raise self._world.infolog.empty(self._set, "ContactPersonId")
        self._records.check_row(row, values)

    def create(self, values: dict[str, Any]) -> Row:
        """Write a new contact person of a customer."""
        record = {name: value for name, value in values.items() if name in self._record_set.columns}
        record[_FOR] = self._world.store.tables["CustomersV3"].rows[_customer_key(values)]["PartyNumber"]
        if self._world.store.find(_RECORDS, key_of(self._record_set, record)) is not None:
            raise self._world.infolog.exists(self._record_set, Values(record.items(), self._record_set.empty))
        self._records.create_for(values[_NUMBER], record)
        return self._world.store.tables[_SHOWN].rows[key_of(self._set, Values(values.items(), self._set.empty))]

    def update(self, row: Row, changes: dict[str, Any]) -> Row:
        """Write a contact person anew."""
        self._records.update(self._record(row), changes)
        return self._world.store.tables[_SHOWN].rows[key_of(self._set, row)]

    def delete(self, row: Row) -> None:
        """Remove a contact person."""
        self._records.delete(self._record(row))

    def _record(self, row: Row) -> Row:
        return self._world.store.tables[_RECORDS].rows[key_of(self._record_set, row)]

    def _customer(self, row: Mapping[str, Any]) -> Row | None:
        return self._world.store.find("CustomersV3", _customer_key(row))


def _customer_key(values: Mapping[str, Any]) -> tuple[str, str]:
    return fold(values[COMPANY]), fold(values[_NUMBER])
