"""Tables and columns that an organisation has made itself behave like the others; a file with a mistake is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.simulators.dataverse.own_tables import TableFileError
from local.simulators.dataverse.schema import load_tables
from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated

ROOT = Path(__file__).parents[3]
GROUPS = "new_customergroups"
TABLE = """\
logical = "new_customergroup"
entity_set = "new_customergroups"
schema = "new_CustomerGroup"
key = "new_customergroupid"
name = "new_name"

[columns]
new_CustomerGroupId = "guid system createonly"
new_Name = "text 100 application"
new_Number = "text 20"
new_Kind = "choice"

[choices.new_kind]
1 = "Wholesale"
"""
ADDITION = """\
extends = "accounts"

[lookups]
new_CustomerGroup = { targets = { new_CustomerGroup = "new_customergroups" }, words = "clear" }
"""


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.toml").write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataverse]:
    with simulated(own_tables=folder(tmp_path_factory.mktemp("tables"), group=TABLE, account=ADDITION)) as session:
        yield session


@pytest.fixture
def sales(running: Dataverse) -> Dataverse:
    for entity_set, key in (("accounts", "accountid"), (GROUPS, "new_customergroupid")):
        for row in running.get(f"/admin/rows/{entity_set}").json():
            assert running.delete(f"{entity_set}({row[key]})").ok
    return running


def test_rows_have_what_dataverse_gives_every_table(sales: Dataverse) -> None:
    row = sales.row(GROUPS, sales.create(GROUPS, new_name="Retail", new_number="30", new_kind=1))
    assert (row["new_name"], row["new_number"], row["new_kind"]) == ("Retail", "30", 1)
    assert (row["statecode"], row["statuscode"], row["createdon"]) == (0, 1, row["modifiedon"])
    me = sales.get("WhoAmI").json()
    assert (row["_ownerid_value"], row["_owningbusinessunit_value"]) == (me["UserId"], me["BusinessUnitId"])


def test_rows_are_judged_by_their_columns(sales: Dataverse) -> None:
    assert code(sales.post(GROUPS, json={"new_number": "1" * 21}))[0] == 400
    assert code(sales.post(GROUPS, json={"new_colour": "red"}))[0] == 400
    assert code(sales.post("new_groups", json={}))[0] == 404


def test_bulk_messages_filters_and_changes_work_as_for_other_tables(sales: Dataverse) -> None:
    link = sales.get(GROUPS, headers={"Prefer": "odata.track-changes"}).json()["@odata.deltaLink"]
    kind = "Microsoft.Dynamics.CRM.new_customergroup"
    targets = [{"@odata.type": kind, "new_customergroupid": guid(n), "new_number": str(n)} for n in (1, 2)]
    created = sales.post(f"{GROUPS}/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": targets})
    assert created.json()["Ids"] == [guid(1), guid(2)]
    (found,) = sales.get(f"{GROUPS}?$filter=new_number eq '2'").json()["value"]
    assert found["new_customergroupid"] == guid(2)
    sales.delete(f"{GROUPS}({guid(1)})")
    changes = sales.get(link).json()["value"]
    assert [(change.get("reason"), change.get("new_number")) for change in changes] == [(None, "2"), ("deleted", None)]


def test_the_metadata_tell_of_the_table(sales: Dataverse) -> None:
    (told,) = sales.get(f"EntityDefinitions?$filter=EntitySetName eq '{GROUPS}'").json()["value"]
    names = ("LogicalName", "PrimaryIdAttribute", "PrimaryNameAttribute", "ChangeTrackingEnabled", "IsCustomEntity")
    assert [told[name] for name in names] == ["new_customergroup", "new_customergroupid", "new_name", True, True]
    text = sales.get(
        "EntityDefinitions(LogicalName='new_customergroup')/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata"
    ).json()["value"]
    assert {one["LogicalName"]: one["MaxLength"] for one in text} == {"new_name": 100, "new_number": 20}
    document = sales.get("$metadata").text
    assert '<EntityType Name="new_customergroup"' in document
    assert '<EntitySet Name="new_customergroups"' in document
    (account,) = sales.get("EntityDefinitions?$filter=LogicalName eq 'account'").json()["value"]
    assert account["IsCustomEntity"] is False


def test_a_table_can_get_columns_and_lookups_of_ones_own(sales: Dataverse) -> None:
    group = sales.create(GROUPS, new_name="Retail")
    account = sales.create("accounts", name="A", **{"new_CustomerGroup@odata.bind": f"/{GROUPS}({group})"})
    read = sales.get(f"accounts({account})?$select=name&$expand=new_CustomerGroup($select=new_name)").json()
    assert read["new_CustomerGroup"]["new_name"] == "Retail"
    sales.delete(f"{GROUPS}({group})")
    assert sales.row("accounts", account)["_new_customergroup_value"] is None


def test_an_administrator_has_the_same_power_over_the_table(sales: Dataverse) -> None:
    key = {"table": GROUPS, "name": "by_number", "columns": ["new_number"]}
    assert sales.post("/admin/keys", json=key).ok
    sales.patch(f"{GROUPS}(new_number='7')", json={"new_name": "Seven"})
    assert [row["new_number"] for row in sales.get(f"/admin/rows/{GROUPS}").json()] == ["7"]
    sales.switch(no_create=[GROUPS], hidden_columns=[f"{GROUPS}.new_number"])
    try:
        assert code(sales.post(GROUPS, json={"new_name": "A"}))[0] == 403
        assert code(sales.get(f"{GROUPS}?$select=new_number"))[0] == 400
    finally:
        sales.switch(no_create=[], hidden_columns=[])


def test_other_organisations_know_nothing_of_the_table() -> None:
    with simulated() as other:
        assert code(other.get(GROUPS))[0] == 404
        assert "_new_customergroup_value" not in load_tables()["accounts"].columns


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("x = [", "is no TOML"),
        (TABLE.replace("[columns]", "[colums]"), "colums: is no key"),
        (TABLE.replace('key = "new_customergroupid"\n', ""), "key missing"),
        (TABLE.replace('"new_customergroups"', '"accounts"'), "accounts is there already"),
        (TABLE.replace('"new_customergroup"', '"account"'), "logical account is there already"),
        (TABLE.replace('"new_CustomerGroup"', '"new_Group"'), "new_group"),
        (TABLE.replace('"guid system createonly"', '"text 36"'), "new_customergroupid is no column"),
        (TABLE.replace('name = "new_name"', 'name = "new_title"'), "new_title is no column"),
        (TABLE.replace('"text 20"', '"string 20"'), "begins with no kind"),
        (TABLE.replace('"text 20"', '"text"'), "has no length"),
        (TABLE.replace('"text 20"', '"text 20 required"'), "unknown word required"),
        (TABLE.replace('"text 20"', '"int from system"'), "no number after from"),
        (TABLE.replace("choices.new_kind", "choices.new_sort"), "no such column"),
        (TABLE.replace("1 = ", "one = "), "choices.new_kind.one"),
        (TABLE + '[keys]\nby_number = ["new_nummer"]\n', "no column new_nummer"),
        (TABLE + '[collections]\n"account.new_group" = "groups"\n', "no such lookup"),
        (ADDITION.replace('"accounts"', '"acounts"'), "extends names no table: acounts"),
        (ADDITION.replace("new_customergroups", "new_customergroup"), "no table new_customergroup"),
        (ADDITION.replace('words = "clear"', 'words = "remove"'), "words ends with one of"),
        ("tracking = false\n" + ADDITION, "tracking cannot be changed"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_name_and_a_remedy(tmp_path: Path, file: str, told: str) -> None:
    others = {"group": TABLE} if "extends" in file else {}
    with pytest.raises(TableFileError) as refusal:
        load_tables(own=folder(tmp_path, **others, own=file))
    assert "own.toml: " in str(refusal.value)
    assert told in str(refusal.value)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    bad = TABLE.replace('"text 20"', '"text"').replace('"text 100 application"', '"word 100"')
    with pytest.raises(TableFileError) as refusal:
        load_tables(own=folder(tmp_path, group=bad, wrong="x = ["))
    assert len(str(refusal.value).splitlines()) == 3


def test_the_process_says_what_is_wrong_with_the_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.simulators.dataverse", "--tables", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("holds no *.toml. Name the folder with the files of your tables.")
