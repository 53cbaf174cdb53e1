"""The benchmark of quotes at a tiny size: every figure that it promises, and none of a wrong result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import quotes
from benchmarks.__main__ import main
from local.data.enter import Api
from local.data.folder import DataFolder
from local.data.quotes import enter_quotes

QUOTES, LINES, REVISED = 30, 3, 3
COSTS = {"sales_requests", "finops_requests", "queue_operations", "table_operations", "cpu_ms"}
PHASES = {"first": QUOTES, "unchanged": QUOTES, "revised": REVISED}


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["quotes", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The figures and what was printed; all quotes are in one message."""
    file = tmp_path_factory.mktemp("quotes") / "figures.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quotes, "SETTINGS", {**quotes.SETTINGS, "LINK_PARTITIONS": "1"})
        status, output = run("--quotes", str(QUOTES), "--lines", str(LINES), "--json", file)
    assert status == 0, output
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found, output


def test_it_gives_every_figure_of_every_phase_for_each_quote_and_each_line(
    measured: tuple[dict[str, Any], str],
) -> None:
    figures, output = measured
    for name, records in PHASES.items():
        phase = figures[name]
        assert phase["records"] == records
        assert phase["seconds"] > 0
        assert phase["peak_rss_mb"] > 10
        assert set(phase["per_quote"]) == set(phase["per_line"]) == COSTS
        asked = sum(phase["requests"]["sales"].values())
        assert phase["per_quote"]["sales_requests"] == pytest.approx(asked / records, abs=0.001)
        assert phase["per_line"]["sales_requests"] == pytest.approx(asked / records / LINES, abs=0.001)
    assert figures["ratios"]["rows_per_request"] > 1
    assert figures["one_by_one"]["requests"] == 25 * (1 + LINES)
    for shown in ("Sales requests per quote", "F&O requests per line", "host CPU, ms per line", "F&O: POST $batch"):
        assert shown in output


def test_every_row_is_written_once_and_of_a_revision_the_line_that_changed(
    measured: tuple[dict[str, Any], str],
) -> None:
    figures, _ = measured
    assert [figures[name]["writes"] for name in PHASES] == [QUOTES * (1 + LINES), 0, REVISED]
    assert figures["first"]["operations"]["finops"] == QUOTES * (1 + LINES)
    assert figures["idle_tick"]["requests"] == {"sales": {"GET quotes": 1}, "finops": {}}


def test_no_step_is_one_request_a_quote_or_a_line(measured: tuple[dict[str, Any], str]) -> None:
    first = measured[0]["first"]["requests"]
    assert first["sales"]["GET quotedetails"] == 1
    assert first["finops"]["GET CDSSalesQuotationHeaders"] == 1
    assert first["finops"]["POST $batch"] == -(-QUOTES * (1 + LINES) // 96)  # 24 documents of 4 rows are a batch


def test_figures_are_refused_where_f_o_lacks_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes, "enter_quotes", entered_without_the_last_line)
    status, output = run("--quotes", "2", "--lines", "2", "--quiet")
    assert status == 2
    assert "WrongResult: F&O holds 2 quotations with 3 lines; 1 are not as in Sales" in output


def entered_without_the_last_line(folder: DataFolder, sales: Api) -> dict[str, int]:
    """A seller forgets a line of the last quote."""
    folder.rows("quotedetails").pop()
    return enter_quotes(folder, sales)
