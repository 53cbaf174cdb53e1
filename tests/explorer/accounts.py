"""Worlds of one flow: accounts become customers."""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.plan import Plan
from sync.stores.memory import MemoryClock
from tests.explorer.accounts_checker import customers_are_right
from tests.explorer.life import create_account, create_customer, work_on_accounts
from tests.explorer.plans import AllFacts, accounts_plan, children_wait
from tests.explorer.scheduler import Scheduler
from tests.explorer.systems import MemoryFinops, MemorySales
from tests.explorer.world import Lane, World


class AccountsWorld(World):
    """Accounts as shipped, under several settings.

    `hold` has inactive accounts' customers put on hold, `allocate` gives numbers to accounts without one; `parents` has
    accounts wait for their parent account, as contacts wait for their account. The newest definition takes an address
    without country for one of `country`. `numbers_given` are all account numbers that were ever entered. In a
    `numbered` world F&O gives numbers of its own in place of those that it is sent.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        hold: bool = False,
        allocate: bool = False,
        parents: bool = False,
        numbered: bool = False,
        gentle: bool = False,
        max_deliveries: int = 5,
        theme: int = 0,
    ) -> None:
        super().__init__(scheduler, gentle=gentle, max_deliveries=max_deliveries)
        self.hold, self.allocate, self.parents, self.theme = hold, allocate, parents, theme
        self.country = ""
        self.numbers_given: set[str] = set()
        self.finops = MemoryFinops(numbers=numbered)
        plan = self._accounts_plan()
        self.sales = MemorySales(plan.columns)
        self.add(Lane(plan, self.sales, self.finops, AllFacts(), self.with_brakes(lambda: self.sales, self.sales)))

    def someone_works(self) -> None:
        work_on_accounts(self, self.theme)

    def new_definition(self) -> None:
        self.country = "CA" if self.country == "US" else "US"
        self.lanes[self.flow].plan = self._accounts_plan()

    def calm(self) -> None:
        self.sales.poisonous.clear()
        self.finops.refusing.clear()

    def broken(self) -> Iterator[str]:
        yield from customers_are_right(self)

    def _accounts_plan(self) -> Plan:
        plan = accounts_plan(hold=self.hold, allocate=self.allocate, default_country=self.country)
        return children_wait(plan, self.linked) if self.parents else plan


def accounts_of_seed(seed: int) -> AccountsWorld:
    """A world with some accounts, some of which are customers already."""
    scheduler = Scheduler(seed, MemoryClock())
    random = scheduler.random
    hold, allocate, parents = random.random() < 0.4, random.random() < 0.3, random.random() < 0.4
    gentle = random.random() < 0.2
    world = AccountsWorld(
        scheduler,
        hold=hold,
        allocate=allocate,
        parents=parents,
        gentle=gentle,
        max_deliveries=random.choice([2, 5]),
        theme=random.randrange(5),
    )
    for _ in range(random.choice([1, 1, 2, 3, 6])):
        create_account(world)
    for _ in range(random.choice([0, 0, 1, 3])):
        create_customer(world)
    return world
