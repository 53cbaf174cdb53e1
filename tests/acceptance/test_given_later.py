"""Values that other flows refer to, given by a mapping file only after its records were linked."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.acceptance.acceptance_quotes import ALL, PRODUCTS, QUOTES, Desk
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import World, shown
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

GIVES = "gives_source: [ProductNumber, SalesUnitSymbol]\n"


def test_links_that_were_made_before_get_them_when_their_records_are_read_anew(
    world: World, trade: Trade, tmp_path: Path
) -> None:
    before = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), before)
    (before / "quotes.yaml").unlink()
    products = before / "products.yaml"
    text = products.read_text(encoding="utf-8")
    assert GIVES in text
    products.write_text(text.replace(GIVES, ""), encoding="utf-8")
    desk = Desk(world, trade)
    world.settle()
    world.install(MAPPINGS=str(before)).sync_all(*ALL[:-1])

    desk.quote("Q-1", ("P1", 2), ("P2", 3))
    here = world.install().of(QUOTES)
    here.sync()
    assert shown(here.status().totals) == {"parked": {"product-not-linked": 1}}

    world.count_anew()
    here.sync_all(PRODUCTS)
    later = world.install_later(1).of(QUOTES)
    later.app.sweep(QUOTES)
    later.pump()
    assert desk.shown() == {1: ("P1", 2), 2: ("P2", 3)}
    assert world.sales_admin.counters()["writes"] == 0, "nothing of the products themselves has changed"
