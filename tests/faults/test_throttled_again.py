"""Both systems ask to be left alone, one after the other, while hosts are at work (promises 1, 2, 5, 6)."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.__main__ import main


def test_under_throttles_of_both_systems_all_arrives_and_nothing_is_poisoned(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    options = ["--minutes", "0.2", "--records", "200", "--hosts", "2", "--seed", "3", "--json", str(file)]

    CliRunner().invoke(main, ["throttle", *options], catch_exceptions=False)

    found = json.loads(file.read_text(encoding="utf-8"))
    # A machine that stands still may hold one request of each host between the gate and the wire: it is told, here too.
    assert [told for told in found["broken"] if "started before the time" not in told] == []
    assert found["throttles"]["sales"] >= 1
    assert found["systems"]["sales"]["rejected_429"] >= 1
    assert found["poisoned"] == 0
    assert all(system["too_early"] <= found["hosts"] for system in found["systems"].values())
