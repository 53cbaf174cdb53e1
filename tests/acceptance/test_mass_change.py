"""Mass deletes in Sales, and deletes that a token which has expired did not tell (promise 9, flows.md 1.9)."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from sync.cli import main
from sync.errors import MassChange
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import FLOW
from tests.acceptance.acceptance_world import World, many, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_accounts_that_are_deleted_in_a_mass_are_let_go_only_when_a_person_allows_it(world: World) -> None:
    ids = world.accounts(many(70))
    world.settle()
    here = world.install(PAGE_SIZE="25")
    here.sync()
    for id in ids[:60]:
        world.delete(id)
    world.change(ids[65], telephone1="+1 555")
    with pytest.raises(MassChange, match="of 70 known records 60 are gone and 1 have changed"):
        here.app.detect(FLOW)
    status = here.status()
    assert (status.state, status.backlog) == ("stopped", 0)
    assert [issue.trouble.code for issue in status.issues] == ["mass-change"]

    allowed = CliRunner(env=dict(here.environment)).invoke(main, ["allow", FLOW, "--yes"])
    assert allowed.exit_code == 0, allowed.output
    assert "of 70 known records 60 are gone and 1 have changed" in allowed.output
    assert shown(here.sync().totals) == {"created": 70, "removed": 60, "updated": 1}
    expect_no_issue(here)
    assert len(world.customers()) == 70, "nothing is deleted in F&O"


def test_accounts_that_were_deleted_while_a_token_expired_are_let_go_behind_the_full_read(world: World) -> None:
    ids = world.accounts(many(12))
    world.settle()
    here = world.install()
    here.sync()
    world.delete(ids[3])
    world.sales_admin.advance(8 * 24 * 3600)
    assert shown(here.sync().totals) == {"created": 12, "unchanged": 11}
    assert here.link(ids[3]).state == "linked"

    later = world.install_later(hours=1)
    assert shown(later.sync().totals) == {"created": 12, "unchanged": 11, "removed": 1}
    assert (here.link(ids[3]).state, here.link(ids[3]).reason) == ("removed", "source-deleted")
