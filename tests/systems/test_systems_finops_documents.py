"""A document and its lines go to F&O in one change set: all of it is written or nothing, and none is cut in two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

import pytest

from sync.errors import Unsure
from sync.model import EntityRef, Scalar
from sync.ports import LineWrite, Missing, Refused, Write, Written
from sync.systems.finops import FinOpsSystem
from tests.systems.conftest import FinOpsWorld
from tests.systems.systems_world import Scripted, customer
from tests.systems.test_systems_finops_batches import answers, part

HEADERS = EntityRef("finops", "CDSSalesQuotationHeaders", ("dataAreaId", "SalesQuotationNumber"))
LINES = EntityRef(
    "finops", "CDSSalesQuotationLines", ("dataAreaId", "LineCreationSequenceNumber", "SalesQuotationNumber")
)


@pytest.fixture
def trading(finops_world: FinOpsWorld) -> FinOpsWorld:
    """An F&O that sells bikes to customer C0001."""
    ask = finops_world.admin.ask
    ask("POST", "/data/UnitsOfMeasure", {"UnitSymbol": "ea", "UnitClass": "Quantity"})
    bike = {
        "ProductNumber": "BK-1",
        "ProductName": "Bike",
        "ProductType": "Item",
        "SalesPrice": 100,
        "CurrencyCode": "USD",
        "SalesUnitSymbol": "ea",
    }
    ask("POST", "/admin/products", [bike])
    finops_world.system.write(finops_customers(), [customer(1)])
    return finops_world


def finops_customers() -> EntityRef:
    return EntityRef("finops", "CustomersV3", ("dataAreaId", "CustomerAccount"))


def key(number: str) -> dict[str, Scalar]:
    return {"dataAreaId": "usmf", "SalesQuotationNumber": number}


def line(number: str, at: int, kind: Literal["create", "update", "delete"] = "create", **values: Any) -> LineWrite:
    good: Mapping[str, Any] = {
        "ProductNumber": "BK-1",
        "RequestedSalesQuantity": 3,
        "SalesPrice": Decimal(100),
        "SalesUnitSymbol": "ea",
    }
    sent = {**good, **values} if kind == "create" else values
    return LineWrite(kind, {**key(number), "LineCreationSequenceNumber": at}, sent)


def quotation(number: str, *lines: LineWrite, **values: Any) -> Write:
    good = {"RequestingCustomerAccountNumber": "C0001", "SalesQuotationName": f"Bikes {number}"}
    return Write("create", key(number), {**good, **values}, lines, LINES)


def change(number: str, *lines: LineWrite, **values: Any) -> Write:
    return Write("update", key(number), values, lines, LINES)


def stored(world: FinOpsWorld) -> dict[tuple[str, int], tuple[float, float]]:
    """Quantity and amount of every line."""
    return {
        (row["SalesQuotationNumber"], row["LineCreationSequenceNumber"]): (
            row["RequestedSalesQuantity"],
            row["LineAmount"],
        )
        for row in world.admin.stored(LINES.set)
    }


def test_a_quotation_comes_with_its_lines_and_answers_with_their_amounts(trading: FinOpsWorld) -> None:
    discount: dict[str, Any] = {"LineDiscountAmount": Decimal("3.33"), "FixedPriceCharges": Decimal("-0.01")}
    (result,) = trading.system.write(HEADERS, [quotation("Q1", line("Q1", 1, **discount), line("Q1", 2))])
    assert isinstance(result, Written)
    assert result.values["SalesQuotationName"] == "Bikes Q1"
    amounts = [row["LineAmount"] for row in result.lines]
    assert [Decimal(str(amount)) for amount in amounts] == [Decimal(290), Decimal(300)]
    assert stored(trading) == {("Q1", 1): (3, 290), ("Q1", 2): (3, 300)}


def test_lines_are_added_changed_and_removed_with_and_without_their_header(trading: FinOpsWorld) -> None:
    trading.system.write(HEADERS, [quotation("Q1", line("Q1", 1), line("Q1", 2))])
    lines = (
        line("Q1", 1, "update", RequestedSalesQuantity=5),
        line("Q1", 2, "delete"),
        line("Q1", 3),
    )
    (result,) = trading.system.write(HEADERS, [change("Q1", *lines)])
    assert isinstance(result, Written)
    assert (result.values, [bool(row) for row in result.lines]) == ({}, [False, False, True])
    assert stored(trading) == {("Q1", 1): (5, 500), ("Q1", 3): (3, 300)}

    more = change("Q1", line("Q1", 3, "delete"), SalesQuotationName="One bike")
    assert trading.system.write(HEADERS, [more]) == [Written({}, ({},))]
    assert trading.admin.stored(HEADERS.set)[0]["SalesQuotationName"] == "One bike"
    assert stored(trading) == {("Q1", 1): (5, 500)}


@pytest.mark.parametrize("after", ["run", "stop"])
@pytest.mark.parametrize("status", ["500", "own"])
def test_a_line_that_is_refused_takes_its_whole_document_back_and_no_other(
    trading: FinOpsWorld, after: str, status: str
) -> None:
    trading.admin.switch(after_failed_change_set=after, change_set_error_status=status)
    bad = [line("Q2", at, ProductNumber="NOT-OURS" if at == 7 else "BK-1") for at in range(1, 21)]
    writes = [quotation("Q1", line("Q1", 1)), quotation("Q2", *bad), quotation("Q3", line("Q3", 1))]
    first, second, third = trading.system.write(HEADERS, writes)
    assert isinstance(first, Written)
    assert isinstance(third, Written)
    assert isinstance(second, Refused)
    assert "NOT-OURS" not in second.text
    assert [row["SalesQuotationNumber"] for row in trading.admin.stored(HEADERS.set)] == ["Q1", "Q3"]
    assert stored(trading).keys() == {("Q1", 1), ("Q3", 1)}


def test_a_line_that_is_gone_is_told_from_a_document_that_is(trading: FinOpsWorld) -> None:
    trading.system.write(HEADERS, [quotation("Q1", line("Q1", 1))])
    results = trading.system.write(
        HEADERS,
        [
            change("Q1", line("Q1", 1, "update", RequestedSalesQuantity=4), line("Q1", 2, "update", SalesPrice=1)),
            change("Q9", line("Q9", 1, "delete")),
            change("Q1", line("Q1", 1, "update", ProductNumber="NOT-OURS"), SalesQuotationName="Refused"),
        ],
    )
    assert results[:2] == [Missing(line=True), Missing()]
    assert isinstance(results[2], Refused)
    assert stored(trading) == {("Q1", 1): (3, 300)}


def test_a_request_holds_as_many_documents_as_its_operations_allow(trading: FinOpsWorld) -> None:
    system = trading.connected(trading.admin.base, records_per_batch=10)
    numbers = [f"Q{number}" for number in range(6)]
    small = [quotation(number, line(number, 1), line(number, 2)) for number in numbers]
    big = quotation("BIG", *(line("BIG", at) for at in range(1, 41)))
    results = system.write(HEADERS, [*small[:3], big, *small[3:]])
    assert all(isinstance(result, Written) for result in results)
    assert system.requests_sent == 3
    assert len(stored(trading)) == 52


def test_a_change_set_with_too_few_answers_proves_nothing(
    script: Scripted, scripted_finops: Callable[..., FinOpsSystem]
) -> None:
    answers(script, [part(204)])
    with pytest.raises(Unsure, match="2 writes of one change set got 1 answers"):
        scripted_finops().write(HEADERS, [change("Q1", line("Q1", 1, "delete"), SalesQuotationName="a")])


def test_an_answer_that_is_lost_is_not_known(trading: FinOpsWorld) -> None:
    trading.admin.fault({"drop": "after"}, path="$batch")
    with pytest.raises(Unsure):
        trading.system.write(HEADERS, [quotation("Q1", line("Q1", 1))])
    assert stored(trading) == {("Q1", 1): (3, 300)}
