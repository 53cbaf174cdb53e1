"""The documentation names only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")
TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)
COMMAND = re.compile(r"python -m ([\w.]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module in COMMAND.findall(text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), f"{page.name} names {module}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", text, re.MULTILINE)) <= targets


def test_the_tests_that_hold_the_promises_exist() -> None:
    page = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
    for path in re.findall(r"`(tests/[\w/.]+)`", page):
        assert (ROOT / path).exists(), f"promises.md names {path}"
    defined = {name for file in (ROOT / "tests").rglob("test_*.py") for name in TEST.findall(file.read_text("utf-8"))}
    assert set(re.findall(r"`(test_\w+)`", page)) <= defined


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/decisions").glob("0*.md"):
        assert page.name in index, page.name


def test_who_reads_the_pages_needs_no_other_papers() -> None:
    """The specification is not in the project: pages and editors' hints say the rule itself. Two pages tell what the
    specification is, and where the simulators' behaviour was taken from."""
    hints = sorted((ROOT / "mappings" / "schema").glob("*.json"))
    for page in (*PAGES, *hints):
        if page.relative_to(ROOT) not in (Path("docs/promises.md"), Path("docs/fidelity.md")):
            papers = re.findall(
                r"(?:flows|wire|value-maps|design|functions-host)\.md", page.read_text(encoding="utf-8")
            )
            assert papers == [], f"{page.relative_to(ROOT)} names what its readers do not have"
