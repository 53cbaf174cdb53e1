"""The simulator's own form of the schema says what the reference metadata says, and `$metadata` says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.simulators.finops.countries import ALPHA_2
from local.simulators.finops.schema import NAMESPACE, load
from tests.local.finops.finops_simulated import simulators

SHARED = Path(__file__).parents[4] / "shared"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    file = SHARED / "metadata" / "fno.model.json"
    if not file.exists():
        pytest.skip("the reference metadata is not here")
    model: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return model


def full(kind: str) -> str:
    return kind if kind.startswith("Edm.") else f"{NAMESPACE}.{kind}"


@pytest.mark.parametrize("name", load().sets)
def test_every_column_of_the_reference_is_here_with_its_type_and_no_other(name: str, reference: dict[str, Any]) -> None:
    here, there = load().sets[name], reference["sets"][name]
    assert {column: full(kind) for column, kind in here.columns.items()} == {
        column: facts["type"] for column, facts in there["properties"].items()
    }
    assert (list(here.key), here.type) == (there["keys"], there["entityType"])


def test_navigation_is_that_of_the_reference_between_the_sets_that_are_here() -> None:
    file = SHARED / "metadata" / "fno.csdl.xml"
    if not file.exists():
        pytest.skip("the reference metadata is not here")
    tree = ET.parse(file)  # noqa: S314  (the project's own reference)
    types = {one.attrib["Name"]: one for one in tree.iter(f"{EDM}EntityType")}
    for entity_set in load().sets.values():
        there = {
            nav.attrib["Name"]: nav.attrib["Type"] for nav in types[entity_set.type].iter(f"{EDM}NavigationProperty")
        }
        here = {}
        for name, nav in entity_set.navigation.items():
            target = f"{NAMESPACE}.{load().sets[nav.set].type}"
            here[name] = f"Collection({target})" if nav.many else target
        ours = {f"{NAMESPACE}.{one.type}" for one in load().sets.values()}
        known = {name: to for name, to in there.items() if to.removeprefix("Collection(").rstrip(")") in ours}
        assert here == known, entity_set.name


def test_every_enum_has_the_members_and_numbers_of_the_reference(reference: dict[str, Any]) -> None:
    for name, members in load().enums.items():
        assert members == reference["enums"][name], name


def test_lengths_references_and_required_name_real_columns() -> None:
    for entity_set in load().sets.values():
        named = {*entity_set.lengths, *entity_set.references, *entity_set.required, *entity_set.create_only}
        named |= entity_set.read_only
        assert named | {entity_set.text} <= entity_set.columns.keys()
        assert set(entity_set.references.values()) <= load().sets.keys()
        for labels in entity_set.labels.values():
            assert labels.keys() <= {*entity_set.columns, ""}
        for one in entity_set.navigation.values():
            assert one.on.keys() <= entity_set.columns.keys()
            assert set(one.on.values()) <= load().sets[one.set].columns.keys()


def test_lengths_are_those_of_the_flow_reference() -> None:
    """flows.md 2 to 6: the last number of the Max column, where it is marked e or ~ or stands alone."""
    file = SHARED / "reference" / "flows.md"
    if not file.exists():
        pytest.skip("the flow reference is not here")
    told: dict[str, dict[str, int]] = {}
    target = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("<!-- columns:"):
            target = line.rpartition("|")[2].removesuffix("-->").strip()
        cells = [cell.strip() for cell in line.split("|")]
        limit = cells[6].rpartition("/")[2].strip(" e~") if len(cells) > 7 and target in load().sets else ""
        if limit.isdigit():
            told.setdefault(target, {})[cells[3].strip("`")] = int(limit)
    assert sum(map(len, told.values())) > 80
    for name, lengths in told.items():
        assert {column: load().sets[name].lengths.get(column) for column in lengths} == lengths, name


def test_the_country_list_holds_the_codes_of_the_value_maps() -> None:
    file = SHARED / "reference" / "value-maps.md"
    if not file.exists():
        pytest.skip("the value maps are not here")
    text = file.read_text(encoding="utf-8")
    aliases = text[text.index("**Aliases**") :].split("\n\n")[1]
    codes = {line.split("|")[1].strip() for line in aliases.splitlines()[2:]}
    assert len(codes) > 20
    assert codes <= ALPHA_2
    assert len(ALPHA_2) == 249


def test_metadata_is_csdl_with_every_set_property_and_enum() -> None:
    with simulators() as fresh:
        answer = fresh().get("/data/$metadata")
    assert answer.headers["Content-Type"].startswith("application/xml")
    tree = ET.fromstring(answer.content)  # noqa: S314  (our own server's document)
    sets = {one.attrib["Name"]: one.attrib["EntityType"] for one in tree.iter(f"{EDM}EntitySet")}
    types = {one.attrib["Name"]: one for one in tree.iter(f"{EDM}EntityType")}
    assert sets == {one.name: f"{NAMESPACE}.{one.type}" for one in load().sets.values()}
    for one in load().sets.values():
        properties = {p.attrib["Name"]: p.attrib["Type"] for p in types[one.type].iter(f"{EDM}Property")}
        assert properties == {name: full(kind) for name, kind in one.columns.items()}
        assert tuple(p.attrib["Name"] for p in types[one.type].iter(f"{EDM}PropertyRef")) == one.key
    enums = {one.attrib["Name"]: len(list(one)) for one in tree.iter(f"{EDM}EnumType")}
    assert enums == {name: len(members) for name, members in load().enums.items()}
