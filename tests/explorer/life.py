"""What people do with accounts and customers while the app is at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sync.model import Scalar
from tests.explorer.plans import PARENT
from tests.explorer.scheduler import Scheduler
from tests.explorer.systems import MemoryFinops, MemorySales

NAMES = ("A", "B", "C")
"""Few, so that a record comes back to an older state and two records can have one name."""


class Accounts(Protocol):
    """A world with accounts and customers. `numbers_given` are all account numbers that were ever entered; accounts
    have a parent account in some (`parents`)."""

    scheduler: Scheduler
    sales: MemorySales
    finops: MemoryFinops
    numbers_given: set[str]
    parents: bool


type Deeds = Sequence[tuple[str, Callable[[Accounts, str], None]]]


def create_account(world: Accounts) -> None:
    n = len(world.numbers_given)
    number = f"N{n}"
    world.numbers_given.add(number)
    random = world.scheduler.random
    world.sales.put(
        f"{random.randrange(16**8):08x}-0000-0000-0000-{n:012d}",
        accountnumber=None if random.random() < 0.1 else number,
        name=random.choice(NAMES),
        statecode=0,
        _transactioncurrencyid_value="usd",
        **_some_parent(world),
    )


def create_customer(world: Accounts) -> None:
    """A customer that F&O had before: of a number that an account has, or will be given."""
    random = world.scheduler.random
    n = random.randrange(len(world.numbers_given) + 1)
    key = {"dataAreaId": "usmf", "CustomerAccount": f"N{n}"}
    row = {**key, "PartyType": "Organization", "OrganizationName": random.choice(NAMES), "PartyNumber": f"OLD-{n}"}
    world.finops.rows.setdefault(f"usmf|n{n}", {**row})


def work_on_accounts(world: Accounts, theme: int) -> None:
    """One change by a person, now and then an accident of a system."""
    random, sales = world.scheduler.random, world.sales
    if not sales.rows or random.random() < 0.08:
        create_account(world)
        return
    ids = sorted(sales.rows)
    id = ids[0] if random.random() < 0.6 else random.choice(ids)
    kind, act = random.choice(_THEMES[theme])
    act(world, id)
    world.scheduler.tell(kind, f"somebody: {kind} {id[-3:]}")


def _some_parent(world: Accounts) -> dict[str, Scalar | None]:
    if not world.parents:
        return {}
    random = world.scheduler.random
    return {PARENT: random.choice(sorted(world.sales.rows)) if world.sales.rows and random.random() < 0.5 else None}


def _rename(world: Accounts, id: str) -> None:
    world.sales.put(id, name=world.scheduler.random.choice(NAMES))


def _undo(world: Accounts, id: str) -> None:
    """Back to what the record was before: to the hash of an older write."""
    target = world.finops.rows.get(f"usmf|{str(world.sales.rows[id].values['accountnumber']).casefold()}", {})
    name, phone = target.get("OrganizationName"), target.get("PrimaryContactPhone")
    if name:
        world.sales.put(id, name=name, telephone1=phone or None)


def _phone(world: Accounts, id: str) -> None:
    world.sales.put(id, telephone1=world.scheduler.random.choice([None, None, "1", "2"]))


def _move(world: Accounts, id: str) -> None:
    world.sales.put(id, address1_city=world.scheduler.random.choice(["Rome", "Oslo"]))


def _switch(world: Accounts, id: str) -> None:
    world.sales.put(id, statecode=1 - int(str(world.sales.rows[id].values["statecode"])))


def _switch_twice(world: Accounts, id: str) -> None:
    _switch(world, id)
    _switch(world, id)


def _renumber(world: Accounts, id: str) -> None:
    number = world.scheduler.random.choice([None, *(f"N{n}" for n in range(min(4, len(world.numbers_given))))])
    world.sales.put(id, accountnumber=number)


def _new_number(world: Accounts, id: str) -> None:
    number = f"N{len(world.numbers_given)}"
    world.numbers_given.add(number)
    world.sales.put(id, accountnumber=number)


def _hand_over(world: Accounts, id: str) -> None:
    """Another account gets this one's number and name; this one goes, rests, or gets a number of its own."""
    others = sorted(set(world.sales.rows) - {id})
    if not others:
        return
    values = world.sales.rows[id].values
    world.scheduler.random.choice([_delete, _delete, _switch, _new_number])(world, id)
    other = world.scheduler.random.choice(others)
    world.sales.put(other, accountnumber=values["accountnumber"], name=values["name"])


def _delete(world: Accounts, id: str) -> None:
    world.sales.delete(id)


def _restore(world: Accounts, id: str) -> None:
    if world.sales.gone:
        world.sales.restore(world.scheduler.random.choice(sorted(world.sales.gone)))


def _other_parent(world: Accounts, id: str) -> None:
    world.sales.put(id, **_some_parent(world))


def _poison(world: Accounts, id: str) -> None:
    world.sales.poisonous ^= {id}


def _refuse(world: Accounts, id: str) -> None:
    world.finops.refusing ^= {f"usmf|{str(world.sales.rows[id].values['accountnumber']).casefold()}"}


def _expire(world: Accounts, id: str) -> None:
    world.sales.forgotten = len(world.sales.log)


_VALUES: Deeds = [
    *[("rename", _rename)] * 3,
    *[("undo", _undo)] * 3,
    ("phone", _phone),
    ("phone", _phone),
    ("move", _move),
]
_STATES: Deeds = [("switch", _switch), ("switch", _switch), ("switch", _switch), ("switch twice", _switch_twice)]
_KEYS: Deeds = [
    ("renumber", _renumber),
    ("new number", _new_number),
    ("hand over", _hand_over),
    ("hand over", _hand_over),
    ("delete", _delete),
    ("restore", _restore),
    ("restore", _restore),
]
_ACCIDENTS: Deeds = [
    ("refuse", _refuse),
    ("refuse", _refuse),
    ("poisonous", _poison),
    ("other parent", _other_parent),
    ("token expired", _expire),
]
_THEMES: list[Deeds] = [
    _VALUES,
    [*_VALUES, *_STATES],
    [*_VALUES, *_ACCIDENTS],
    [*_VALUES, *_KEYS],
    [*_VALUES, *_STATES, *_KEYS, *_ACCIDENTS],
]
