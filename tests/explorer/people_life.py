"""What people do with contacts and their quotes while the app is at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sync.model import Scalar, Values

if TYPE_CHECKING:
    from tests.explorer.people import PeopleWorld

NAMES = ("Abel", "Brook", "Cole")
DAY = 86_400.0

type Deeds = Sequence[tuple[str, Callable[[PeopleWorld, str], None]]]


def create_contact(world: PeopleWorld) -> None:
    random = world.scheduler.random
    n = len(world.contacts.rows) + len(world.deleted)
    id = f"{random.randrange(16**8):08x}-1111-0000-0000-{n:012d}"
    currency = {"_transactioncurrencyid_value": "usd"}
    world.contacts.put(id, lastname=random.choice(NAMES), statecode=0, **currency, **_some_parent(world))


def work_on_contacts(world: PeopleWorld, theme: int) -> None:
    """One change by a person, now and then an accident of a system."""
    random, contacts = world.scheduler.random, world.contacts
    if not contacts.rows or random.random() < 0.08:
        create_contact(world)
        return
    ids = sorted(contacts.rows)
    id = ids[0] if random.random() < 0.6 else random.choice(ids)
    kind, act = random.choice(THEMES[theme])
    act(world, id)
    world.scheduler.tell(kind, f"somebody: {kind} {id[-3:]}")


def number_of(world: PeopleWorld, values: Values) -> str:
    """The contact number, which is made of the id."""
    record = world.contacts.rows[str(values["contactid"])]
    return world.lanes["contacts_to_finops"].plan.number(record)


def _some_parent(world: PeopleWorld) -> dict[str, Scalar | None]:
    """An account, mostly; else another contact, or nobody."""
    random = world.scheduler.random
    table = random.choice(["account", "account", "account", "account", "contact", None])
    rows = sorted({"account": world.sales.rows, "contact": world.contacts.rows}.get(str(table), {}))
    if not rows:
        table = None
    return {
        "_parentcustomerid_value": random.choice(rows) if table else None,
        "_parentcustomerid_value@lookuplogicalname": table,
    }


def _rename(world: PeopleWorld, id: str) -> None:
    world.contacts.put(id, lastname=world.scheduler.random.choice(NAMES))


def _mail(world: PeopleWorld, id: str) -> None:
    world.contacts.put(id, emailaddress1=world.scheduler.random.choice([None, "a@example.com", "b@example.com"]))


def _switch(world: PeopleWorld, id: str) -> None:
    world.contacts.put(id, statecode=1 - int(str(world.contacts.rows[id].values["statecode"])))


def _move(world: PeopleWorld, id: str) -> None:
    world.contacts.put(id, **_some_parent(world))


def _delete(world: PeopleWorld, id: str) -> None:
    world.contacts.delete(id)
    world.deleted.add(id)
    for quote in [quote for quote, (contact, _) in world.documents.rows.items() if contact == id]:
        world.delete_quote(quote)


def _restore(world: PeopleWorld, id: str) -> None:
    if world.contacts.gone:
        world.contacts.restore(world.scheduler.random.choice(sorted(world.contacts.gone)))


def _quote(world: PeopleWorld, id: str) -> None:
    """A quote is entered for the contact, draft or active."""
    world.documents.put(f"q{len(world.documents.log)}", id, world.scheduler.random.choice([0, 1, 1]))


def _decide(world: PeopleWorld, id: str) -> None:
    """A quote of the contact is activated, won or lost."""
    quotes = sorted(quote for quote, (contact, _) in world.documents.rows.items() if contact == id)
    if quotes:
        world.documents.put(world.scheduler.random.choice(quotes), id, world.scheduler.random.choice([1, 2, 3, 3]))


def _forget_quotes(world: PeopleWorld, id: str) -> None:
    for quote in [quote for quote, (contact, _) in world.documents.rows.items() if contact == id]:
        world.delete_quote(quote)


def _primary(world: PeopleWorld, id: str) -> None:
    """An account gets the contact as its primary contact, or none."""
    if world.sales.rows:
        account = world.scheduler.random.choice(sorted(world.sales.rows))
        world.sales.put(account, _primarycontactid_value=world.scheduler.random.choice([id, id, id, None]))


def _number(world: PeopleWorld, id: str) -> None:
    """An account that had no number gets one, and with it a customer that contacts may have waited for."""
    for account in [row for row in world.sales.rows.values() if not row.values["accountnumber"]][:1]:
        number = f"N{len(world.numbers_given)}"
        world.numbers_given.add(number)
        world.sales.put(account.id, accountnumber=number)


def _poison(world: PeopleWorld, id: str) -> None:
    world.contacts.poisonous ^= {id}


def _refuse(world: PeopleWorld, id: str) -> None:
    world.finops.refusing ^= {f"usmf|{number_of(world, world.contacts.rows[id].values).casefold()}"}


def _expire(world: PeopleWorld, id: str) -> None:
    world.contacts.forgotten = len(world.contacts.log)


def _expire_quotes(world: PeopleWorld, id: str) -> None:
    world.documents.forgotten = len(world.documents.log)


def _sleep(world: PeopleWorld, id: str) -> None:
    """A day goes by in which nothing is under way."""
    if not world.scheduler.actors:
        world.scheduler.pass_time(DAY)


_VALUES: Deeds = [("rename", _rename), ("rename", _rename), ("mail", _mail)]
_BUYING: Deeds = [("quote", _quote), ("quote", _quote), ("decide", _decide), ("decide", _decide)]
_LIVING: Deeds = [
    ("move", _move),
    ("switch", _switch),
    ("delete", _delete),
    ("restore", _restore),
    ("primary", _primary),
    ("primary", _primary),
    ("number", _number),
]
_ACCIDENTS: Deeds = [
    ("refuse", _refuse),
    ("poisonous", _poison),
    ("token expired", _expire),
    ("quotes expired", _expire_quotes),
    ("quotes gone", _forget_quotes),
    ("a day passes", _sleep),
]
THEMES: list[Deeds] = [
    [*_VALUES, *_BUYING],
    [*_VALUES, *_LIVING],
    [*_BUYING, *_LIVING],
    [*_VALUES, *_BUYING, *_LIVING, *_ACCIDENTS],
]
