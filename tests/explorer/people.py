"""Worlds of three flows: accounts and contacts with quotes become customers, contacts of accounts contact persons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sync.mapping.plan import Plan
from sync.model import Use
from sync.ports import ChangeFeed
from sync.stores.memory import MemoryClock
from sync.systems.triggers import TriggeredFeed
from tests.explorer.accounts import AccountsWorld
from tests.explorer.documents import Documents
from tests.explorer.life import create_account, work_on_accounts
from tests.explorer.people_checker import people_are_right
from tests.explorer.people_life import THEMES, create_contact, work_on_contacts
from tests.explorer.plans import AllFacts, shipped_plan
from tests.explorer.scheduler import Scheduler
from tests.explorer.systems import MemorySales
from tests.explorer.world import Lane


class PeopleWorld(AccountsWorld):
    """Contacts of accounts, some of which get quotes.

    `patch` lets contact persons move to another customer. `had_documents` are the contacts that ever were the customer
    of an active or won quote, `deleted` those that ever were deleted.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        hold: bool = False,
        patch: bool = False,
        numbered: bool = False,
        gentle: bool = False,
        max_deliveries: int = 5,
        theme: int = 0,
        people_theme: int = 0,
        **more: Any,
    ) -> None:
        super().__init__(
            scheduler, hold=hold, numbered=numbered, gentle=gentle, max_deliveries=max_deliveries, theme=theme, **more
        )
        self.patch, self.people_theme = patch, people_theme
        self.deleted: set[str] = set()
        self.documents = Documents()
        persons, customers = (self._people_plan(name) for name in ("contacts", "contact_customers"))
        self.contacts = MemorySales([*persons.columns, *customers.columns], id="contactid", number="")
        self.contacts.referred = self._referred
        plain = self.with_brakes(lambda: self.contacts, self.contacts)
        triggered = self.with_brakes(self._triggered, self.contacts)
        self.add(Lane(persons, self.contacts, self.finops, AllFacts(), plain))
        self.add(Lane(customers, self.contacts, self.finops, AllFacts(), triggered))

    def delete_quote(self, id: str) -> None:
        """A quote of a contact is deleted."""
        self.documents.delete(id)

    @property
    def had_documents(self) -> set[str]:
        return self.documents.ever

    def someone_works(self) -> None:
        if self.scheduler.random.random() < 0.25:
            work_on_accounts(self, self.theme)
        else:
            work_on_contacts(self, self.people_theme)

    def new_definition(self) -> None:
        super().new_definition()
        for name in ("contacts", "contact_customers"):
            self.lanes[f"{name}_to_finops"].plan = self._people_plan(name)

    def calm(self) -> None:
        super().calm()
        self.contacts.poisonous.clear()

    def broken(self) -> Iterator[str]:
        yield from super().broken()
        yield from people_are_right(self)

    def _people_plan(self, name: str) -> Plan:
        return shipped_plan(
            name,
            **{
                "contacts.on_move": "patch" if self.patch else "block",
                "accounts.on_deactivate": "hold" if self.hold else "ignore",
                "country.default": self.country,
            },
        )

    def _referred(self, use: Use, id: str) -> bool:
        return use.set == "quotes" and self.documents.refers(id, use.values)

    def _triggered(self) -> ChangeFeed:
        return TriggeredFeed(self.contacts, [("quotes", self.documents)])


def numbered_of_seed(seed: int) -> PeopleWorld:
    """The same with an F&O that numbers its rows itself."""
    return people_of_seed(seed, numbered=True)


def people_of_seed(seed: int, *, numbered: bool = False) -> PeopleWorld:
    """A world with some accounts and contacts."""
    scheduler = Scheduler(seed, MemoryClock())
    random = scheduler.random
    world = PeopleWorld(
        scheduler,
        hold=random.random() < 0.3,
        patch=random.random() < 0.3,
        numbered=numbered,
        gentle=random.random() < 0.2,
        max_deliveries=random.choice([2, 5]),
        theme=random.choice([0, 1, 2]),  # an account keeps its number: its contact persons stay with its customer
        people_theme=random.randrange(len(THEMES)),
    )
    for _ in range(random.choice([1, 1, 2])):
        create_account(world)
    for _ in range(random.choice([1, 2, 4])):
        create_contact(world)
    return world
