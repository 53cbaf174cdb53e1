"""The sample of the local world, with its oddities: its flows can run, and what is odd is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.data.enter import enter
from local.data.folder import DataFolder
from local.data.generate import sample
from sync.app import check_live
from tests.acceptance.acceptance_servers import Servers
from tests.acceptance.acceptance_world import World
from tests.live.live_world import errors, missing, warnings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def test_the_sample_has_no_error_and_its_oddities_are_told(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", servers.identity_url)
    monkeypatch.setenv("IDENTITY_HEADER", servers.identity_header)
    world = World(servers)
    sample(tmp_path / "sample")
    enter(DataFolder(tmp_path / "sample"), world.sales, world.finops)
    found = check_live(world.environment)
    assert errors(found) == []
    assert not missing(warnings(found), ["(unit-not-mapped)", "has no value (unit-not-mapped)", "(no-price-list)",
                                         "P9: transactioncurrencies", "A10: records refer to"])  # fmt: skip
