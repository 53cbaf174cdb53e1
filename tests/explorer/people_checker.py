"""What must be so of contact persons and of contacts that are customers when a world has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sync.keys import key_text
from sync.model import Link, Record, Values
from tests.explorer.accounts_checker import numbered_late
from tests.explorer.looks import deletes_are_known, excused, is_undecided, links_of, undecided

if TYPE_CHECKING:
    from tests.explorer.people import PeopleWorld

PARENT = "_parentcustomerid_value"


def people_are_right(world: PeopleWorld) -> Iterator[str]:
    """Nothing doubles, a contact is on one party, and the newest wins."""
    persons, customers = (links_of(world, mapping) for mapping in ("contacts", "contact_customers"))
    bought = {key: row for key, row in world.finops.rows.items() if row["PartyType"] == "Person"}
    yield from _nothing_doubles(world, "contact person", persons, world.finops.persons)
    yield from _nothing_doubles(world, "contact customer", customers, bought)
    yield from _one_party(world, persons, customers)
    yield from _primary_contacts(world, persons)
    for mapping in ("contacts", "contact_customers"):
        yield from deletes_are_known(world, mapping, world.contacts)
    for id, record in world.contacts.rows.items():
        person, customer = persons.get(id), customers.get(id)
        if person is None or customer is None:
            yield f"missing: somebody has not seen {id}: {person}, {customer}"
            continue
        yield from _person(world, record, person, customer)
        yield from _customer(world, record, customer, person)


def _nothing_doubles(
    world: PeopleWorld, what: str, links: Mapping[str, Link], rows: Mapping[str, Values]
) -> Iterator[str]:
    owners = Counter(key_text(link.target) for link in links.values() if link.linked)
    yield from (f"double: {count} contacts are linked to {key}" for key, count in owners.items() if count > 1)
    yield from (f"link: {what} {key} is not there" for key in owners if key not in rows)
    left = {f"usmf|{_number(world, id)}" for id in world.deleted} | excused(links.values())
    for key in sorted(rows.keys() - owners.keys()):
        if world.finops.sent.get(key, key) not in left and not numbered_late(world):
            yield f"double: {what} {key} was created and is linked to nothing"


def _number(world: PeopleWorld, id: str) -> str:
    record = Record(id, "", {"contactid": id})
    return world.lanes["contacts_to_finops"].plan.number(record).casefold()


def _one_party(world: PeopleWorld, persons: Mapping[str, Link], customers: Mapping[str, Link]) -> Iterator[str]:
    """flows.md R6: whichever flow sees a contact first, both end on one party. Nobody can know of a create that is done
    when its lease is over (the stated limit)."""
    if world.scheduler.met["overslept"]:
        return
    for id, person in persons.items():
        customer = customers.get(id)
        if not person.linked or customer is None or not customer.linked:
            continue
        one = world.finops.persons.get(key_text(person.target), {}).get("ContactPersonPartyNumber")
        other = world.finops.rows.get(key_text(customer.target), {}).get("PartyNumber")
        if one != other:
            yield f"party: {id} is a contact person on {one} and a customer on {other}"


def _primary_contacts(world: PeopleWorld, persons: Mapping[str, Link]) -> Iterator[str]:
    """flows.md A30: an account's customer names its primary contact, once that is a contact person."""
    for id, record in world.sales.rows.items():
        account, primary = world.link(id), persons.get(str(record.values["_primarycontactid_value"]))
        if account is None or account.state != "linked" or primary is None or not primary.linked:
            continue
        named = world.finops.rows.get(key_text(account.target), {}).get("ContactPersonId")
        if named != primary.target["ContactPersonId"]:
            yield f"primary: {id} has {named!r}, its contact is {primary.target} ({account})"


def _person(world: PeopleWorld, record: Record, link: Link, customer: Link) -> Iterator[str]:
    values, id = record.values, record.id
    account = str(values[PARENT]) if values[f"{PARENT}@lookuplogicalname"] == "account" else ""
    if link.state == "linked" and link.linked:
        yield from _person_differs(world, record, link)
        return
    reasons = {
        "not-active": values["statecode"] == 1 and not link.linked,
        "contact-without-account": not account,
        "is-customer": not link.linked and (customer.linked or id in world.had_documents),
        "parent-not-linked": bool(account) and not world.linked(account),
        "ambiguous-match": undecided(link, world, "LastName", values["lastname"]),
        "reference-unknown": is_undecided(customer),
        "contact-moved": link.linked and not world.patch and not _belongs(world, account, link),
    }
    if not reasons.get(link.reason, False) or link.state not in ("skipped", "waiting", "parked"):
        yield f"contact: {id} is {link.state} {link.reason}, which does not hold: {values}, {link}"


def _person_differs(world: PeopleWorld, record: Record, link: Link) -> Iterator[str]:
    values = record.values
    row = world.finops.persons.get(key_text(link.target), {})
    wanted = {
        "LastName": values["lastname"],
        "PrimaryEmailAddress": values["emailaddress1"] or "",
        "IsInactive": "Yes" if values["statecode"] == 1 else "No",
    }
    yield from _stale(record, row, wanted, link)
    if not _belongs(world, str(values[PARENT]), link):
        party = row.get("AssociatedPartyNumber")
        yield f"moved: {record.id} belongs to {values[PARENT]}, its contact person to {party}"


def _belongs(world: PeopleWorld, account: str, link: Link) -> bool:
    """The contact person stands at the customer of this account."""
    parent = world.link(account) if account else None
    party = world.finops.rows.get(key_text(parent.target), {}).get("PartyNumber") if parent and parent.linked else None
    return world.finops.persons.get(key_text(link.target), {}).get("AssociatedPartyNumber") == party


def _customer(world: PeopleWorld, record: Record, link: Link, person: Link) -> Iterator[str]:
    values, id = record.values, record.id
    row = world.finops.rows.get(key_text(link.target), {}) if link.linked else {}
    if values["statecode"] == 1:
        if link.state not in ("skipped", "removed"):
            yield f"customer: {id} is inactive and its link is {link}"
        if world.hold and row and row.get("OnHoldStatus") != "All":
            yield f"hold: {id} is inactive, its customer is not on hold: {link}"
        return
    if link.state == "linked" and link.linked:
        yield from _stale(record, row, {"PersonLastName": values["lastname"]}, link)
        if row.get("OnHoldStatus") == "All":
            yield f"hold: {id} is active, its customer is on hold"
        return
    if link.reason == "ambiguous-match" and undecided(link, world, "PersonLastName", values["lastname"]):
        return
    if link.reason == "reference-unknown" and is_undecided(person):
        return
    referred = world.documents.refers(id, (1, 2))
    if link.linked or referred or (link.state, link.reason) != ("skipped", "not-a-customer"):
        yield f"customer: {id} is {link.state} {link.reason}, which does not hold: quotes {referred}, {link}"


def _stale(record: Record, row: Values, wanted: Values, link: Link) -> Iterator[str]:
    for name, value in wanted.items():
        if (row.get(name) or "") != value:
            yield f"stale: {record.id} {name} is {row.get(name)!r}, the source says {value!r} ({link})"
