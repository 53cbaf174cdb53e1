"""The benchmarks run at a tiny size, give every figure they promise, and refuse to measure what came out wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import load
from benchmarks.__main__ import main
from local.data.generate import generate as generate_folder
from tests.explorer import judgement

RECORDS = 60
FIGURES = {
    "records",
    "seconds",
    "records_per_second",
    "http_per_1000",
    "storage_per_1000",
    "cpu_ms_per_record",
    "peak_rss_mb",
}


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("load") / "figures.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "SETTINGS", {**load.SETTINGS, "LINK_PARTITIONS": "1"})
        status, output = run("load", "--records", str(RECORDS), "--json", file)
    assert status == 0, output
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_load_gives_every_figure_of_both_phases(figures: dict[str, Any]) -> None:
    for phase in (figures, figures["unchanged"]):
        assert set(phase) >= FIGURES
        assert phase["records"] == RECORDS
        assert set(phase["http_per_1000"]) == {"sales", "finops"}
        assert set(phase["storage_per_1000"]) == {"queue", "table"}
        assert phase["cpu_ms_per_record"] > 0
        assert phase["peak_rss_mb"] > 10


def test_load_writes_every_record_once_and_nothing_when_nothing_changed(figures: dict[str, Any]) -> None:
    assert figures["writes"] == RECORDS
    assert figures["unchanged"]["writes"] == 0
    assert figures["unchanged"]["requests"]["finops"] == {}


def test_a_tick_with_nothing_to_do_asks_once_for_changes(figures: dict[str, Any]) -> None:
    assert figures["idle_tick"]["requests"] == {"sales": {"GET accounts": 1}, "finops": {}}
    assert figures["idle_tick"]["storage"]["table"] > 0


def test_no_step_of_the_path_is_one_request_a_record(figures: dict[str, Any]) -> None:
    """Records of one partition are one message: every step is one request for all of them."""
    feed, message = 4, 2  # ids, load, since, delta; the newest state, records with the same number
    requests = figures["requests"]
    ticks = requests["sales"]["GET accounts"] - feed - message
    assert 0 <= ticks <= 3, "a slow machine may look for changes once more"
    assert requests["finops"]["GET CustomersV3"] == 1
    assert requests["finops"]["POST $batch"] == 1
    assert figures["storage"]["queue"] <= 2 + 6 + 3  # create two queues, ask their depth, one message in and out
    assert figures["storage"]["table"] < RECORDS


def test_figures_of_a_wrong_result_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "generate", with_one_number)
    status, output = run("load", "--records", "3", "--quiet")
    assert status == 2
    assert "duplicate-number" in output


def with_one_number(path: Path, *, accounts: int, troubles: bool) -> None:
    """A folder in which two accounts have one number."""
    generate_folder(path, accounts=accounts, troubles=troubles)
    file = path / "accounts.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("C010002", "C010001"), encoding="utf-8")


def test_explore_gives_what_it_found(tmp_path: Path) -> None:
    file = tmp_path / "worlds.json"
    status, _ = run("explore", "--seeds", "3", "--first", "8", "--json", file)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert status == 0
    kinds = {"quotes": 1, "numbered": 1, "shop": 1}
    assert found == {"worlds": 3, "kinds": kinds, "broken": 0, "seconds": found["seconds"], "failures": []}


def test_a_world_that_breaks_a_promise_or_ends_with_an_error_is_told_by_its_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end(world: object) -> None:
        raise AssertionError("the world does not come to rest")

    monkeypatch.setattr(judgement, "broken_promises", lambda world: ["counts: run a detected 2, its outcomes are 1"])
    status, output = run("explore", "--seeds", "1", "--first", "5")
    assert (status, "seed 5, market" in output, "counts: run a detected 2" in output) == (1, True, True)
    monkeypatch.setattr(judgement, "explore", end)
    status, output = run("explore", "--seeds", "2")
    assert (status, "2 broken" in output, "come to rest" in output) == (1, True, True)
