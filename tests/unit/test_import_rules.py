"""Who may import whom (design.md, The house): an arrow that is not in the table is a mistake."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CORE = {"model", "keys", "errors", "ports"}
ENGINE = {
    *("detect", "apply", "judge", "matching", "outcomes", "compare", "claims", "holding", "writing", "remember"),
    *("retry", "work", "totals", "sweep", "facts", "steps", "snapshot", "rounds", "brakes", "braked", "known"),
    *("blame", "pulse", "pausing", "storm", "desk", "flow_issues", "recovery", "lines", "documents", "revisions"),
    *("drift", "differences", "comparison", "daily", "deployment"),
}
OUTSIDE = {"azure", "requests", "msal", "os", "environ"}


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "apps" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms(path: Path) -> set[str]:
    """Second parts of what a module of `sync` imports from `sync`: "model", "stores", ..."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("sync.")}


def outside(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)} & OUTSIDE


def test_only_function_app_imports_azure_functions() -> None:
    for folder in ("sync", "local", "benchmarks"):
        for path in modules(folder):
            assert not [name for name in imported(path) if name.startswith("azure.functions")], path
    assert any(name.startswith("azure.functions") for name in imported(ROOT / "function_app.py"))


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_knows_no_storage_no_http_and_no_environment(name: str) -> None:
    path = ROOT / "sync" / f"{name}.py"
    assert rooms(path) <= CORE | ENGINE | {"mapping"}, path
    assert not outside(path), path
    plan = {each for each in imported(path) if each.startswith("sync.mapping")}
    assert all(each.startswith("sync.mapping.plan") for each in plan), path


def test_the_core_knows_nothing_but_itself() -> None:
    for name in CORE:
        path = ROOT / "sync" / f"{name}.py"
        assert rooms(path) <= CORE, path
        assert not outside(path), path


def test_mapping_is_pure_but_for_reading_its_files() -> None:
    for path in modules("sync/mapping"):
        assert rooms(path) <= CORE | {"mapping"}, path
        assert not outside(path), path


@pytest.mark.parametrize("room", ["systems", "stores"])
def test_systems_and_stores_know_neither_each_other_nor_mapping(room: str) -> None:
    for path in modules(f"sync/{room}"):
        assert rooms(path) <= CORE | {room}, path
        assert "os" not in outside(path), path


def test_the_live_check_knows_the_systems_by_protocols_alone() -> None:
    for path in modules("sync/live"):
        assert rooms(path) <= CORE | {"mapping", "live"}, path
        assert not outside(path), path


def test_outside_reaches_the_engine_through_the_app_alone() -> None:
    for path in [ROOT / "function_app.py", *modules("local")]:
        reached = {name for name in imported(path) if name.startswith("sync")}
        assert all(name.startswith("sync.app") for name in reached), (path, reached)
    for path in [*(ROOT / "sync" / f"{name}.py" for name in ("cli", "issue_text")), *modules("sync/commands")]:
        reached = {name for name in imported(path) if name.startswith("sync")}
        known = ("sync.app", "sync.errors", "sync.issue_text", "sync.commands")
        assert all(name.startswith(known) for name in reached), reached


def test_simulators_share_nothing_with_the_app() -> None:
    for path in modules("local/simulators"):
        assert not [name for name in imported(path) if name.split(".")[0] == "sync"], path


def test_what_is_deployed_needs_only_the_runtime_requirements() -> None:
    named = {"azure", "requests", "msal", "pydantic", "yaml"}
    brought = {"urllib3", "pydantic_core"}  # parts of requests and of pydantic
    runtime = named | brought | {"sync"}
    cli = {"click", "rich"}
    for path in [ROOT / "function_app.py", *modules("sync")]:
        tops = {name.split(".")[0] for name in imported(path)} - _standard_library()
        of_cli = path.name == "cli.py" or path.parent.name == "commands"
        assert tops <= runtime | (cli if of_cli else set()), (path, tops)


def _standard_library() -> set[str]:
    import sys

    return set(sys.stdlib_module_names)
