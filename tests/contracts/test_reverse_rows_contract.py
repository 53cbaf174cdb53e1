"""Reverse rows: one target key belongs to one source record (promise 2)."""

from __future__ import annotations

import threading

from sync.keys import key_text
from tests.contracts.contract_builders import MAPPING
from tests.contracts.contract_stores import Stores


def test_a_key_is_held_by_the_first_and_the_second_learns_by_whom(stores: Stores) -> None:
    assert stores.links.reserve(MAPPING, {"usmf|a1": "one", "usmf|a2": "one"}) == {}

    assert stores.links.reserve(MAPPING, {"usmf|a2": "two", "usmf|a3": "two"}) == {"usmf|a2": "one"}

    assert stores.links.find(MAPPING, ["usmf|a1", "usmf|a2", "usmf|a3", "usmf|a4"]) == {
        "usmf|a1": "one",
        "usmf|a2": "one",
        "usmf|a3": "two",
    }
    assert stores.links.find("contacts", ["usmf|a1"]) == {}


def test_reserving_again_changes_nothing(stores: Stores) -> None:
    owners = {f"usmf|{number}": f"id-{number}" for number in range(250)}
    assert stores.links.reserve(MAPPING, owners) == {}
    assert stores.links.reserve(MAPPING, owners) == {}
    assert stores.links.find(MAPPING, list(owners)) == owners


def test_many_keys_with_some_of_them_held_are_reserved_but_for_those(stores: Stores) -> None:
    held = {f"usmf|{number}": "first" for number in range(0, 300, 7)}
    stores.links.reserve(MAPPING, held)

    refused = stores.links.reserve(MAPPING, {f"usmf|{number}": "second" for number in range(300)})

    assert refused == held


def test_keys_of_any_shape_and_case_are_one_key(stores: Stores) -> None:
    key = key_text({"dataAreaId": "USMF", "CustomerAccount": "Ä/ö|#~1"})
    assert stores.links.reserve(MAPPING, {key: "one"}) == {}
    assert stores.links.find(MAPPING, [key_text({"dataAreaId": "usmf", "CustomerAccount": "ä/Ö|#~1"})]) == {key: "one"}


def test_of_rivals_for_the_same_keys_each_key_has_one_holder(stores: Stores) -> None:
    keys = [f"usmf|{number}" for number in range(40)]
    refused: dict[str, dict[str, str]] = {}

    def reserve(id: str) -> None:
        refused[id] = stores.links.reserve(MAPPING, dict.fromkeys(keys, id))

    threads = [threading.Thread(target=reserve, args=(f"id-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    held = stores.links.find(MAPPING, keys)
    assert sorted(held) == sorted(keys)
    for id, others in refused.items():
        assert others == {key: holder for key, holder in held.items() if holder != id}


def test_a_key_is_taken_over_from_its_holder_only(stores: Stores) -> None:
    stores.links.reserve(MAPPING, {"k": "old"})

    assert not stores.links.take_over(MAPPING, "k", "thief", holder="somebody else")
    assert stores.links.take_over(MAPPING, "k", "new", holder="old")
    assert stores.links.take_over(MAPPING, "k", "new", holder="old"), "repeating it changes nothing"
    assert stores.links.take_over(MAPPING, "free", "new", holder="old"), "its holder let go"

    assert stores.links.find(MAPPING, ["k", "free"]) == {"k": "new", "free": "new"}


def test_only_ones_own_keys_are_let_go(stores: Stores) -> None:
    stores.links.reserve(MAPPING, {"a": "one", "b": "two"})

    stores.links.unreserve(MAPPING, {"a": "one", "b": "one", "absent": "one"})

    assert stores.links.find(MAPPING, ["a", "b", "absent"]) == {"b": "two"}
    assert stores.links.reserve(MAPPING, {"a": "three"}) == {}
