"""Worlds of two flows: accounts become customers, and their quotes quotations with lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sync.keys import key_text
from sync.mapping.plan import Plan
from sync.model import EntityRef, Link, Scalar, System
from sync.ports import Write
from sync.stores.memory import MemoryClock
from tests.explorer.accounts import AccountsWorld
from tests.explorer.life import create_account, work_on_accounts
from tests.explorer.plans import AllFacts, shipped_plan
from tests.explorer.quotes_checker import quotations_are_right
from tests.explorer.quotes_life import THEMES, create_quote, work_on_quotes
from tests.explorer.scheduler import Scheduler
from tests.explorer.systems import MemorySales
from tests.explorer.targets import MemoryTables
from tests.explorer.world import Lane

HEADERS, LINES = "CDSSalesQuotationHeaders", "CDSSalesQuotationLines"
PRODUCTS = tuple(f"00000000-2222-0000-0000-{n:012d}" for n in range(4))


class Facts(AllFacts):
    """Reference data that has whatever is asked for; all currencies have cents."""

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        return 2 if give == "currencyprecision" else super().lookup(system, set, id, give)


class QuotesWorld(AccountsWorld):
    """Quotes of the accounts, in revisions, of a few products, some of which F&O comes to sell only later.

    `revisions` are the ids of the revisions of each number, the last one last. `refusing` are numbers that F&O refuses.
    `clerks` are quantities of lines that clerks have added to quotations, by key; of `torn` ones they have deleted
    lines of the app. `numbered` has the highest number of such a line, by quote.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        gentle: bool = False,
        max_deliveries: int = 5,
        theme: int = 0,
        quotes_theme: int = 0,
        **more: Any,
    ) -> None:
        super().__init__(scheduler, gentle=gentle, max_deliveries=max_deliveries, theme=theme, **more)
        self.quotes_theme = quotes_theme
        self.revisions: dict[str, list[str]] = {}
        self.refusing: set[str] = set()
        self.clerks: dict[str, int] = {}
        self.torn: set[str] = set()
        self.numbered: dict[str, int] = defaultdict(int)
        self.send_reference = True
        plan = self._quotes_plan()
        assert plan.lines is not None
        self.line_columns = plan.lines.columns
        self.quotes = self._quotes_table(plan)
        self.quotations = MemoryTables({HEADERS: {"SalesQuotationStatus": "Created"}})
        self.quotations.refuses = self._refuses
        self.add(Lane(plan, self.quotes, self.quotations, Facts(), self.with_brakes(lambda: self.quotes, self.quotes)))

    def someone_works(self) -> None:
        if self.scheduler.random.random() < 0.15:
            work_on_accounts(self, self.theme)
        else:
            work_on_quotes(self, self.quotes_theme)

    def new_definition(self) -> None:
        super().new_definition()
        self.send_reference = not self.send_reference
        self.lanes["quotes_to_finops"].plan = self._quotes_plan()

    def calm(self) -> None:
        super().calm()
        self.quotes.poisonous.clear()
        self.refusing.clear()

    def broken(self) -> Iterator[str]:
        yield from super().broken()
        yield from quotations_are_right(self)

    def sell(self, product: str) -> None:
        """F&O sells a product from now on, and Sales has it."""
        key = key_text({"productid": product})
        if not self.links.find("products", [key]):
            id = f"usmf|{product[-1]}"
            gives = {"ProductNumber": f"P{product[-1]}", "SalesUnitSymbol": "EA"}
            link = Link(id, state="linked", target={"productid": product}, gives=gives)
            self.links.reserve("products", {key: id})
            self.links.write("products", self.links.partition(id), [link])

    def products(self) -> Sequence[str]:
        """What a seller may offer."""
        return PRODUCTS

    def some_customer(self) -> tuple[str, str]:
        """Whom a seller makes a quote for: id and table."""
        return self.scheduler.random.choice(sorted(self.sales.rows)), "account"

    def product_link(self, product: str) -> Link | None:
        """The link of what F&O sells as this product of Sales, if it does."""
        key = key_text({"productid": product})
        holder = self.links.find("products", [key]).get(key)
        link = self.link(holder, "products") if holder else None
        return link if link is not None and key_text(link.target) == key else None

    def _quotes_table(self, plan: Plan) -> MemorySales:
        return MemorySales(plan.columns, id="quoteid", number="quotenumber")

    def _quotes_plan(self) -> Plan:
        return shipped_plan("quotes", **{"quotes.send_reference": "true" if self.send_reference else "false"})

    def _refuses(self, entity: EntityRef, write: Write) -> bool:
        return str(write.key["SalesQuotationNumber"]) in self.refusing


def quotes_of_seed(seed: int) -> QuotesWorld:
    """A world with some accounts and quotes."""
    scheduler = Scheduler(seed, MemoryClock())
    random = scheduler.random
    world = QuotesWorld(
        scheduler,
        gentle=random.random() < 0.2,
        max_deliveries=random.choice([2, 5]),
        theme=random.choice([0, 1, 2]),  # an account keeps its number: its quotes stay with its customer
        quotes_theme=random.randrange(len(THEMES)),
    )
    for product in PRODUCTS[: random.choice([2, 4])]:
        world.sell(product)
    for _ in range(random.choice([1, 2])):
        create_account(world)
    for _ in range(random.choice([1, 2, 4])):
        create_quote(world)
    return world
