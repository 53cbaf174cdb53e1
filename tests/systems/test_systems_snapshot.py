"""Reading F&O whole over HTTP, compared with the links: its pages shift when rows come and go between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from local.simulators.finops.app import create_app
from sync.brakes import Brakes
from sync.compare import Digester
from sync.errors import MassChange
from sync.model import Change, EntityRef, Link, Record, RowsPage, Values
from sync.rounds import stopped_for
from sync.snapshot import SnapshotFeed
from sync.stores.memory import MemoryClock, MemoryLinks, MemoryWatermarks
from sync.systems.finops import FinOpsSystem
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import Swapped

PRODUCTS = EntityRef("finops", "SellableReleasedProducts", ("dataAreaId", "ProductNumber"))
COLUMNS = ("ProductName", "SalesPrice", "dataAreaId")
PAGE = 4


class Meanwhile:
    """The table as the feed reads it; something happens to it before the page with this number."""

    def __init__(self, system: FinOpsSystem) -> None:
        self._system = system
        self.pages = 0
        self.before: dict[int, Callable[[], object]] = {}

    def rows_page(self, entity: EntityRef, columns: Sequence[str], *, company: str, link: str) -> RowsPage:
        self.before.pop(self.pages, lambda: None)()
        self.pages += 1
        return self._system.rows_page(entity, columns, company=company, link=link)


class Shop:
    """Products of F&O, the links of those that were judged, and the feed."""

    def __init__(self, finops: FinOpsWorld) -> None:
        self._finops = finops
        self.links = MemoryLinks(partitions=2)
        self.table = Meanwhile(finops.system)
        self._digester = Digester(b"a key of the test")
        self.feed = SnapshotFeed(
            self.table,
            finops.system,
            self.links,
            Brakes("products_to_sales", MemoryWatermarks(), MemoryClock(), gone_percent=20),
            mapping="products",
            entity=PRODUCTS,
            columns=COLUMNS,
            digest=self._digest,
            company="USMF",
        )

    def release(self, *numbers: int, price: float = 10, company: str = "usmf") -> None:
        good = {"CurrencyCode": "USD", "SalesUnitSymbol": "ea", "InventoryUnitSymbol": "ea"}
        for number in numbers:
            own = {"dataAreaId": company, "ProductNumber": f"P{number:02}", "ProductName": f"No {number}"}
            self._finops.admin.ask("POST", "/admin/products", [{**own, **good, "SalesPrice": price}])

    def remove(self, number: int) -> None:
        self._finops.admin.ask("DELETE", "/admin/products", {"dataAreaId": "usmf", "ProductNumber": f"P{number:02}"})

    def round(self) -> tuple[Change, ...]:
        """A whole round from rest; what it hands on is judged at once."""
        self.table.pages = 0
        changes: list[Change] = []
        position = '{"phase":"rest"}'
        while True:
            page = self.feed.page(position, full=False)
            changes += page.changes
            position = page.position
            if page.stop is not None:
                raise page.stop
            if not page.more:
                assert stopped_for(position) is None
                break
        self._judge(changes)
        return tuple(sorted(changes, key=lambda change: change.id))

    def _digest(self, values: Values) -> str:
        return self._digester.row(values, COLUMNS)

    def _judge(self, changes: Sequence[Change]) -> None:
        found = self._finops.system.fetch(PRODUCTS, [change.id for change in changes], COLUMNS)
        for change in changes:
            record: Record | None = found.get(change.id)
            partition = self.links.partition(change.id)
            link = self.links.read("products", partition, [change.id]).get(change.id, Link(change.id))
            version = self._digest(record.values) if record else ""
            after = Link(change.id, "linked" if record else "removed", version=version, seq=link.seq, etag=link.etag)
            self.links.write("products", partition, [after])


@pytest.fixture
def shop(server: tuple[Swapped, str]) -> Shop:
    server[0].app = create_app(page_size=PAGE)
    finops = FinOpsWorld(server[1])
    finops.admin.ask("POST", "/data/UnitsOfMeasure", {"UnitSymbol": "ea"})
    finops.admin.ask("POST", "/data/LegalEntities", {"LegalEntityId": "demf", "Name": "DEMF"})
    shop = Shop(finops)
    shop.release(*range(14))
    return shop


def changes(*numbers: int, deleted: bool = False) -> tuple[Change, ...]:
    return tuple(Change(f"usmf|p{number:02}", deleted=deleted) for number in numbers)


def test_rows_as_read_and_as_fetched_have_the_same_version(shop: Shop) -> None:
    assert shop.round() == changes(*range(14))
    assert shop.round() == ()
    assert shop.table.pages == 4


def test_what_changes_is_told_and_other_companies_are_not(shop: Shop) -> None:
    shop.round()
    shop.release(3, company="demf")
    shop.release(20)
    assert shop.round() == changes(20)


def test_a_row_that_a_delete_hides_between_two_pages_is_found_by_its_key(shop: Shop) -> None:
    shop.round()
    shop.release(8, price=11)  # the first of the third page, which the delete moves into the second
    shop.table.before[2] = lambda: shop.remove(0)
    assert shop.round() == changes(8)
    assert shop.round() == changes(0, deleted=True)
    assert shop.round() == ()


def test_a_row_that_an_insert_shows_twice_is_told_once(shop: Shop) -> None:
    shop.round()
    shop.release(7, price=11)  # the last of the second page
    shop.remove(0)
    shop.table.before[2] = lambda: shop.release(0)
    assert shop.round() == changes(7)


def test_products_that_are_gone_and_back_are_told_each_time(shop: Shop) -> None:
    shop.round()
    shop.remove(5)
    assert shop.round() == changes(5, deleted=True)
    shop.release(5)
    assert shop.round() == changes(5)


def test_most_products_gone_at_once_stop_the_flow(shop: Shop) -> None:
    shop.round()
    for number in range(6):
        shop.remove(number)
    with pytest.raises(MassChange, match="of 14 known records 6 are gone"):
        shop.round()
