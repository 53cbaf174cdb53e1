"""`python -m sync resend`: every mapped value of every linked record is sent again (flows.md 1.2, PE15, AE22)."""

from __future__ import annotations

from click.testing import CliRunner, Result

from sync.cli import main
from sync.stores.tables import TableWatermarks
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_trade import PRODUCTS, Trade, amounts
from tests.acceptance.acceptance_world import World, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ACCOUNTS = "accounts_to_finops"


def resend(here: Installation, *arguments: str, answer: str = "") -> Result:
    return CliRunner(env=dict(here.environment)).invoke(main, ["resend", *arguments], input=answer)


def is_asked(here: Installation, flow: str = ACCOUNTS) -> bool:
    return TableWatermarks(here.app.connections.storage).read(flow).resend


def test_pe15_a_full_resend_overwrites_all(world: World, trade: Trade) -> None:
    trade.release("P1", ProductDescription="From F&O", SalesPrice=10)
    trade.release("P2")
    world.settle()
    here = world.install().of(PRODUCTS)
    here.sync()
    trade.change_product(name="By hand", description="By hand")
    trade.patch("productpricelevels", trade.items()["ea"]["productpricelevelid"], amount=99)
    assert shown(here.sync().totals) == {"created": 2}

    assert resend(here, PRODUCTS, "--yes").exit_code == 0
    assert shown(here.sync().totals) == {"created": 2, "updated": 2}
    assert (trade.product()["name"], trade.product()["description"]) == ("Product P1", "From F&O")
    assert amounts(trade.items()) == {"ea": 10}
    assert not is_asked(here, PRODUCTS)
    assert shown(here.sync().totals) == {"created": 2, "updated": 2}, "it is sent once"
    expect_no_issue(here)


def test_ae22_a_full_resend_brings_back_what_was_edited_in_f_o(world: World) -> None:
    world.account("C1", "Contoso", telephone1="+1 555")
    world.settle()
    here = world.install()
    here.sync()
    before = world.customer()
    world.change_customer(PrimaryContactPhone="edited", OrganizationName="edited", CustomerGroupId="10")

    result = resend(here, ACCOUNTS, answer="y\n")
    assert (result.exit_code, is_asked(here)) == (0, True)
    assert f"The next run of {ACCOUNTS} reads all its records and sends all their values." in result.output
    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    customer = world.customer()
    assert customer == {**before, "CustomerGroupId": "10"}, "what is set at creation only stays"
    assert not is_asked(here)


def test_no_for_an_answer_asks_for_nothing(world: World) -> None:
    here = world.install()
    assert resend(here, ACCOUNTS, answer="n\n").exit_code == 1
    assert not is_asked(here)


def test_a_flow_that_does_not_exist_is_told_with_those_that_do(world: World) -> None:
    result = resend(world.install(), "account_to_finops")
    assert result.exit_code == 2
    assert "There is no flow 'account_to_finops'. The flows are accounts_to_finops," in result.output
