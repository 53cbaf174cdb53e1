"""A data folder is read as it was written, and what cannot be read is told with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.data.folder import FINOPS, QUOTES, SALES, DataFolder, DataFolderError, write_folder

ACCOUNTS = "accountid,accountnumber,name\n"

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z]{1,5})?", fullmatch=True)


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows of one table; every row has every column, and a line is never wholly empty."""
    columns = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    return draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, texts)), min_size=1, max_size=5))


@given(tables())
def test_what_is_written_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    write_folder(folder, {"accounts": rows})
    assert DataFolder(folder).rows("accounts") == rows


def test_a_column_that_a_row_lacks_is_written_as_missing(tmp_path: Path) -> None:
    write_folder(tmp_path, {"accounts": [{"a": "1"}, {"a": "2", "b": "3"}]})
    assert DataFolder(tmp_path).rows("accounts") == [{"a": "1", "b": ""}, {"a": "2", "b": "3"}]


def test_a_file_that_is_not_there_has_no_rows_and_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("\ufeff" + ACCOUNTS + "a-1,1,One\n", encoding="utf-8")
    folder = DataFolder(tmp_path)
    assert folder.rows("units") == []
    assert folder.rows("accounts") == [{"accountid": "a-1", "accountnumber": "1", "name": "One"}]


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (ACCOUNTS + "a-1,1,One\na-2,2\n", 3, "2 fields, but the first line names 3 columns. Give the line a field"),
        (ACCOUNTS + "a-1,1,One, Two & Co\n", 2, "4 fields, but the first line names 3 columns. Give the line a field"),
        (ACCOUNTS + 'a-1,1,"One\na-2,2,Two\n', 3, "unexpected end of data. Close every quote"),
        (ACCOUNTS + 'a-1,1,"One" more\n', 2, "',' expected after '\"'. Close every quote"),
        ("accountid,name,name\na-1,One,Uno\n", 1, "the column 'name' is named twice. Give each column a name of its"),
        ("accountid,,name\na-1,One,Uno\n", 1, "a column has no name. Give each column a name of its own."),
    ],
    ids=["too few", "too many", "open quote", "text after a quote", "column twice", "column without name"],
)
def test_a_line_that_cannot_be_read_is_told_with_file_line_and_remedy(
    content: str, line: int, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataFolderError) as error:
        DataFolder(tmp_path)
    assert str(error.value).startswith(f"{path}, line {line}: {told}")


def test_a_file_of_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes((ACCOUNTS + "a-1,1,Übersee\n").encode("latin-1"))
    with pytest.raises(
        DataFolderError, match=r"accounts\.csv, after line \d: it is not UTF-8 .*Save the file as UTF-8"
    ):
        DataFolder(tmp_path)


def test_a_folder_that_is_missing_or_holds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"nowhere is not a folder\. Name one that holds accounts\.csv"):
        DataFolder(tmp_path / "nowhere")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataFolderError, match=r"holds no accounts\.csv\. Put the records there"):
        DataFolder(tmp_path)


def test_a_row_is_placed_by_its_last_line(tmp_path: Path) -> None:
    write_folder(tmp_path, {"accounts": [{"a": "1", "b": "two\nlines"}, {"a": "2", "b": "x"}]})
    folder = DataFolder(tmp_path)
    assert folder.place("accounts", 0) == f"{tmp_path / 'accounts'}.csv, line 3"
    assert folder.place("accounts", 1) == f"{tmp_path / 'accounts'}.csv, line 4"


@pytest.mark.parametrize(
    ("groups", "company"),
    [("dataAreaId,CustomerGroupId\nDEMF,10\nusmf,20\n", "demf"), ("CustomerGroupId\n10\n", "usmf"), (None, "usmf")],
)
def test_the_company_is_that_of_the_first_customer_group(groups: str | None, company: str, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    if groups is not None:
        (tmp_path / "customergroups.csv").write_text(groups, encoding="utf-8")
    assert DataFolder(tmp_path).company == company


def test_a_file_that_nobody_reads_is_told_with_the_name_that_was_meant(tmp_path: Path) -> None:
    for name in ("accounts.csv", "Contact.csv", "invoices.csv", "notes.txt", "units.csv"):
        (tmp_path / name).write_text(ACCOUNTS, encoding="utf-8")
    meant, other = DataFolder(tmp_path).notes()
    assert meant == f"{tmp_path / 'Contact.csv'} is not read. Did you mean contacts.csv?"
    assert other.startswith(f"{tmp_path / 'invoices.csv'} is not read. These are: accounts.csv, contacts.csv, ")


def test_the_page_lists_every_file_that_is_read() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/use-your-own-data.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(\w+)\.csv`", page.partition("|---|")[2].partition("\n\n")[0])
    assert sorted(listed) == sorted((*FINOPS, *SALES, *QUOTES))
    assert len(listed) == 12
