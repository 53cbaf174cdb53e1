"""The whole sync against every switch of both simulators, one at a time.

A switch holds what the wire reference leaves open, or what differs between environments; whichever it is, every record
ends as it does with the settings of a fresh simulator. The suite tries one value of each switch, and in one go those
switches that decide about nothing a sync of accounts does; with many examples every value is tried by itself. What a
switch says about a 401 or a 429 is tried on the app's clients alone, where time can stand still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from local.simulators.dataverse import switches as dataverse
from local.simulators.finops import switches as finops
from local.simulators.finops import world as finops_world
from tests.acceptance.acceptance_host import Installation
from tests.acceptance.acceptance_world import World, account
from tests.properties.properties_profile import MANY, in_time

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

WEEK = 7 * 24 * 3600
SEATTLE = {"address1_city": "Seattle", "address1_country": "US", "address1_stateorprovince": "Washington"}
OTHER_CASES = {
    # Products, quotes and their lines, contact persons and quotations, keys and bulk messages of Sales, paging of F&O.
    "product_edits", "new_default_price_list", "first_price_sets_default",
    "read_only_code", "quote_number_twice", "incomplete_line", "line_sequence", "discount_method",
    "revision_keeps_sequence", "contact_numbers", "quotation_numbers", "first_name", "contact_moves", "edits_when_sent",
    "quotation_prices", "mandatory_dimensions", "delivery_date_control", "line_charges", "unknown_party", "known_party",
    "key_characters_status", "duplicate_key_status", "missing_bind_status", "no_bulk_status", "bulk_duplicate_code",
    "bulk_type_code", "too_many_operations_status", "encoded_slash", "page_rows", "entity_id_on_update",
    "preference_on_update", "dop_hint", "dop_hint_on", "enum_type_names",
    # What is said with a 401 or a 429.
    "unauthorized_body", "throttled_body", "retry_after",
}  # fmt: skip
"""Switches about what does not come up here; a switch that is new and not named here is tried by itself."""
ANOTHER_SETUP = {("customer_numbers", "replaced"), ("customer_numbers", "refused")}
"""An F&O that numbers every customer by itself is set up in a way that this flow's numbers rule out."""


@dataclass(frozen=True)
class Setting:
    """One switch of one simulator, set to one value that a fresh simulator does not have."""

    system: Literal["sales", "finops"]
    name: str
    value: Any


def settings() -> Iterator[Setting]:
    """Every switch with a few values, and every value but the first."""
    offered: Mapping[str, Any] = {**finops.CHOICES, **finops_world.SWITCHES}
    for name, values in offered.items():
        yield from (Setting("finops", name, value) for value in values[1:])
    for name, first in dataverse.SWITCHES.items():
        if isinstance(first, bool):
            yield Setting("sales", name, not first)
        elif not isinstance(first, list):
            yield from (Setting("sales", name, value) for value in dataverse.ALLOWED.get(name, ()) if value != first)


def trials(system: str) -> list[dict[str, Any]]:
    """What is switched together: nothing, everything that does not come up, then one switch after the other."""
    offered = [one for one in settings() if one.system == system and (one.name, one.value) not in ANOTHER_SETUP]
    if MANY:
        return [{}, *({one.name: one.value} for one in offered)]
    last = {one.name: one.value for one in offered}
    alone = [{name: value} for name, value in last.items() if name not in OTHER_CASES]
    return [{}, {name: value for name, value in last.items() if name in OTHER_CASES}, *alone]


@in_time
@pytest.mark.parametrize("system", ["finops", "sales"])
def test_every_record_ends_the_same_whatever_a_switch_says(
    world: World, system: str, subtests: pytest.Subtests
) -> None:
    world.finops_admin.ask("POST", "states", {"US": ["WA"]})
    here = world.install(ACCOUNTS__MISSING_NUMBER="allocate")
    admin = world.sales_admin if system == "sales" else world.finops_admin
    first = admin.ask("GET", "switches")
    for number, trial in enumerate(trials(system)):
        with subtests.test(str(trial)):
            admin.switch(**trial)
            tell(world, here, f"S{number}")
        admin.switch(**{name: first[name] for name in trial})


def tell(world: World, here: Installation, prefix: str) -> None:
    """Creates, one refused by F&O and one without a number; changes, a repair and deletes; a token that expires."""
    earlier = world.customers()
    changed, deleted, refused, _, parked = world.accounts(
        [
            account(f"{prefix}1", "Contoso", **SEATTLE),
            account(f"{prefix}2", "Fabrikam"),
            account(f"{prefix}3", "Northwind", **{**SEATTLE, "address1_stateorprovince": "Oregon"}),
            account(None, "Numberless"),
            account(f"{prefix}5", "Nowhere", currency=None),
        ]
    )
    world.settle()
    assert names_after_sync(world, here, earlier) == ["Contoso", "Fabrikam", "Numberless"]
    codes = {name: issue.trouble.code for name, issue in here.issues().items()}
    assert codes == {f"{prefix}3": "target-refused", f"{prefix}5": "currency-missing"}

    world.change(changed, name="Contoso Ltd")
    world.change(refused, **SEATTLE)
    world.delete(parked)
    world.delete(deleted)
    world.account(f"{prefix}6", "Late")
    expected = ["Contoso Ltd", "Fabrikam", "Late", "Northwind", "Numberless"]
    assert names_after_sync(world, here, earlier) == expected
    assert not here.issues()

    before = world.customers()
    world.sales_admin.advance(WEEK + 3600)
    world.finops_admin.reset()
    here.sync()  # everything again
    here.sync()  # and nothing at all
    assert world.customers() == before
    assert world.finops_admin.counters()["writes"] == 0
    assert not here.failures


def names_after_sync(world: World, here: Installation, earlier: Mapping[str, Any]) -> list[str]:
    """The names of the customers that were not there earlier, after a sync."""
    here.sync()
    return sorted(row["OrganizationName"] for number, row in world.customers().items() if number not in earlier)
