"""F&O's client against every setting of every switch: what wire.md leaves open changes no record's fate."""

from __future__ import annotations

from typing import Any

import pytest

from local.simulators.finops import switches
from local.simulators.finops.app import create_app
from local.simulators.finops.world import SWITCHES
from sync.errors import ConfigError, Throttled
from sync.ports import Missing, Refused, Write, Written
from sync.stores.memory import MemoryClock, MemoryGates
from sync.systems.finops import FinOpsSystem
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import CUSTOMERS, Admin, AnyToken, Swapped, customer, number, rename

SETTINGS = [
    (name, value)
    for name, values in {**switches.CHOICES, **SWITCHES}.items()
    for value in values
    # Where no length holds, what this test lets F&O refuse is no longer refused.
    if (name, value)
    not in (("customer_numbers", "replaced"), ("customer_numbers", "refused"), ("text_lengths", "none"))
]


@pytest.mark.parametrize(("switch", "setting"), SETTINGS)
def test_records_end_as_they_should_whatever_is_open(finops_world: FinOpsWorld, switch: str, setting: Any) -> None:
    finops_world.admin.switch(**{switch: setting})
    system = finops_world.system
    good = [customer(index) for index in (1, 2, 3, 4)]
    writes = [good[0], customer(9, CustomerGroupId="Local"), *good[1:], customer(1, OrganizationName="Another")]
    made = system.write(CUSTOMERS, writes)
    assert [type(result) for result in made] == [Written, Refused, Written, Written, Written, Refused]

    changed = system.write(CUSTOMERS, [rename(2, "New"), rename(3, "x" * 101), rename(4, "Newer")])
    assert [type(result) for result in changed] == [Written, Refused, Written]
    assert finops_world.names() == {
        number(1): "Company 1", number(2): "New", number(3): "Company 3", number(4): "Newer"
    }  # fmt: skip

    found = system.find(CUSTOMERS, [customer(index).key for index in (1, 4, 9)], ["OrganizationName"])
    assert sorted(str(row["OrganizationName"]) for row in found.values()) == ["Company 1", "Newer"]
    assert [row["CurrencyCode"] for row in system.rows("finops", "Currencies", ["CurrencyCode"])] == ["USD"]


@pytest.mark.parametrize(("switch", "setting"), [one for one in SETTINGS if one != ("patch_upserts", True)])
def test_a_row_that_is_gone_is_missing_and_stays_so(finops_world: FinOpsWorld, switch: str, setting: Any) -> None:
    finops_world.admin.switch(**{switch: setting})
    results = finops_world.system.write(CUSTOMERS, [rename(1, "Ghost"), customer(2)])
    assert [type(result) for result in results] == [Missing, Written]
    assert list(finops_world.names()) == [number(2)]


def test_where_patch_creates_a_row_that_is_gone_lacks_what_a_customer_needs(finops_world: FinOpsWorld) -> None:
    """An update carries few columns, so that F&O's own checks refuse the row; the key is then found missing."""
    finops_world.admin.switch(patch_upserts=True)
    (result,) = finops_world.system.write(CUSTOMERS, [rename(1, "Ghost")])
    assert isinstance(result, Missing)
    assert finops_world.names() == {}


def test_a_number_that_f_and_o_replaces_is_told_in_the_answer(finops_world: FinOpsWorld) -> None:
    finops_world.admin.switch(customer_numbers="replaced")
    (result,) = finops_world.system.write(CUSTOMERS, [customer(1)])
    assert isinstance(result, Written)
    assert [result.values["CustomerAccount"]] == list(finops_world.names()) != [number(1)]


def test_a_number_that_f_and_o_wants_to_give_itself_is_refused(finops_world: FinOpsWorld) -> None:
    finops_world.admin.switch(customer_numbers="refused")
    (result,) = finops_world.system.write(CUSTOMERS, [customer(1)])
    assert isinstance(result, Refused)
    assert finops_world.names() == {}


@pytest.mark.parametrize("setting", ["accepted", "refused"])
def test_a_number_with_a_slash_is_written_or_refused_but_not_lost(finops_world: FinOpsWorld, setting: str) -> None:
    finops_world.admin.switch(encoded_slash=setting)
    key = {"dataAreaId": "usmf", "CustomerAccount": "A/1"}
    finops_world.system.write(CUSTOMERS, [Write("create", key, customer(1).values)])
    (result,) = finops_world.system.write(CUSTOMERS, [Write("update", key, {"OrganizationName": "New"})])
    assert type(result) is (Written if setting == "accepted" else Refused)
    assert finops_world.names() == {"A/1": "New" if setting == "accepted" else "Company 1"}


def test_pages_of_a_thousand_are_read_to_the_end(finops_world: FinOpsWorld) -> None:
    finops_world.admin.switch(page_rows=1000)
    system = finops_world.connected(finops_world.admin.base, records_per_batch=1001)
    system.write(CUSTOMERS, [customer(index) for index in range(1001)])
    assert len(system.rows("finops", "CustomersV3", ["CustomerAccount"])) == 1001


@pytest.mark.parametrize("retry_after", ["sent", "missing"])
@pytest.mark.parametrize("body", switches.CHOICES["throttled_body"])
def test_a_service_under_load_is_left_alone_in_whatever_words_it_says_so(
    finops_world: FinOpsWorld, body: str, retry_after: str
) -> None:
    finops_world.admin.switch(rows_per_second=1, throttled_body=body, retry_after=retry_after)
    finops_world.system.write(CUSTOMERS, [customer(index) for index in range(30)])
    with pytest.raises(Throttled) as caught:
        finops_world.system.write(CUSTOMERS, [customer(99)])
    assert caught.value.delay == 30 if retry_after == "missing" else 17 <= caught.value.delay <= 20
    assert number(99) not in finops_world.names()

    finops_world.admin.ask("POST", "/admin/clock", {"advance": 60})
    finops_world.clock.advance(60)
    (result,) = finops_world.system.write(CUSTOMERS, [customer(99)])
    assert isinstance(result, Written)


@pytest.mark.parametrize("body", switches.CHOICES["unauthorized_body"])
def test_a_token_that_is_refused_is_a_matter_of_set_up_in_whatever_words(
    server: tuple[Swapped, str], still: tuple[MemoryGates, MemoryClock], body: str
) -> None:
    server[0].app = create_app(token_key=bytes(32))
    Admin(server[1]).switch(unauthorized_body=body)
    tokens = AnyToken()
    system = FinOpsSystem(server[1], tokens, still[0], company="usmf")
    with pytest.raises(ConfigError):
        system.rows("finops", "Currencies", ["CurrencyCode"])
    assert tokens.forgotten == 1
