"""Expected outcomes of accounts (flows.md 3.5): names, addresses, currencies, AE10 to AE18 and AE22."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_expect import expect_issue, expect_no_issue
from tests.acceptance.acceptance_world import World, account, shown

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

BLOCK = ("AddressStreet", "AddressCity", "AddressState", "AddressZipCode", "AddressCountryRegionISOCode",
         "AddressPostbox", "AddressDescription", "AddressLocationRoles")  # fmt: skip
ADDRESS = {"address1_line1": "1 Main St", "address1_city": "Seattle", "address1_postalcode": "98101"}


def test_ae10_a_renamed_account_renames_the_customer_and_keeps_its_alias(world: World) -> None:
    id = world.account("C1", "Contoso")
    world.settle()
    here = world.install()
    here.sync()
    before = world.customer()
    world.change(id, name="Contoso Holding")

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    assert world.customer() == {**before, "OrganizationName": "Contoso Holding"}
    assert world.customer()["NameAlias"] == "Contoso"


def test_ae11_a_long_name_is_cut_with_a_warning_and_a_rename_behind_the_cut_is_nothing_new(world: World) -> None:
    name = "N" * 100 + "x" * 60
    id = world.account("C1", name)
    world.settle()
    here = world.install()

    warned = {"truncated:OrganizationName": 1}
    assert shown(here.sync().totals) == {"created": 1, "warnings": warned}
    assert world.customer()["OrganizationName"] == "N" * 100
    assert world.customer()["NameAlias"] == "N" * 20
    writes = world.finops_admin.counters()["writes"]
    world.change(id, name="N" * 100 + "y" * 60)
    assert shown(here.sync().totals) == {"created": 1, "unchanged": 1, "warnings": {"truncated:OrganizationName": 2}}
    assert world.finops_admin.counters()["writes"] == writes
    expect_no_issue(here)


def test_ae13_an_address_without_country_is_left_out_with_a_warning(world: World) -> None:
    id = world.account(**ADDRESS)
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"created": 1, "warnings": {"address-without-country": 1}}
    assert {world.customer()[name] for name in BLOCK} == {""}
    world.change(id, address1_country="USA")
    here.sync()
    assert [world.customer()[name] for name in BLOCK[:2]] == ["1 Main St", "Seattle"]


def test_ae13_a_default_country_sends_the_address(world: World) -> None:
    world.account(**ADDRESS)
    world.settle()
    here = world.install(COUNTRY__DEFAULT="USA")

    assert shown(here.sync().totals) == {"created": 1}
    assert world.customer()["AddressCountryRegionISOCode"] == "US"


@pytest.mark.parametrize(
    "country", ["Deutschland", "Germany", "DE", "de", " DEU ", "GERMANY", "Federal Republic of Germany"]
)
def test_ae14_every_spelling_of_a_country_gives_its_code(world: World, country: str) -> None:
    world.account(**ADDRESS, address1_country=country, address2_city="Berlin", address2_country=country)
    world.settle()

    assert shown(world.install().sync().totals) == {"created": 1}
    customer = world.customer()
    assert customer["AddressCountryRegionISOCode"] == customer["DeliveryAddressCountryRegionISOCode"] == "DE"


def test_ae15_nothing_of_a_blank_address_is_sent_not_even_a_default_country(world: World) -> None:
    world.account(
        address1_line1="  ", address1_country="France", address1_stateorprovince="Paris", address1_name="Office"
    )
    world.settle()
    here = world.install(COUNTRY__DEFAULT="US")

    assert shown(here.sync().totals) == {"created": 1}
    assert {world.customer()[name] for name in BLOCK} == {""}
    assert world.customer()["_addressVersions"] == 0


def test_ae16_an_address_that_is_cleared_stays_in_f_o(world: World) -> None:
    id = world.account(**ADDRESS, address1_country="US", telephone1="+1 555")
    world.settle()
    here = world.install()
    here.sync()
    before, writes = world.customer(), world.finops_admin.counters()["writes"]
    world.change(id, address1_line1=None, address1_city=None, address1_postalcode=None, address1_country=None)

    assert shown(here.sync().totals) == {"created": 1, "unchanged": 1}
    assert world.customer() == before
    assert world.finops_admin.counters()["writes"] == writes

    # An address that comes back is sent whole again.
    world.change(id, address1_city="Portland", address1_country="US", address1_stateorprovince="Oregon")
    here.sync()
    assert world.customer()["AddressCity"] == "Portland"
    assert world.customer()["AddressState"] == "OR"


def test_an_address_of_which_one_value_changes_is_sent_whole_and_gets_one_new_version(world: World) -> None:
    id = world.account(**ADDRESS, address1_country="US", address1_stateorprovince="Washington")
    world.settle()
    here = world.install()
    here.sync()
    world.change_customer(AddressStreet="edited by a clerk")
    before = world.customer()["_addressVersions"]
    world.change(id, address1_city="Tacoma")
    here.sync()

    customer = world.customer()
    assert (customer["AddressStreet"], customer["AddressCity"]) == ("1 Main St", "Tacoma")
    assert customer["_addressVersions"] == before + 1


def test_ae17_an_account_without_currency_is_parked_unless_there_is_a_default(world: World) -> None:
    world.account("C1", "Contoso", currency=None)
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"parked": {"currency-missing": 1}}
    expect_issue(here, "C1", "currency-missing", "SalesCurrencyCode", hidden=("Contoso",))
    assert not world.customers()

    # The setting changes the definition of the flow: everything is looked at again, and the issue is settled.
    after = world.install(ACCOUNTS__DEFAULT_CURRENCY="EUR")
    assert shown(after.sync().totals) == {"created": 1, "superseded": 1}
    assert world.customer()["SalesCurrencyCode"] == "EUR"
    expect_no_issue(after)


def test_ae18_a_currency_that_f_o_lacks_parks_the_account_and_no_other(world: World) -> None:
    world.enter_currency("XTS")
    world.accounts([account("C1", "Contoso", currency="XTS"), account("C2", "Fabrikam")])
    world.settle()
    here = world.install()

    assert shown(here.sync().totals) == {"created": 1, "parked": {"currency-not-mapped": 1}}
    trouble = expect_issue(here, "C1", "currency-not-mapped", "SalesCurrencyCode", hidden=("Contoso",))
    assert trouble.retryable
    assert list(world.customers()) == ["C2"]


def test_ae22_what_is_edited_in_f_o_stays_until_sales_changes_that_field(world: World) -> None:
    id = world.account("C1", "Contoso", telephone1="+1 555", emailaddress1="info@contoso.example")
    world.settle()
    here = world.install()
    here.sync()
    world.change_customer(PrimaryContactPhone="edited in F&O", CustomerGroupId="10", PrimaryContactEmail="edited too")
    world.change(id, emailaddress1="sales@contoso.example")

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    customer = world.customer()
    assert customer["PrimaryContactPhone"] == "edited in F&O"
    assert customer["PrimaryContactEmail"] == "sales@contoso.example"
    world.change(id, telephone1="+1 777")
    here.sync()
    assert world.customer()["PrimaryContactPhone"] == "+1 777"


def test_what_becomes_blank_is_cleared_in_f_o(world: World) -> None:
    id = world.account("C1", "Contoso", telephone1="+1 555", websiteurl="https://contoso.example", numberofemployees=12)
    world.settle()
    here = world.install()
    here.sync()
    assert world.customer()["OrganizationNumberOfEmployees"] == 12
    world.change(id, telephone1=None, websiteurl=None, numberofemployees=None)

    assert shown(here.sync().totals) == {"created": 1, "updated": 1}
    customer = world.customer()
    assert (customer["PrimaryContactPhone"], customer["PrimaryContactURL"]) == ("", "")
    assert customer["OrganizationNumberOfEmployees"] == 0
