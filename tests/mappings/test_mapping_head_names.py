"""A slip in a column's name in the head of a file is told offline, at its line, with the name that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.mapping import check
from tests.mappings.mapping_world import load
from tests.shipped import shipped_mappings

SETTINGS = {"company": "usmf"}


def told(folder: Path, file: str, old: str, new: str) -> list[str]:
    """What the check says of a shipped file with this change, beside the others."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in shipped_mappings().glob("*.yaml")}
    values = (shipped_mappings() / "values").glob("*.yaml")
    texts |= {f"values/{path.name}": path.read_text(encoding="utf-8") for path in values}
    assert old in texts[file]
    line = texts[file][: texts[file].index(old)].count("\n") + 1
    load(folder, {**texts, file: texts[file].replace(old, new, 1)})
    said = [str(problem).removeprefix(f"{folder.name}/") for problem in check(folder, SETTINGS)]
    return [each.replace(f"{file}:{line}:", "here:") for each in said]


@pytest.mark.parametrize(
    ("file", "old", "slip", "meant"),
    [
        ("accounts.yaml", "id: accountid,", "acountid", "accountid"),
        ("accounts.yaml", "{sales: statecode,", "statcode", "statecode"),
        ("accounts.yaml", "- finops: PartyType\n", "PartyTypes", "PartyType"),
        ("accounts.yaml", 'release: {OnHoldStatus: "No"}', "OnHoldStaus", "OnHoldStatus"),
        ("contacts.yaml", "gives: [ContactPersonId,", "ContactPersonID", "ContactPersonId"),
        ("products.yaml", "number: ProductNumber", "ProductNumbr", "ProductNumber"),
        ("products.yaml", "id: productid}", "productsid", "productid"),
        ("products.yaml", "- sales: productstructure\n", "productstucture", "productstructure"),
    ],
)
def test_a_slip_in_the_head_is_told_with_the_name_that_was_meant(
    tmp_path: Path, file: str, old: str, slip: str, meant: str
) -> None:
    said = [each for each in told(tmp_path, file, old, old.replace(meant, slip)) if each.startswith("here:")]
    assert len(said) == 1
    assert f'Did you mean "{meant}"?' in said[0]
    assert slip in said[0]


def test_a_number_that_no_row_reads_and_no_example_gives_is_told(tmp_path: Path) -> None:
    said = told(tmp_path, "accounts.yaml", "number: accountnumber,", "number: customer_no,")
    assert len(said) == 1
    assert "no row reads customer_no, and no example gives it" in said[0]


def test_one_slip_is_told_once(tmp_path: Path) -> None:
    """Not by each example that gives the column that was meant."""
    assert len(told(tmp_path, "accounts.yaml", "{sales: statecode,", "{sales: statcode,")) == 1


def test_what_an_example_gives_is_no_slip_however_much_it_is_like_another_name(tmp_path: Path) -> None:
    """Both columns are there, say, and the filter means the second."""
    old, new = "- finops: PartyType\n", "- finops: PartyTypes\n"
    assert any("nowhere else" in each for each in told(tmp_path / "slip", "accounts.yaml", old, new))
    file = tmp_path / "slip" / "accounts.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "target: {PartyType: ", "target: {PartyTypes: Organization, PartyType: "
    )
    load(tmp_path / "slip", {"accounts.yaml": text})
    assert [str(problem) for problem in check(tmp_path / "slip", SETTINGS) if "nowhere else" in problem.what] == []


def test_an_example_whose_link_has_another_key_is_told(tmp_path: Path) -> None:
    said = told(tmp_path, "products.yaml", "link: {productid: ", "link: {product: ")
    assert len(said) == 1
    assert "its link has no productid. Give the whole key of the target under link." in said[0]
