"""How long reference data are believed: what did not fit is asked for anew, what was found is not used for long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pytest

from sync.errors import DataError, NotReady
from sync.facts import BatchFacts
from sync.mapping import Mapped, Plan, compile_plans, load_all
from sync.model import Record, Scalar, System, Values
from sync.references import KEEP, PATIENCE, References
from sync.stores.memory.clock import MemoryClock
from tests.shipped import shipped_mappings

SECONDS, LONG = PATIENCE.total_seconds(), KEEP.total_seconds()
USD, GROUP, OTHER = "c-usd", "g-1", "g-2"
SPEAKER: Mapping[str, Scalar] = {
    "dataAreaId": "usmf",
    "ProductNumber": "D0001",
    "ProductName": "Speaker",
    "SalesUnitSymbol": "ea",
    "CurrencyCode": "USD",
    "IsSalesStopped": "No",
}


class Sales:
    """Reference data that people mend; `asked` counts how often each set is read."""

    def __init__(self) -> None:
        self.price_list: dict[str, Scalar | None] = {
            "pricelevelid": "l-1",
            "name": "Standard",
            "statecode": 0,
            "_transactioncurrencyid_value": USD,
        }
        self.sets: dict[str, list[Values]] = {
            "uomschedules": [{"uomscheduleid": GROUP, "name": "Default Unit"}],
            "uoms": [{"uomid": "u-1", "name": "ea", "_uomscheduleid_value": GROUP}],
            "transactioncurrencies": [{"transactioncurrencyid": USD, "isocurrencycode": "USD"}],
            "pricelevels": [self.price_list],
        }
        self.asked: Counter[str] = Counter()

    def rows(self, system: System, set: str, columns: Sequence[str]) -> list[Values]:
        assert system == "sales"
        self.asked[set] += 1
        return [{column: row.get(column) for column in columns} for row in self.sets[set]]


class Mapper:
    """Products mapped as the flow does it, by one process."""

    def __init__(self) -> None:
        self.sales, self.clock = Sales(), MemoryClock()
        result = load_all(shipped_mappings())
        products = result.mappings["products"]
        assert not isinstance(products, Exception)
        self.plan: Plan = compile_plans(products, result.maps, {"company": "usmf"})[0]
        self.tables = References(self.plan.references, self.sales.rows, self.clock)

    def map(self) -> Mapped:
        facts = BatchFacts(self.tables, None, None, self.clock)  # type: ignore[arg-type]
        return self.plan.map(Record("1", "", dict(SPEAKER)), facts)

    def refused(self) -> DataError | NotReady | None:
        try:
            self.map()
        except (DataError, NotReady) as error:
            return error
        return None

    def refusal(self) -> str:
        error = self.refused()
        return error.code if error is not None else ""

    def reads(self) -> int:
        return self.sales.asked.total()


def ended(sales: Sales) -> Callable[[], None]:
    sales.price_list["enddate"] = "2025-12-31T00:00:00Z"
    return lambda: sales.price_list.update(enddate=None)


def inactive(sales: Sales) -> Callable[[], None]:
    sales.price_list["statecode"] = 1
    return lambda: sales.price_list.update(statecode=0)


def unit_of_another_group(sales: Sales) -> Callable[[], None]:
    (unit,) = sales.sets["uoms"]
    sales.sets["uoms"] = [{**unit, "_uomscheduleid_value": OTHER}]
    return lambda: sales.sets["uoms"].append({**unit, "uomid": "u-2"})


@pytest.mark.parametrize(
    ("breaks", "code"),
    [(ended, "no-price-list"), (inactive, "no-price-list"), (unit_of_another_group, "unit-not-mapped")],
)
def test_what_is_mended_is_seen_as_soon_as_what_is_new(
    breaks: Callable[[Sales], Callable[[], None]], code: str
) -> None:
    using = Mapper()
    mend = breaks(using.sales)
    assert using.refusal() == code
    mend()
    using.clock.advance(SECONDS - 1)
    assert using.refusal() == code
    using.clock.advance(1)
    assert using.map().steps[0].trouble is None


def test_many_records_that_miss_the_same_row_do_not_read_the_set_again_and_again() -> None:
    using = Mapper()
    ended(using.sales)
    for _ in range(100):
        assert using.refusal() == "no-price-list"
    assert set(using.sales.asked.values()) == {1}
    using.clock.advance(SECONDS)
    for _ in range(100):
        assert using.refusal() == "no-price-list"
    assert using.sales.asked == {"uomschedules": 1, "uoms": 1, "transactioncurrencies": 1, "pricelevels": 2}


def test_a_row_that_was_found_is_believed_for_minutes_and_read_once_in_that_time() -> None:
    using = Mapper()
    using.map()
    inactive(using.sales)
    using.clock.advance(LONG - 1)
    for _ in range(100):
        using.map()
    assert using.reads() == len(using.sales.sets)
    using.clock.advance(1)
    assert using.refusal() == "no-price-list"
    assert using.reads() == 2 * len(using.sales.sets)
    assert KEEP.total_seconds() <= 600


def test_the_day_is_the_clocks() -> None:
    using = Mapper()
    using.sales.price_list["enddate"] = "2026-01-01T00:00:00Z"
    assert using.clock.now().date() == date(2026, 1, 1)
    using.map()
    using.clock.advance(24 * 3600)
    assert using.refusal() == "no-price-list"


NONE = 'pricelevels has no row with transactioncurrencyid "USD" and statecode 0 that is valid today'


@pytest.mark.parametrize(
    ("wrong", "why", "change"),
    [
        ({"enddate": "2020-12-31T00:00:00Z"}, '"Standard" ended on 2020-12-31', "dates"),
        ({"begindate": "2027-01-01T00:00:00Z"}, '"Standard" begins on 2027-01-01', "dates"),
        ({"statecode": 1}, '"Standard" has statecode 1', "statecode"),
        ({"statecode": None}, '"Standard" has no statecode', "statecode"),
        (
            {"statecode": 1, "enddate": "2020-12-31T00:00:00Z"},
            '"Standard" has statecode 1 and ended on 2020-12-31',
            "statecode and dates",
        ),
    ],
)
def test_a_row_that_nearly_fits_is_named_with_what_keeps_it_from_fitting(
    wrong: Mapping[str, Scalar | None], why: str, change: str
) -> None:
    using = Mapper()
    using.sales.price_list.update(wrong)
    using.sales.sets["pricelevels"].append({**using.sales.price_list, "pricelevelid": "l-2", "name": "Zloty"})
    error = using.refused()
    assert error is not None
    assert error.what == f"{NONE}: {why}."
    assert error.remedy == f"Change its {change}, or add another to pricelevels."


def test_where_none_nearly_fits_one_is_to_be_added() -> None:
    using = Mapper()
    using.sales.sets["pricelevels"] = []
    error = using.refused()
    assert error is not None
    assert (error.what, error.remedy) == (f"{NONE}.", "Add it to pricelevels.")
