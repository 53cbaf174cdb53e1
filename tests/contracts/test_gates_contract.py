"""Gates: a system that asked to be left alone is left alone by every process (promise 6)."""

from __future__ import annotations

import math
import time

from tests.contracts.contract_stores import Stores


def test_a_gate_that_nobody_shut_is_open(stores: Stores) -> None:
    assert stores.gates.delay("sales") == 0.0


def test_a_shut_gate_names_the_seconds_left_and_the_other_system_stays_open(stores: Stores) -> None:
    stores.gates.shut("sales", 1000)

    assert 990 < stores.gates.delay("sales") <= 1001
    assert stores.gates.delay("finops") == 0.0


def test_a_later_end_that_is_set_stays(stores: Stores) -> None:
    stores.gates.shut("finops", 1000)
    stores.gates.shut("finops", 10)
    assert stores.gates.delay("finops") > 900

    stores.gates.shut("finops", 5000)
    assert stores.gates.delay("finops") > 4900


def test_another_process_learns_of_it_within_a_second(stores: Stores) -> None:
    other = stores.another_process()
    assert other.gates.delay("sales") == 0.0
    stores.gates.shut("sales", 1000)

    deadline = time.monotonic() + 30
    while other.gates.delay("sales") == 0.0 and time.monotonic() < deadline:
        time.sleep(0.05)

    assert other.gates.delay("sales") > 900


def test_a_gate_opens_when_the_time_is_over(stores: Stores) -> None:
    stores.gates.shut("sales", -5)
    assert stores.gates.delay("sales") == 0.0


def test_it_is_known_for_how_long_a_gate_is_open_again(stores: Stores) -> None:
    assert stores.gates.opened("sales") == math.inf

    stores.gates.shut("sales", 1000)
    assert stores.gates.opened("sales") == 0.0

    stores.gates.shut("finops", -5)
    stores.gates.delay("finops")
    assert 4 < stores.gates.opened("finops") < 900
