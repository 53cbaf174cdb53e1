"""The `sql` parameter: a simple SELECT over the table of the address, everything else refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.local.dataverse.dataverse_simulated import Dataverse, code, guid, simulated


@pytest.fixture(scope="module")
def sales() -> Iterator[Dataverse]:
    """Four accounts: A0 to A3, with numbers N0 to N3; A1 has seven employees and a contact; pages hold three rows."""
    with simulated(page_size=3) as session:
        session.accounts(4)
        for place in range(4):
            session.patch(f"accounts({guid(place + 1)})", json={"accountnumber": f"N{place}"})
        boss = session.create("contacts", lastname="O'Gee")
        session.patch(
            f"accounts({guid(2)})",
            json={"numberofemployees": 7, "creditonhold": True, "primarycontactid@odata.bind": f"contacts({boss})"},
        )
        yield session


def ask(sales: Dataverse, select: str) -> requests.Response:
    return sales.get("accounts", params={"sql": select})


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("name = 'a1'", ["A1"]),
        ("name <> 'A1' AND name != 'A2'", ["A0", "A3"]),
        ("name = 'A1' OR (name = 'A2' AND NOT name = 'A1')", ["A1", "A2"]),
        ("numberofemployees IS NULL and [name] > 'A1'", ["A2", "A3"]),
        ("numberofemployees is not null", ["A1"]),
        ("numberofemployees >= 7 and numberofemployees < 8", ["A1"]),
        ("name in ('A1', 'A3')", ["A1", "A3"]),
        ("name not in ('A1', 'A3', 'A0')", ["A2"]),
        ("accountnumber like 'N%' and name like '%1'", ["A1"]),
        ("name not like '%1%' and name not like 'A2'", ["A0", "A3"]),
        ("creditonhold = 1", ["A1"]),
        (f"accountid = '{guid(4)}'", ["A3"]),
        ("primarycontactid is not null", ["A1"]),
    ],
)
def test_rows_are_found_by_a_where(sales: Dataverse, where: str, found: list[str]) -> None:
    answer = ask(sales, " ".join(("SELECT name FROM account WHERE", where, "ORDER BY name")))
    assert [row["name"] for row in answer.json()["value"]] == found
    assert set(answer.json()["value"][0]) == {"@odata.etag", "name", "accountid"}


def test_top_order_and_star(sales: Dataverse) -> None:
    value = ask(sales, "select top 2 * from account order by name desc, accountnumber asc").json()["value"]
    assert [row["name"] for row in value] == ["A3", "A2"]
    assert "telephone1" in value[0]


def test_a_result_goes_over_pages(sales: Dataverse) -> None:
    pages = sales.pages("accounts?sql=SELECT%20name%20FROM%20account")
    assert [row["name"] for page in pages for row in page["value"]] == ["A0", "A1", "A2", "A3"]
    assert len(pages) == 2


@pytest.mark.parametrize(
    "select",
    [
        "", "DELETE FROM account", "SELECT FROM account", "SELECT Name FROM account", "SELECT name", "SELECT name FROM",
        "SELECT name FROM contact", "SELECT COUNT(*) FROM account", "SELECT name n FROM account",
        "SELECT name FROM account a JOIN contact c ON 1=1", "SELECT name FROM account WHERE",
        "SELECT top x name FROM account",
        "SELECT name FROM account WHERE name = accountnumber", "SELECT name FROM account WHERE name LIKE 'a%b%'",
        "SELECT name FROM account WHERE name IN ('a'", "SELECT name FROM account; DROP TABLE account",
        "SELECT name FROM account WHERE numberofemployees = 'x'", "SELECT name FROM account WHERE name = 'a",
        "SELECT name FROM account WHERE " + "(" * 3000 + "name = 'a'" + ")" * 3000,
    ],
)  # fmt: skip
def test_other_sql_is_refused(sales: Dataverse, select: str) -> None:
    assert code(ask(sales, select))[0] == 400
