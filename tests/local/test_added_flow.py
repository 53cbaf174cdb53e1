"""Somebody adds the flow of docs/how-to/add-a-flow.md: the tests about the shipped flows mean those, and still pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from local.world import ROOT
from tests.local.test_add_a_flow import FILE, TEXT

PROJECT = ("sync", "local", "mappings", "docs", "tests", "benchmarks", "function_app.py", "host.json", "pyproject.toml")
PAPERS = ("README.md", "Makefile", "local.settings.example.json")
QUICK = (
    "tests/mappings/test_products_plan.py",
    "tests/mappings/test_shipped_mappings.py",
    "tests/unit/test_docs.py",
    "tests/unit/test_live_plans.py",
    "tests/unit/test_settings.py",
)
"""Tests that read mapping files, without servers."""


def test_a_flow_that_somebody_adds_breaks_no_test_of_the_shipped_ones(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    copy.mkdir()
    for name in (*PROJECT, *PAPERS):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    (copy / "mappings" / "customer_groups.yaml").write_text(dict(FILE.findall(TEXT))["mappings/customer_groups.yaml"])

    def run(*arguments: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=copy, env={}, capture_output=True, text=True, timeout=100
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    run("sync.refresh")  # as the page says
    assert "CUSTOMER_GROUPS_TO_SALES__ENABLED" in (copy / "local.settings.example.json").read_text(encoding="utf-8")
    assert "test_editors_find_the_schema[customer_groups.yaml]" in run("pytest", "-vv", "-p", "no:xdist", *QUICK)
