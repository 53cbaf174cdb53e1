"""The commands that write generated files say what they are for, and write nowhere but in the project's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = {
    "sync.refresh": ("local.settings.example.json", "docs/reference/settings.md"),
    "sync.mapping.refresh": ("mappings/schema", "docs/reference/mapping-language.md"),
}


def run(module: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", WRITTEN)
def test_help_names_what_is_written_and_when_to_run_it(module: str) -> None:
    done = run(module, "--help", folder=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"python -m {module}" in done.stdout
    assert all(name in done.stdout for name in WRITTEN[module])
    assert "Run it in the project's folder after a change" in done.stdout


@pytest.mark.parametrize("module", WRITTEN)
def test_elsewhere_nothing_is_written(module: str, tmp_path: Path) -> None:
    done = run(module, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path} is not the project's folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_each_file_that_was_changed_is_told(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    first, second = (run("sync.refresh", folder=tmp_path) for _ in range(2))
    assert (first.returncode, first.stdout.split()) == (0, list(WRITTEN["sync.refresh"]))
    assert (second.returncode, second.stdout) == (0, "")
