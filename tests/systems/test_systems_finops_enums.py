"""Enums in keys: the name of their type comes from the metadata, however F&O spells it, and is read once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from local.simulators.finops import switches
from sync.errors import ConfigError, Transient
from sync.keys import key_text, record_id
from sync.model import EntityRef
from sync.ports import Missing, Refused, Write, Written
from sync.systems.finops import FinOpsSystem
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import CUSTOMERS, Scripted, customer

KEY = ("dataAreaId", "ContactPersonPartyNumber", "AssociatedContactType", "AssociatedContactNumber")
PERSONS = EntityRef("finops", "CDSContactPersonsV2", KEY, enums=("AssociatedContactType",))
METADATA = "GET $metadata"


@pytest.fixture(params=switches.CHOICES["enum_type_names"])
def world(request: pytest.FixtureRequest, finops_world: FinOpsWorld) -> FinOpsWorld:
    """An F&O with customers C0001 and C0002, that spells enum types in one of the ways."""
    finops_world.admin.switch(enum_type_names=request.param)
    finops_world.system.write(CUSTOMERS, [customer(1), customer(2)])
    return finops_world


def key(index: int, kind: str = "Customer") -> dict[str, Any]:
    values = ("usmf", f"PARTY-{index}", kind, "C0001")
    return dict(zip(KEY, values, strict=True))


def person(index: int, **values: Any) -> Write:
    return Write("create", key(index), {"FirstName": "Ada", "LastName": f"Lovelace {index}", **values})


def asked_for_metadata(world: FinOpsWorld) -> int:
    return int(world.admin.counters()["by_request"].get(METADATA, 0))


def last_names(world: FinOpsWorld) -> dict[str, str]:
    rows = world.admin.stored("CDSContactPersonsV2")
    return {row["ContactPersonPartyNumber"]: row["LastName"] for row in rows}


def test_rows_under_keys_with_enums_are_created_updated_found_and_matched(world: FinOpsWorld) -> None:
    system = world.system
    made = system.write(PERSONS, [person(1), person(2)])
    assert all(isinstance(result, Written) for result in made)
    updates = [Write("update", key(index), {"LastName": "Byron"}) for index in (2, 3)]
    assert [type(result) for result in system.write(PERSONS, updates)] == [Written, Missing]
    assert last_names(world) == {"PARTY-1": "Lovelace 1", "PARTY-2": "Byron"}

    found = system.find(PERSONS, [key(1), key(2), key(3)], ["LastName"])
    assert {id: row["LastName"] for id, row in found.items()} == {
        key_text(key(1)): "Lovelace 1", key_text(key(2)): "Byron"
    }  # fmt: skip
    wanted = {"dataAreaId": "usmf", "AssociatedContactType": "Customer", "LastName": "byron"}
    ((row,),) = system.match(PERSONS, [wanted], ["FirstName"])
    assert (row["ContactPersonPartyNumber"], row["FirstName"]) == ("PARTY-2", "Ada")
    assert asked_for_metadata(world) == 1


def test_an_id_names_its_member_in_lower_case(world: FinOpsWorld) -> None:
    world.system.write(PERSONS, [person(1)])
    id = record_id(key(1))
    assert "|customer|" in id
    found = world.system.fetch(PERSONS, [id, record_id(key(2))], ["LastName"])
    assert {id: row.values["LastName"] for id, row in found.items()} == {id: "Lovelace 1"}
    page = world.system.rows_page(PERSONS, ["LastName"], company="usmf", link="")
    assert {row.id: row for row in page.rows} == found


@pytest.mark.parametrize("after", switches.CHOICES["after_failed_change_set"])
@pytest.mark.parametrize("status", switches.CHOICES["change_set_error_status"])
def test_what_is_no_member_is_found_nowhere_and_harms_no_other_row(world: FinOpsWorld, after: str, status: str) -> None:
    world.admin.switch(after_failed_change_set=after, change_set_error_status=status)
    world.system.write(PERSONS, [person(1)])
    found = world.system.find(PERSONS, [key(1), key(1, "Nobody"), key(1, "x' or 1 eq 1")], ["LastName"])
    assert found.keys() == {key_text(key(1))}
    result, other = world.system.write(
        PERSONS, [Write("update", one, {"LastName": "Byron"}) for one in (key(1, "Nobody"), key(1))]
    )
    assert isinstance(result, Missing | Refused)
    assert isinstance(other, Written)
    assert last_names(world) == {"PARTY-1": "Byron"}


def test_many_threads_read_the_metadata_once(world: FinOpsWorld) -> None:
    world.system.write(PERSONS, [person(1)])
    system = world.connected(world.admin.base)
    before = asked_for_metadata(world)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(system.find(PERSONS, [key(1)], [])))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 5
    assert asked_for_metadata(world) - before == 1


def test_entities_without_enums_need_no_metadata(finops_world: FinOpsWorld) -> None:
    finops_world.system.write(CUSTOMERS, [customer(1)])
    finops_world.system.find(CUSTOMERS, [customer(1).key], [])
    assert asked_for_metadata(finops_world) == 0


@pytest.mark.parametrize(
    ("entity", "told"),
    [
        (EntityRef("finops", "CDSContactPersonsV9", KEY, enums=KEY[2:3]), "CDSContactPersonsV9"),
        (EntityRef("finops", PERSONS.set, KEY, enums=("AssociatedContactNumber",)), "AssociatedContactNumber"),
        (EntityRef("finops", PERSONS.set, KEY, enums=("Nothing",)), "Nothing"),
    ],
)
def test_a_mapping_that_is_wrong_about_enums_is_told_where(
    finops_world: FinOpsWorld, entity: EntityRef, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        finops_world.system.find(entity, [key(1)], [])
    with pytest.raises(ConfigError, match=told):
        finops_world.system.write(entity, [person(1)])
    assert finops_world.admin.stored("CDSContactPersonsV2") == []


@pytest.mark.parametrize("action", [{"cut": 900}, {"status": 502, "html": True}, {"drop": "after"}])
def test_metadata_that_are_lost_are_read_again_later(finops_world: FinOpsWorld, action: dict[str, object]) -> None:
    finops_world.admin.fault(action, "$metadata")
    with pytest.raises(Transient):
        finops_world.system.find(PERSONS, [key(1)], [])
    assert finops_world.system.find(PERSONS, [key(1)], []) == {}


def test_a_member_is_written_as_the_metadata_spell_it(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    """Members are exact in every source, but a key that went through an id has lost its case."""
    document = (
        '<Edmx xmlns="http://docs.oasis-open.org/odata/ns/edmx"><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm"'
        ' Namespace="Some.Space"><EntityType Name="P"><Property Name="Kind" Type="Some.Space.KIND_of"/></EntityType>'
        '<EnumType Name="KIND_of"><Member Name="BigCustomer" Value="0"/></EnumType>'
        '<EntityContainer Name="C"><EntitySet Name="Ps" EntityType="Some.Space.P"/></EntityContainer></Schema></Edmx>'
    )
    script.reply = lambda _method, path: (200, {}, document.encode() if "$metadata" in path else b'{"value": []}')
    entity = EntityRef("finops", "Ps", ("dataAreaId", "Kind"), enums=("Kind",))
    scripted_finops().find(entity, [{"dataAreaId": "usmf", "Kind": "bigcustomer"}], [])
    assert script.requests[-1][1].endswith(
        "&$filter=dataAreaId%20eq%20'usmf'%20and%20Kind%20eq%20Some.Space.KIND_of'BigCustomer'"
    )
