"""Messages that the app did not write, mapping files that cannot be read, and the wrong environment."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from sync.errors import ConfigError
from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import FLOW, Installation
from tests.acceptance.acceptance_world import World, many, shown
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def message(**values: Any) -> str:
    good = {"format": 1, "flow": FLOW, "run": "r", "batch": "r.0", "partition": 0, "chunks": [["0", [["a-1", "v"]]]]}
    return json.dumps({**good, **values})


@pytest.mark.parametrize(("text", "code"), [
    ("not json, but Contoso", "message-not-json"),
    ("", "message-not-json"),
    ("[1, 2]", "message-malformed"),
    (message(format=0), "message-version-unknown"),
    (message(chunks=[]), "message-malformed"),
    (message(partition="Contoso"), "message-malformed"),
    (message(flow="contacts_to_finops"), "message-unknown-flow"),
], ids=["no json", "empty", "no object", "other version", "no records", "wrong type", "other flow"])  # fmt: skip
def test_a_message_that_is_not_the_app_s_becomes_an_issue_and_the_flow_goes_on(world: World, text: str, code: str
                                                                                ) -> None:  # fmt: skip
    world.accounts(many(3))
    world.settle()
    here = world.install()
    here.post(text)
    status = here.sync()

    assert shown(status.totals) == {"created": 3}
    (issue,) = status.issues
    assert issue.id.startswith("message:")
    assert (issue.trouble.code, issue.trouble.kind) == (code, "Message")
    assert issue.trouble.remedy
    assert "Contoso" not in f"{issue.trouble.cause} {issue.trouble.details}"
    assert not here.failures
    assert not here.poisoned()


def test_a_record_that_fails_every_time_ends_as_an_issue_and_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = world.accounts(many(3))
    world.settle()
    here = world.install()
    finops = here.app.connections.finops
    real = finops.find

    def find(entity: Any, keys: Any, columns: Any) -> Any:
        if any(key["CustomerAccount"] == "M0001" for key in keys):
            raise ZeroDivisionError  # a bug of the app
        return real(entity, keys, columns)

    with monkeypatch.context() as broken:
        broken.setattr(finops, "find", find)
        status = here.sync()
    assert shown(status.totals) == {"created": 2, "parked": {"gave-up": 1}}
    (issue,) = status.issues
    assert (issue.id, issue.trouble.code) == (ids[1], "gave-up")
    assert issue.trouble.remedy
    assert sorted(world.customers()) == ["M0000", "M0002"]

    # The bug is mended and the record changes: it goes through, and the issue is settled.
    world.change(ids[1], telephone1="+1 555")
    assert shown(here.sync().totals) == {"created": 3, "superseded": 1}
    assert not here.status().issues
    assert not here.poisoned()


def test_a_mapping_file_with_an_error_stops_its_flow_and_says_where(world: World, tmp_path: Path) -> None:
    world.accounts(many(3))
    world.settle()
    folder = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), folder)
    text = (shipped_mappings() / "accounts.yaml").read_text(encoding="utf-8")
    line = text[: text.index("sales: name, finops: OrganizationName")].count("\n") + 1
    broken = text.replace("sales: name, finops: OrganizationName", "sales: name, finnops: OrganizationName")
    (folder / "spoilt.yaml").write_text(broken, encoding="utf-8")
    here = world.install(MAPPINGS=str(folder))

    (stopped,) = here.app.stopped
    assert stopped.name == "spoilt"
    assert f"spoilt.yaml:{line}" in stopped.reason
    assert "finnops" in stopped.reason
    # The flows of the other files are registered, run, and are shown.
    flows = {binding.name for binding in here.app.bindings}
    assert FLOW in flows
    assert not [name for name in flows if name.startswith("spoilt")]
    assert shown(here.sync().totals) == {"created": 3}
    expect_no_issue(here)


def test_another_organisation_behind_the_same_tables_is_refused_and_nothing_is_written(world: World) -> None:
    world.accounts(many(3))
    world.settle()
    world.install().sync()
    world.start(organization_id="11111111-2222-4333-8444-555555555555")
    world.enter_reference_data()
    world.accounts(many(5, prefix="X"))
    world.settle()
    here = world.install()

    expect_refused(world, here, "sales organisation")
    # An app with tables of its own may work there.
    assert shown(world.install(TABLE_PREFIX="own" + here.environment["TABLE_PREFIX"][:12]).sync().totals) == {
        "created": 5
    }


def test_another_company_is_refused_and_nothing_is_written(world: World) -> None:
    world.accounts(many(3))
    world.settle()
    first = world.install()
    first.sync()
    before = world.customers()
    world.finops.send("POST", "LegalEntities", {"LegalEntityId": "demf", "Name": "Contoso Germany"})
    world.account("N1", "New")
    world.count_anew()
    here = world.install(COMPANY="demf")

    expect_refused(world, here, "company")
    assert world.customers() == before
    # The app with its old settings goes on, and the issue is settled.
    again = world.install()
    assert shown(again.sync().totals) == {"created": 4}
    expect_no_issue(again)


def test_an_f_and_o_at_another_address_is_refused_and_nothing_is_written(world: World) -> None:
    world.accounts(many(3))
    world.settle()
    first = world.install()
    first.sync()
    world.account("N1", "New")
    world.count_anew()
    elsewhere = first.environment["FINOPS_URL"].replace("127.0.0.1", "localhost")
    here = world.install(FINOPS_URL=elsewhere)

    expect_refused(world, here, "F&O")
    again = world.install()
    assert shown(again.sync().totals) == {"created": 4}
    expect_no_issue(again)


def test_messages_of_a_stopped_flow_are_kept(world: World) -> None:
    world.accounts(many(3))
    world.settle()
    first = world.install()
    first.detect()
    stopped = world.install(COMPANY="demf")
    assert stopped.deliver_next()
    assert stopped.outbox.delays
    assert min(stopped.outbox.delays) >= 60
    assert not stopped.failures
    assert not world.customers()

    first.pump()
    assert shown(first.status().totals) == {"created": 3}


def expect_refused(world: World, here: Installation, what: str) -> None:
    """Detect raises, nothing is written, and the flow is shown as stopped with the remedy."""
    time.sleep(1.1)  # storage tells whole seconds: what one process settles and another finds at once has no order
    with pytest.raises(ConfigError, match=what) as refusal:
        here.app.detect(FLOW)
    assert "TABLE_PREFIX" in refusal.value.remedy
    assert world.finops_admin.counters()["writes"] == world.sales_admin.counters()["writes"] == 0
    status = here.status()
    assert status.state == "stopped"
    assert [issue.trouble.code for issue in status.issues] == ["flow-stopped"]
    assert status.issues[0].trouble.remedy
