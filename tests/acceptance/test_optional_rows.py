"""The rows that are off by default (flows.md 4.3, 5.1), all switched on: every value, as it is in F&O."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.acceptance_expect import expect_no_issue
from tests.acceptance.acceptance_host import FLOW as ACCOUNTS
from tests.acceptance.acceptance_trade import BUYERS, CONTACTS, Trade
from tests.acceptance.acceptance_world import World
from tests.shipped import shipped_mappings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]

PERSONAL: dict[str, Any] = {
    "accountrolecode": 1, "gendercode": 2, "familystatuscode": 4, "spousesname": "Jo Doe", "governmentid": "G-123",
    "birthdate": "1980-02-29", "description": "Likes chairs.\nHates tables.", "donotpostalmail": True,
    "assistantname": "Al Roe", "assistantphone": "+1 777",
}  # fmt: skip
ADDRESS: dict[str, Any] = {
    "address1_line1": "1 Main St", "address1_city": "Seattle", "address1_country": "USA",
    "address1_postofficebox": "PO 7", "address1_county": "KING",
}  # fmt: skip
AS_PERSON = {
    "DecisionMakingRoleCode": "Decider", "Gender": "Female", "MaritalStatus": "Widowhood", "SpouseName": "Jo Doe",
    "GovernmentIdentificationNumber": "G-123", "BirthDay": 29, "BirthMonth": "February", "BirthYear": 1980,
    "Notes": "Likes chairs.\nHates tables.", "IsReceivingDirectMail": "No", "PrimaryAddressCountyId": "KING",
}  # fmt: skip
OF_CONTACT_PERSONS_ALONE = {
    "AssistantName": "Al Roe", "AssistantPhoneNumber": "+1 777", "PrimaryAddressPostBox": "PO 7",
}  # fmt: skip
CHANGED: dict[str, Any] = {
    "accountrolecode": 2, "gendercode": 1, "familystatuscode": 2, "spousesname": "Joan", "governmentid": "G-9",
    "birthdate": "1979-12-31", "description": "Old", "donotpostalmail": False, "assistantname": "Bo",
    "assistantphone": "+1 9", "address1_postofficebox": "PO 8", "address1_county": "PIERCE",
}  # fmt: skip
AS_CHANGED = {
    "DecisionMakingRoleCode": "Influencer", "Gender": "Male", "MaritalStatus": "Married", "SpouseName": "Joan",
    "GovernmentIdentificationNumber": "G-9", "BirthDay": 31, "BirthMonth": "December", "BirthYear": 1979,
    "Notes": "Old", "IsReceivingDirectMail": "Yes", "PrimaryAddressCountyId": "PIERCE",
}  # fmt: skip
ALONE_CHANGED = {"AssistantName": "Bo", "AssistantPhoneNumber": "+1 9", "PrimaryAddressPostBox": "PO 8"}
AS_BLANK = {
    "DecisionMakingRoleCode": "", "Gender": "Unknown", "MaritalStatus": "None", "SpouseName": "",
    "GovernmentIdentificationNumber": "", "BirthDay": 0, "BirthMonth": "None", "BirthYear": 0, "Notes": "",
    "IsReceivingDirectMail": "Yes", "PrimaryAddressCountyId": "",
}  # fmt: skip
ALONE_BLANK = {"AssistantName": "", "AssistantPhoneNumber": "", "PrimaryAddressPostBox": ""}


def all_switched_on(folder: Path, file: str) -> tuple[str, set[str]]:
    """A copy of the shipped mappings with every row of a file on; gives its path as a setting, and the rows' ids."""
    mappings = folder / "mappings"
    shutil.copytree(shipped_mappings(), mappings, ignore=shutil.ignore_patterns("__pycache__"))
    path = mappings / file
    head, mark, examples = path.read_text(encoding="utf-8").partition("example_defaults:")
    entries = re.split(r"(?=^ *- )", head, flags=re.MULTILINE)
    ids = {found[1] for entry in entries if "enabled: false" in entry and (found := re.search(r"id: (\w+)", entry))}
    head = re.sub(r",\s*enabled: false|^ *enabled: false\n", "", head, flags=re.MULTILINE)
    assert "enabled: false" not in head
    roles = "finops: DecisionMakingRoleCode, values: {}"
    if file == "contacts.yaml":
        assert roles in head
        head = head.replace(roles, f'{roles[:-2]}{{1: Decider, 2: Influencer, "": ""}}')
    path.write_text(head + mark + examples, encoding="utf-8")
    return str(mappings), ids


def part(row: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row that are expected."""
    return {name: row.get(name) for name in expected}


def persons_of(world: World, target: str) -> dict[str, Any]:
    """The one row of the entity that contact persons are written to."""
    (row,) = world.finops_admin.rows(target)
    return row


@pytest.mark.parametrize("target", ["ContactPersons", "CDSContactPersonsV2"])
def test_contacts_with_all_optional_rows_on(world: World, trade: Trade, tmp_path: Path, target: str) -> None:
    mappings, ids = all_switched_on(tmp_path, "contacts.yaml")
    assert ids == {*(f"C{n}" for n in range(40, 52)), "C45b", "C45c"}
    contact = trade.contact("Doe", account=world.account(), firstname="Jane", **PERSONAL, **ADDRESS)
    world.settle()
    here = world.install(MAPPINGS=mappings, CONTACTS__TARGET=target)
    alone = target == "ContactPersons"

    def arrived(expected: dict[str, Any], of_this_entity: dict[str, Any]) -> None:
        here.sync_all(ACCOUNTS, CONTACTS)
        wanted = {**expected, **(of_this_entity if alone else {})}
        assert part(persons_of(world, target), wanted) == wanted
        expect_no_issue(here.of(CONTACTS))
        assert not here.of(CONTACTS).status().totals.warnings

    arrived(AS_PERSON, OF_CONTACT_PERSONS_ALONE)
    trade.change(contact, **CHANGED)
    arrived(AS_CHANGED, ALONE_CHANGED)
    trade.change(contact, **{name: False if name == "donotpostalmail" else None for name in CHANGED})
    arrived(AS_BLANK, ALONE_BLANK)


def test_contact_customers_with_all_optional_rows_on(world: World, trade: Trade, tmp_path: Path) -> None:
    mappings, ids = all_switched_on(tmp_path, "contact_customers.yaml")
    assert ids == {"K40", "K41", "K42"}
    contact = trade.contact("Doe", firstname="Jane", **PERSONAL)
    trade.quote(contact=contact)
    world.settle()
    here = world.install(MAPPINGS=mappings).of(BUYERS)

    def arrived(**expected: str) -> None:
        here.sync()
        (buyer,) = trade.buyers().values()
        assert part(buyer, expected) == expected
        expect_no_issue(here)

    arrived(PersonGender="Female", PersonMaritalStatus="Widowhood", SalesMemo="Likes chairs.\nHates tables.")
    trade.change(contact, gendercode=1, familystatuscode=3, description="Old")
    arrived(PersonGender="Male", PersonMaritalStatus="Divorced", SalesMemo="Old")
    trade.change(contact, gendercode=None, familystatuscode=None, description=None)
    arrived(PersonGender="Unknown", PersonMaritalStatus="None", SalesMemo="")
