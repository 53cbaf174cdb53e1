"""Documents and people as a client reads them: lines behind headers, an enum in a key (wire.md 2.2, 2.3)."""

from __future__ import annotations

import pytest

from tests.local.finops.finops_business import CDS_PERSONS, LINES, header, header_at, line, line_at, person
from tests.local.finops.finops_simulated import Finops

CUSTOMER = "Microsoft.Dynamics.DataEntities.SmmContactPersonCdsAssociatedContactType'Customer'"


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture
def quoted(finops: Finops) -> Finops:
    """Quotation Q1 with lines 1 and 2, Q2 with line 1."""
    assert header(finops).status_code == header(finops, SalesQuotationNumber="Q2").status_code == 201
    for quotation, number in (("Q1", 2), ("Q1", 1), ("Q2", 1)):
        assert line(finops, SalesQuotationNumber=quotation, LineCreationSequenceNumber=number).status_code == 201
    return finops


def test_a_quotation_is_read_with_its_lines_and_a_line_with_its_quotation(quoted: Finops) -> None:
    row = quoted.get(f"{header_at('q1')}?$expand=CDSSalesQuotationLines").json()
    assert [one["LineCreationSequenceNumber"] for one in row["CDSSalesQuotationLines"]] == [2, 1]
    expand = "CDSSalesQuotationHeader($select=SalesQuotationName)"
    assert (
        quoted.get(f"{line_at(2)}?$expand={expand}").json()["CDSSalesQuotationHeader"]["SalesQuotationName"] == "Bikes"
    )
    page = quoted.get(
        "/data/CDSSalesQuotationHeaders?$expand=CDSSalesQuotationLines&$select=SalesQuotationNumber"
    ).json()
    assert [(one["SalesQuotationNumber"], len(one["CDSSalesQuotationLines"])) for one in page["value"]] == [
        ("Q1", 2), ("Q2", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("LineCreationSequenceNumber eq 1", ["Q1", "Q2"]),
        ("SalesQuotationNumber eq 'q1'", ["Q1", "Q1"]),
        ("(SalesQuotationNumber eq 'Q1' and LineCreationSequenceNumber eq 2)", ["Q1"]),
        ("SalesQuotationStatus ne Microsoft.Dynamics.DataEntities.SalesQuotationStatus'Created'", []),
    ],
)
def test_lines_are_found_by_the_parts_of_their_key(quoted: Finops, condition: str, found: list[str]) -> None:
    page = quoted.get(LINES, params={"$filter": condition}).json()
    assert sorted(row["SalesQuotationNumber"] for row in page["value"]) == found


def test_a_contact_is_found_by_the_enum_in_its_key_and_read_at_its_own_address(finops: Finops) -> None:
    assert person(finops).status_code == 201
    (row,) = finops.get(CDS_PERSONS, params={"$filter": f"AssociatedContactType eq {CUSTOMER}"}).json()["value"]
    assert (row["AssociatedContactType"], row["AssociatedContactNumber"]) == ("Customer", "C1")
    (whole,) = finops.get(CDS_PERSONS, headers={"Accept": "application/json;odata.metadata=full"}).json()["value"]
    assert CUSTOMER in whole["@odata.id"]
    assert finops.get(whole["@odata.id"]).json()["LastName"] == "Lovelace"
