"""What fits into a column and what does not: limits to the last digit, forms of values, the codes of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.local.dataverse.dataverse_simulated import Dataverse, code, exact, guid, simulated

UNREADABLE = (400, "0x80048d19")
TOO_LONG = (400, "0x80044331")
NO_CHOICE = (400, "0x8004431A")
TOO_EARLY = (400, "0x0")
TOO_LARGE = (400, "0x80044330")
TOO_MUCH_MONEY = (400, "0x80040317")


@pytest.fixture(scope="module")
def sales() -> Iterator[Dataverse]:
    with simulated() as session:
        yield session


def kept(sales: Dataverse, entity_set: str, **values: Any) -> dict[str, Any]:
    """A new row as it is read, numbers as they were written."""
    row_id = sales.create(entity_set, **values)
    row: dict[str, Any] = exact(sales.get(f"{entity_set}({row_id})"))
    return row


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("numberofemployees", 0),
        ("numberofemployees", 1_000_000_000),
        ("importsequencenumber", -(2**31)),
        ("importsequencenumber", 2**31 - 1),
        ("description", "line one\r\nline two " + "x" * 1980),
        ("description", "\U0001f600" * 1000),
        ("customertypecode", 3),
        ("creditonhold", True),
        ("address1_latitude", Decimal("-90")),
        ("address1_longitude", Decimal("12.34567")),
        ("lastonholdtime", "2026-01-05T06:07:08Z"),
        ("stageid", guid(7)),
    ],
)
def test_what_fits_is_kept_as_it_came(sales: Dataverse, column: str, value: Any) -> None:
    sent = float(value) if isinstance(value, Decimal) else value
    assert kept(sales, "accounts", **{column: sent})[column] == value


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("numberofemployees", -1, TOO_LARGE),
        ("numberofemployees", 1_000_000_001, TOO_LARGE),
        ("numberofemployees", 2**31, UNREADABLE),
        ("numberofemployees", 1.0, UNREADABLE),
        ("importsequencenumber", 2**31, UNREADABLE),
        ("description", "x" * 2001, TOO_LONG),
        ("description", "\U0001f600" * 1001, TOO_LONG),
        ("description", ["x"], UNREADABLE),
        ("customertypecode", 0, NO_CHOICE),
        ("customertypecode", "3", UNREADABLE),
        ("customertypecode", 3.5, UNREADABLE),
        ("creditonhold", "true", UNREADABLE),
        ("creditonhold", 0, UNREADABLE),
        ("address1_latitude", 90.1, TOO_LARGE),
        ("address1_latitude", "12", UNREADABLE),
        ("creditlimit", -0.01, TOO_MUCH_MONEY),
        ("creditlimit", 100_000_000_000_000.01, TOO_MUCH_MONEY),
        ("creditlimit", True, UNREADABLE),
        ("lastonholdtime", "2026-01-05", UNREADABLE),
        ("lastonholdtime", "2026-01-05T06:07:08", UNREADABLE),
        ("lastonholdtime", "2026-13-05T06:07:08Z", UNREADABLE),
        ("lastonholdtime", "20260105T060708Z", UNREADABLE),
        ("lastonholdtime", "2026-01-05 06:07:08Z", UNREADABLE),
        ("lastonholdtime", 1767593228, UNREADABLE),
        ("lastonholdtime", "1752-12-31T00:00:00Z", TOO_EARLY),
        ("stageid", "7", UNREADABLE),
        ("stageid", 7, UNREADABLE),
    ],
)
def test_what_does_not_fit_is_refused_with_the_code_of_its_kind(
    sales: Dataverse, column: str, value: Any, expected: tuple[int, str]
) -> None:
    before = len(sales.get("/admin/rows/accounts?columns=accountid").json())
    assert code(sales.post("accounts", json={"name": "A", column: value})) == expected
    assert len(sales.get("/admin/rows/accounts?columns=accountid").json()) == before


def test_a_refusal_names_the_column_and_what_it_takes(sales: Dataverse) -> None:
    told = sales.post("accounts", json={"description": "x" * 2001}).json()["error"]["message"]
    assert "'description' attribute of the 'account' entity" in told
    assert "'2000'" in told
    told = sales.post("accounts", json={"accountcategorycode": 9}).json()["error"]["message"]
    assert "'accountcategorycode'" in told
    assert told.endswith("Accepted Values: 1,2")


def test_a_day_without_a_time_is_no_moment_and_a_moment_is_no_day(sales: Dataverse) -> None:
    assert kept(sales, "contacts", lastname="A", birthdate="1815-12-10")["birthdate"] == "1815-12-10"
    for value in (
        "1815-12-10T00:00:00Z",
        "18151210",
        "1815W50",
        "1815-W50-7",
        "10.12.1815",
        "1815-12-32",
        18151210,
        "",
    ):
        assert code(sales.post("contacts", json={"lastname": "A", "birthdate": value})) == UNREADABLE
    assert code(sales.post("contacts", json={"lastname": "A", "birthdate": "1752-12-31"})) == TOO_EARLY


def test_moments_are_kept_in_coordinated_time_to_the_second(sales: Dataverse) -> None:
    for written in ("2026-01-05T07:07:08+01:00", "2026-01-05T06:07:08.999Z", "2026-01-05T06:07:08+00:00"):
        assert kept(sales, "accounts", lastonholdtime=written)["lastonholdtime"] == "2026-01-05T06:07:08Z"


def test_guids_are_kept_in_lower_case_and_read_with_hyphens_only(sales: Dataverse) -> None:
    kept_as = "aaaaaaaa-0000-4000-8000-00000000000b"
    for written in ("AAAAAAAA-0000-4000-8000-00000000000B", "{aaaaaaaa-0000-4000-8000-00000000000b}"):
        assert kept(sales, "accounts", stageid=written)["stageid"] == kept_as
    for written in ("aaaaaaaa00004000800000000000000b", "aaaaaaaa-0000-4000-8000-00000000000", "g" * 36, ""):
        assert code(sales.post("accounts", json={"stageid": written})) == UNREADABLE


def test_decimals_keep_the_places_of_their_column(sales: Dataverse) -> None:
    group = sales.create("uomschedules", name="Weights", baseuomname="kg")
    bind = {"uomscheduleid@odata.bind": f"uomschedules({group})"}
    assert kept(sales, "uoms", name="t", quantity=1000.123456, **bind)["quantity"] == Decimal("1000.12346")
    assert kept(sales, "uoms", name="g", quantity=0.5, **bind)["quantity"] == Decimal("0.5")
    assert code(sales.post("uoms", json={"name": "x", "quantity": -1, **bind})) == TOO_LARGE
    assert code(sales.post("uoms", json={"name": "x", "quantity": 10_000_000_000.1, **bind})) == TOO_LARGE
