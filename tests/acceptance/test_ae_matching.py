"""Expected outcomes of accounts (flows.md 3.5): customers that exist already, AE7 to AE9 and AE23."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_crash import SHORT_LEASE, kill_before_remembering
from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_host import Killed
from tests.acceptance.acceptance_world import World, account, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

ADDRESS = {"address1_city": "Seattle", "address1_country": "US"}


@pytest.mark.parametrize("name", ["Contoso", "CONTOSO", "Con-toso.", "con toso"])
def test_ae07_a_customer_of_the_same_name_is_adopted(world: World, name: str) -> None:
    world.enter_customer("C1", name, SalesCurrencyCode="EUR", NameAlias="Mine", LanguageId="de", SiteId="")
    id = world.account("C1", "Contoso", telephone1="+1 555", **ADDRESS)
    world.settle()
    here = world.install(ACCOUNTS__CUSTOMER_GROUP="10")

    assert shown(here.sync().totals) == {"adopted": 1}
    customer = world.customer("C1")
    assert customer["OrganizationName"] == "Contoso"
    assert customer["PrimaryContactPhone"] == "+1 555"
    assert (customer["AddressCity"], customer["AddressCountryRegionISOCode"]) == ("Seattle", "US")
    assert customer["IsExternallyMaintained"] == "Yes"
    # What is sent on create only stays as people in F&O set it.
    assert (customer["SalesCurrencyCode"], customer["NameAlias"], customer["LanguageId"]) == ("EUR", "Mine", "de")
    assert here.link(id).target == {"dataAreaId": "usmf", "CustomerAccount": "C1"}
    assert here.link(id).gives == {"PartyNumber": customer["PartyNumber"]}

    # From now on it is a linked record like any other.
    assert shown(here.sync().totals) == {"adopted": 1}
    world.change(id, name="Contoso Ltd")
    assert shown(here.sync().totals) == {"adopted": 1, "updated": 1}


def test_ae07_names_compare_without_case_even_where_it_changes_their_length(world: World) -> None:
    world.enter_customer("C1", "WEISS-BRÄU")
    world.account("C1", "Weiß Bräu")
    world.settle()

    assert shown(world.install().sync().totals) == {"adopted": 1}


def test_ae07_a_long_name_compares_as_far_as_f_o_keeps_it(world: World) -> None:
    world.enter_customer("C1", "N" * 100)
    world.account("C1", "N" * 120)
    world.settle()

    assert shown(world.install().sync().totals)["adopted"] == 1


def test_ae07_the_key_in_the_link_is_spelt_as_f_o_has_it(world: World) -> None:
    world.enter_customer("ab-1", "Contoso")
    id = world.account("AB-1", "Contoso")
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"adopted": 1}
    assert list(world.customers()) == ["ab-1"]
    assert here.link(id).target["CustomerAccount"] == "ab-1"


def test_ae08_a_customer_of_another_name_is_not_adopted(world: World) -> None:
    world.enter_customer("C1", "Fabrikam")
    id = world.account("C1", "Contoso")
    before = world.customers()
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"parked": {"adopt-mismatch": 1}}
    # Both names are shown when a person looks; none of them is kept (design.md, promise 8).
    expect_issue(here, "C1", "adopt-mismatch", "OrganizationName", hidden=("Fabrikam", "Contoso"))
    assert world.customers() == before
    assert not here.link(id).target
    assert world.finops_admin.counters()["writes"] == 0


def test_ae08_renamed_to_the_same_name_it_is_adopted(world: World) -> None:
    world.enter_customer("C1", "Fabrikam")
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    world.change(id, name="Fabrikam")

    assert shown(here.sync().totals) == {"adopted": 1, "superseded": 1}
    expect_no_issue(here)


@pytest.mark.parametrize(("adopt", "name", "ending"), [
    ("always", "Fabrikam", {"adopted": 1}),
    ("never", "Contoso", {"parked": {"adopt-mismatch": 1}}),
])  # fmt: skip
def test_ae08_the_setting_decides_what_is_adopted(world: World, adopt: str, name: str, ending: object) -> None:
    world.enter_customer("C1", name)
    world.account("C1", "Contoso")
    world.settle()
    here = world.install(ACCOUNTS__ADOPT=adopt)

    assert shown(here.sync().totals) == ending
    assert world.customer("C1")["OrganizationName"] == ("Contoso" if adopt == "always" else name)


@pytest.mark.parametrize("adopt", ["same-name", "always"])
def test_ae09_a_person_is_never_adopted(world: World, adopt: str) -> None:
    world.enter_customer("C1", "", PartyType="Person", PersonFirstName="Ada", PersonLastName="Lovelace")
    world.account("C1", "Ada Lovelace")
    before = world.customers()
    world.settle()
    here = world.install(ACCOUNTS__ADOPT=adopt)

    assert shown(here.sync().totals) == {"parked": {"party-type-mismatch": 1}}
    expect_issue(here, "C1", "party-type-mismatch", "PartyType", hidden=("Lovelace",))
    assert world.customers() == before


def test_ae23_a_run_that_ends_between_create_and_link_leaves_one_customer_which_is_adopted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = world.accounts([account("C1", "Contoso"), account("C2", "Fabrikam")])
    world.settle()
    here = world.install(**SHORT_LEASE)
    kill_before_remembering(monkeypatch)

    assert shown(here.sync().totals) == {"adopted": 2}
    assert [type(failure) for failure in here.failures] == [Killed]
    assert sorted(world.customers()) == ["C1", "C2"]
    assert all(here.link(id).linked and not here.link(id).claim for id in ids)
    assert not here.status().issues


def test_ae23_a_rename_between_create_and_link_is_no_mismatch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install(**SHORT_LEASE)
    kill_before_remembering(monkeypatch)
    here.detect()
    here.deliver_next()
    assert world.customer("C1")["OrganizationName"] == "Contoso"
    world.change(id, name="Renamed while the host was down", accountnumber="C9")

    here.sync()
    # The customer that was announced is this account's own, whatever name and number it has by now.
    assert {number: row["OrganizationName"] for number, row in world.customers().items()} == {
        "C1": "Renamed while the host was down"
    }
    assert here.link(id).target["CustomerAccount"] == "C1"
    assert not here.status().issues
