"""What must be so of accounts and customers when a world has come to rest: promises 2 and 3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sync.keys import key_text
from sync.model import Link, Record
from tests.explorer.looks import deletes_are_known, excused, is_undecided, links_of, orderly, undecided

if TYPE_CHECKING:
    from tests.explorer.accounts import AccountsWorld


def customers_are_right(world: AccountsWorld) -> Iterator[str]:
    """Nothing doubles, and the newest wins."""
    yield from nothing_doubles(world)
    yield from newest_wins(world)
    yield from deletes_are_known(world, world.mapping, world.sales)


def nothing_doubles(world: AccountsWorld) -> Iterator[str]:
    """Promise 2: a source record has at most one target row, a target row at most one source record."""
    links = _links(world)
    owners = Counter(key_text(link.target) for link in links.values() if link.linked and link.id in world.sales.rows)
    yield from (f"double: {count} records are linked to {key}" for key, count in owners.items() if count > 1)
    yield from (f"link: {key} is not there" for key in owners if key not in world.finops.rows)
    linked = {key_text(link.target) for link in links.values() if link.linked}
    left = _left(world) | excused(links.values())
    for key, row in world.finops.rows.items():
        ours = row["PartyType"] == "Organization" and not str(row["PartyNumber"]).startswith("OLD-")
        came_of = world.finops.sent.get(key, key)
        if ours and key not in linked and came_of not in left and not numbered_late(world):
            yield f"double: {key} was created and is linked to nothing"
    keys = {*world.finops.rows, *(f"usmf|{number.casefold()}" for number in world.numbers_given)}
    holders = world.links.find(world.mapping, sorted(keys))
    for key, id in holders.items():  # a process that ends early may leave one behind; it stands in nobody's way
        if orderly(world) and key not in {key_text(links[id].target), key_text(links[id].reserved)}:
            yield f"reverse row: {key} says {id}, whose link is {links[id]}"
    for link in links.values():
        if link.linked and link.id in world.sales.rows and holders.get(key_text(link.target)) != link.id:
            yield f"reverse row: {link.id} is linked to {link.target}, held by {holders.get(key_text(link.target))}"


def newest_wins(world: AccountsWorld) -> Iterator[str]:
    """Promises 1 and 3: every record stands in the target in its newest state, or there is a reason that holds."""
    links = _links(world)
    for id, record in world.sales.rows.items():
        link = links.get(id)
        if link is None:
            yield f"missing: nobody has seen {id}"
        elif record.values["statecode"] != 0:
            yield from _inactive(world, link)
        elif link.state == "parked":
            if not _deserved(world, record, link):
                yield f"parked: {id} for {link.reason} that does not hold, {record.values['accountnumber']}"
        elif link.state == "waiting":
            if world.linked(link.awaits.partition(":")[2]):
                yield f"waiting: {id} for {link.awaits}, which is there"
        elif link.state != "linked" or not link.linked:
            yield f"missing: {id} is active and its link is {link}"
        else:
            yield from _differences(world, record, link)


def _inactive(world: AccountsWorld, link: Link) -> Iterator[str]:
    row = world.finops.rows.get(key_text(link.target)) if link.linked else None
    if world.hold and row is not None and link.state != "parked" and row.get("OnHoldStatus") != "All":
        yield f"hold: {link.id} is inactive, its customer is not on hold: {link}"
    if link.state not in ("skipped", "removed", "parked"):
        yield f"skip: {link.id} is inactive and its link is {link}"


def _differences(world: AccountsWorld, record: Record, link: Link) -> Iterator[str]:
    row = world.finops.rows.get(key_text(link.target), {})
    inherited = key_text(link.target) in _left(world)  # what is blank in the source stays with an adopted customer
    values = record.values
    wanted = {"OrganizationName": values["name"], "PrimaryContactPhone": values["telephone1"] or ""}
    if values["address1_city"] and world.country:
        wanted |= {"AddressCity": values["address1_city"], "AddressCountryRegionISOCode": world.country}
    for name, value in wanted.items():
        if (row.get(name) or "") != value and (value or not inherited):
            yield f"stale: {record.id} {name} is {row.get(name)!r}, the source says {value!r} ({link})"
    if row.get("OnHoldStatus") == "All" and not inherited:
        yield f"hold: {record.id} is active, its customer is on hold"


def _deserved(world: AccountsWorld, record: Record, link: Link) -> bool:
    """The record is parked for something that is so."""
    number = str(record.values["accountnumber"] or "")
    key = f"usmf|{number.casefold()}"
    match link.reason:
        case "missing-number":
            return not number and not world.allocate
        case "duplicate-number":
            twins = [r for r in world.sales.rows.values() if str(r.values["accountnumber"]) == number]
            others = [other for other in _links(world).values() if other.id != link.id]
            return sum(twin.values["statecode"] == 0 for twin in twins) > 1 or any(
                key_text(other.target) == key or (is_undecided(other) and key_text(other.reserved) == key)
                for other in others
            )
        case "adopt-mismatch":
            row = world.finops.rows.get(key)
            holder = world.links.find(world.mapping, [key]).get(key)
            return row is not None and (row["OrganizationName"] != record.values["name"] or holder != link.id)
        case "ambiguous-match":
            return undecided(link, world, "OrganizationName", record.values["name"])
        case _:
            return False


def _left(world: AccountsWorld) -> set[str]:
    """Keys of customers that may be left over from accounts that were deleted: nobody deletes customers."""
    return {f"usmf|{number}" for number in world.sales.numbers_of_deleted}


def numbered_late(world: AccountsWorld) -> bool:
    """A create that is done when its lease is over finds no key taken where F&O numbers its rows (the stated limit)."""
    return bool(world.finops.sent and world.scheduler.met["overslept"])


def _links(world: AccountsWorld) -> dict[str, Link]:
    return links_of(world, world.mapping)
