"""Expected outcomes of accounts (flows.md 3.5): refusals, deactivation, companies, AE19 to AE21."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_world import World, account, shown
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_ae19_a_wrong_customer_group_is_told_in_f_o_s_words_without_values(world: World, language: str) -> None:
    world.finops_admin.switch(infolog_language=language)
    world.accounts([account("C1", "Contoso"), account("C2", "Fabrikam")])
    world.settle()
    here = world.install(ACCOUNTS__CUSTOMER_GROUP="G77")

    assert shown(here.sync().totals) == {"parked": {"target-refused": 2}}
    trouble = expect_issue(here, "C1", "target-refused", "CustomerGroupId", hidden=("Contoso", "G77"))
    known = {"en": "is not found in the related table", "de": "ist in der zugehörigen Tabelle"}
    assert known[language] in trouble.cause
    assert trouble.retryable
    assert not world.customers()

    world.finops.send("POST", "CustomerGroups", {"dataAreaId": "usmf", "CustomerGroupId": "G77"})
    after = world.install(ACCOUNTS__CUSTOMER_GROUP="10")
    assert shown(after.sync().totals) == {"created": 2, "superseded": 2}
    expect_no_issue(after)


def test_ae20_ignore_updates_stop_while_an_account_is_inactive(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    before, writes = world.customer(), world.finops_admin.counters()["writes"]
    world.change(id, name="Renamed", statecode=1, statuscode=2)

    assert shown(here.sync().totals) == {"created": 1, "skipped": {"not-active": 1}}
    assert world.customer() == before
    assert world.finops_admin.counters()["writes"] == writes
    assert (here.link(id).state, here.link(id).reason) == ("skipped", "not-active")
    assert here.link(id).target["CustomerAccount"] == "C1"

    world.activate(id)
    assert shown(here.sync().totals) == {"created": 1, "updated": 1, "skipped": {"not-active": 1}}
    assert world.customer() == {**before, "OrganizationName": "Renamed"}
    assert here.link(id).state == "linked"


def test_ae20_hold_puts_the_customer_on_hold_and_takes_it_back(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(ACCOUNTS__ON_DEACTIVATE="hold")
    here.sync()
    before = world.customer()
    assert before["OnHoldStatus"] == "No"
    world.change(id, name="Renamed", statecode=1, statuscode=2)

    assert shown(here.sync().totals) == {"created": 1, "removed": 1}
    assert world.customer() == {**before, "OnHoldStatus": "All"}
    assert here.link(id).held

    # A second change of an account that is on hold already writes nothing more.
    world.change(id, telephone1="+1 555")
    assert shown(here.sync().totals) == {"created": 1, "removed": 1, "skipped": {"not-active": 1}}
    assert world.customer() == {**before, "OnHoldStatus": "All"}

    world.activate(id)
    assert shown(here.sync().totals)["updated"] == 1
    expected = {**before, "OrganizationName": "Renamed", "PrimaryContactPhone": "+1 555"}
    assert world.customer() == expected
    assert not here.link(id).held
    expect_no_issue(here)


def test_ae20_hold_leaves_a_hold_alone_that_a_clerk_has_set(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(ACCOUNTS__ON_DEACTIVATE="hold")
    here.sync()
    world.change_customer(OnHoldStatus="Payment")
    world.change(id, name="Renamed")
    here.sync()

    assert (world.customer()["OnHoldStatus"], world.customer()["OrganizationName"]) == ("Payment", "Renamed")


@pytest.mark.parametrize("theirs", ["Payment", "All"])
def test_ae20_hold_takes_back_no_hold_that_a_clerk_had_set_before(world: World, theirs: str) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(ACCOUNTS__ON_DEACTIVATE="hold")
    here.sync()
    world.change_customer(OnHoldStatus=theirs)

    world.deactivate(id)
    assert shown(here.sync().totals)["removed"] == 1
    assert world.customer()["OnHoldStatus"] == "All"
    world.activate(id)
    here.sync()
    assert world.customer()["OnHoldStatus"] == "All", "the clerk takes it back"


@pytest.mark.parametrize("policy", ["ignore", "hold"])
def test_ae20_an_inactive_account_that_was_never_linked_is_skipped_whatever_is_wrong_with_it(
    world: World, policy: str
) -> None:
    id = world.account(None, "Closed Long Ago", currency=None)
    world.deactivate(id)
    world.settle()
    here = world.install(ACCOUNTS__ON_DEACTIVATE=policy)

    assert shown(here.sync().totals) == {"skipped": {"not-active": 1}}
    assert not world.customers()
    expect_no_issue(here)


def test_a_deleted_account_ends_removed_and_its_customer_stays(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    before = world.customers()
    world.delete(id)

    assert shown(here.sync().totals) == {"created": 1, "removed": 1}
    assert world.customers() == before
    assert (here.link(id).state, here.link(id).reason) == ("removed", "source-deleted")


def test_ae21_an_account_that_moves_to_another_company_stays_where_it_is(world: World, tmp_path: Path) -> None:
    world.finops.send("POST", "LegalEntities", {"LegalEntityId": "demf", "Name": "Contoso Germany"})
    world.finops.send("POST", "CustomerGroups", {"dataAreaId": "demf", "CustomerGroupId": "10"})
    seller = world.seller_of_unit("Contoso Germany")
    mappings = tmp_path / "mappings"
    shutil.copytree(shipped_mappings(), mappings)
    units = mappings / "values" / "company_by_business_unit.yaml"
    units.write_text(units.read_text().replace("pairs: {}", "pairs: {contoso germany: DEMF}"))
    first, second = world.accounts([account("C1", "Contoso"), account("C1", "Contoso GmbH")])
    world.change(second, **{"ownerid@odata.bind": f"/systemusers({seller})"})
    world.settle()
    here = world.install(MAPPINGS=str(mappings))

    # One number in two companies is no duplicate.
    assert shown(here.sync().totals) == {"created": 2}
    rows = world.finops_admin.rows("CustomersV3")
    assert {row["dataAreaId"]: row["OrganizationName"] for row in rows} == {"usmf": "Contoso", "demf": "Contoso GmbH"}
    assert here.link(second).target == {"dataAreaId": "demf", "CustomerAccount": "C1"}

    world.change(second, accountnumber="C2")  # the move below must not collide with the account that is there
    world.change(first, name="Moved", **{"ownerid@odata.bind": f"/systemusers({seller})"})
    totals = shown(here.sync().totals)
    assert totals["warnings"] == {"company-changed": 1, "number-changed": 1}
    assert (totals["updated"], totals["unchanged"]) == (1, 1)
    rows = world.finops_admin.rows("CustomersV3")
    assert {row["dataAreaId"]: row["OrganizationName"] for row in rows} == {"usmf": "Moved", "demf": "Contoso GmbH"}
    assert here.link(first).target == {"dataAreaId": "usmf", "CustomerAccount": "C1"}
    expect_no_issue(here)


def test_a_company_that_does_not_exist_parks_its_accounts_with_f_o_s_words(world: World) -> None:
    world.account("C1", "Contoso")
    world.settle()
    here = world.install(COMPANY="nada")

    assert shown(here.sync().totals) == {"parked": {"target-refused": 1}}
    expect_issue(here, "C1", "target-refused", hidden=("Contoso",))
