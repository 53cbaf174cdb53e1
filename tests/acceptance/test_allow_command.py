"""`python -m sync allow`: it shows a mass change and asks, and allows nothing that no flow was stopped for."""

from __future__ import annotations

from dataclasses import replace

from click.testing import CliRunner, Result

from sync.cli import main
from sync.rounds import Position
from sync.stores.tables import TableWatermarks
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_world import World

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

PRODUCTS = "products_to_sales"


def allow(here: Installation, *arguments: str, answer: str = "") -> Result:
    return CliRunner(env=dict(here.environment)).invoke(main, ["allow", *arguments], input=answer)


def stopped(world: World) -> tuple[Installation, TableWatermarks]:
    """An installation whose products were stopped for 40 of 100 that are gone."""
    here = world.install()
    watermarks = TableWatermarks(here.app.connections.storage)
    mark = watermarks.read(PRODUCTS)
    watermarks.save(replace(mark, step=1, position=Position("stopped", stopped=(100, 40, 3)).text()))
    return here, watermarks


def permission(watermarks: TableWatermarks) -> str:
    return watermarks.read(f"*allowed:{PRODUCTS}").position


def test_it_shows_what_it_would_allow_and_takes_no_for_an_answer(world: World) -> None:
    here, watermarks = stopped(world)
    result = allow(here, PRODUCTS, answer="n\n")
    assert result.exit_code == 1
    assert "products_to_sales is stopped: of 100 known records 40 are gone and 3 have changed." in result.output
    assert permission(watermarks) == ""


def test_it_stores_a_permission_for_as_many_as_it_has_shown(world: World) -> None:
    here, watermarks = stopped(world)
    result = allow(here, PRODUCTS, answer="y\n")
    assert result.exit_code == 0, result.output
    assert "Allowed once, until " in result.output
    assert '"gone": 40, "changed": 3' in permission(watermarks)


def test_nothing_is_allowed_where_nothing_was_stopped(world: World) -> None:
    here = world.install()
    for flow in (PRODUCTS, "accounts_to_finops"):
        result = allow(here, flow, "--yes")
        assert (result.exit_code, result.output) == (
            2,
            f"flow {flow}: No mass change has stopped it. Nothing is to be allowed.\n",
        )


def test_a_flow_that_does_not_exist_is_told_with_those_that_do(world: World) -> None:
    result = allow(world.install(), "product_to_sales", "--yes")
    assert result.exit_code == 2
    assert "There is no flow 'product_to_sales'. The flows are accounts_to_finops," in result.output
