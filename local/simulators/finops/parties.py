"""The global address book: parties, their names, and the roles that show them (flows.md 3.3, AE10, K6).

A party is an organization or a person. Customers and contact persons are roles of it: whatever role is written, the
name is the party's, and so it changes on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops.schema import EntitySet
from local.simulators.finops.store import Party, Row
from local.simulators.finops.world import World
from local.simulators.odata.filter_values import fold

ORGANIZATION, PERSON = "Organization", "Person"
_CONTACT_NAMES = ("FirstName", "MiddleName", "LastName")
_NAMES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("CustomersV3", ORGANIZATION): ("OrganizationName",),
    ("CustomersV3", PERSON): ("PersonFirstName", "PersonMiddleName", "PersonLastName"),
    ("ContactPersons", PERSON): _CONTACT_NAMES,
    ("CDSContactPersonsV2", PERSON): _CONTACT_NAMES,
}
"""The properties that hold the name of a party of that type, by set, in one order for all sets."""
_WHOLE_NAME = {"ContactPersons": "ContactPersonName"}
"""The property that holds the name in one text, where a set has one."""


def number_for(world: World, entity_set: EntitySet, name: str, sent: str | None) -> str:
    """The party number that a new row gets: that of a party that is there, or a free one.

    Raises Refusal where numbers of parties, known or unknown ones, are refused.
    """
    if not sent:
        return world.store.next_party_number()
    if sent in world.store.parties:
        if world.switch("known_party") == "refused":
            raise world.infolog.not_allowed(entity_set, name, sent)
        return sent
    match world.switch("unknown_party"):
        case "created":
            return sent
        case "refused":
            raise world.infolog.not_known(entity_set, name, sent, "parties")
    return world.store.next_party_number()


def full_name(set_name: str, kind: str, values: Mapping[str, Any]) -> str:
    """The name of a party as a row spells it."""
    return " ".join(part for name in _NAMES[set_name, kind] if (part := values.get(name)))


def take_role(world: World, entity_set: EntitySet, number: str, kind: str, values: dict[str, Any]) -> Party:
    """The party of a new row; it is entered when it is new. The names of row and party are made the same.

    A name that the row brings is the party's new name; a row without a name takes the party's. Raises Refusal when
    the party is of another type.
    """
    party = world.store.parties.get(number)
    if party is None:
        return world.store.enter_party(number, kind, full_name(entity_set.name, kind, values))
    if party.type != kind:
        raise world.infolog.row(entity_set, "party-type", party=number, type=party.type, kind=kind)
    brought = full_name(entity_set.name, kind, values)
    if not brought:
        values.update(_names_of(world, party, entity_set.name))
    elif brought != party.name:
        return rename(world, entity_set, party, values, None)
    return party


def rename(world: World, entity_set: EntitySet, party: Party, values: Mapping[str, Any], row: Row | None) -> Party:
    """The party under the name that `values`, a whole row, spells; all its roles but `row` show it."""
    parts = [values.get(name, "") for name in _NAMES[entity_set.name, party.type]]
    name = full_name(entity_set.name, party.type, values)
    changes = {
        set_name: dict(zip(names, parts, strict=True))
        for (set_name, kind), names in _NAMES.items()
        if kind == party.type
    }
    for set_name, whole in _WHOLE_NAME.items():
        changes.setdefault(set_name, {})[whole] = name
    return world.store.rename_party(party, name, changes, row)


def updated(world: World, entity_set: EntitySet, party: Party, row: Row, changes: Mapping[str, Any]) -> Party:
    """The party after one of its roles is written with these changes."""
    if changes.keys() & set(_NAMES[entity_set.name, party.type]):
        return rename(world, entity_set, party, {**row.whole(), **changes}, row)
    return party


def customer_of(world: World, number: str, company: str) -> Row | None:
    """The customer of a company that is a role of this party; with several, the first of them by key."""
    party = world.store.parties.get(number)
    roles = party.roles if party else ()
    keys = sorted(key for set_name, key in roles if set_name == "CustomersV3" and key[0] == fold(company))
    return world.store.find("CustomersV3", keys[0]) if keys else None


def _names_of(world: World, party: Party, wanted: str) -> dict[str, Any]:
    """The party's name in the columns of a set, as one of its roles holds it."""
    for set_name, key in sorted(party.roles):
        row = world.store.find(set_name, key)
        if row is not None:
            there = _NAMES[set_name, party.type]
            return {name: row[other] for name, other in zip(_NAMES[wanted, party.type], there, strict=True)}
    return {}
