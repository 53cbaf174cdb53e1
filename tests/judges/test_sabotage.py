"""The judges can be trusted: a simulator that is broken on purpose does not get past them.

On an honest simulator the same tests pass (they run by themselves), so what they notice here is the fraud.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.judges.frauds import FRAUDS, Case
from tests.judges.judges_world import Community, FinopsClient, Microsoft, World


@pytest.mark.parametrize("case", FRAUDS, ids=lambda case: case.name)
def test_a_broken_simulator_is_noticed(
    case: Case,
    microsoft_world: World[Microsoft],
    community_world: World[Community],
    finops_world: World[FinopsClient],
) -> None:
    worlds: dict[str, World[Any]] = {
        "microsoft": microsoft_world, "community": community_world, "finops": finops_world,
    }  # fmt: skip
    asked_for = next(iter(inspect.signature(case.judge).parameters))
    with worlds[asked_for](case.fraud) as world:
        try:
            case.judge(world)
        except (Exception, pytest.fail.Exception) as noticed:
            print(f"noticed: {noticed!r}")
        else:
            pytest.fail(f"nobody noticed that {case.name}")
