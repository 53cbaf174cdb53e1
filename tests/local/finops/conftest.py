"""A fresh F&O simulator for every test, one server for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.local.finops.finops_business import stock
from tests.local.finops.finops_simulated import Finops, simulators


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[], Finops]]:
    """Puts a fresh simulator behind the server of the module."""
    with simulators() as fresh:
        yield fresh


@pytest.fixture
def finops(fresh: Callable[[], Finops]) -> Finops:
    """A simulator with reference data only."""
    return fresh()


@pytest.fixture
def stocked(finops: Finops) -> None:
    """The simulator of the test has units, products and a customer."""
    stock(finops)
