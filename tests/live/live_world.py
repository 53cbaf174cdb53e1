"""What the tests of the live check stand on: both simulators, and copies of the shipped mappings with a change in them.

Most tests change the mappings and leave the systems alone, so what the systems say of their tables is read once.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from sync.app import App
from sync.live.check import check_live
from sync.live.findings import Finding
from sync.live.ports import Table
from sync.live_systems import LiveSystems
from sync.mapping import load_all
from sync.model import System
from sync.settings import mapping_settings
from tests.acceptance.acceptance_trade import Trade
from tests.acceptance.acceptance_world import ROOT, World
from tests.shipped import shipped_mappings

type Edit = tuple[str, str, str]
"""A file, a text of it, and what stands in its place."""

_EXAMPLE = "examples: [{name: none, expect: {lacks: []}}]\n"


class Remembering(LiveSystems):
    """The real systems; what they say of their tables is remembered from check to check."""

    def __init__(self, app: App) -> None:
        super().__init__(app.connections)
        self._known: dict[tuple[System, str], Table | None] = {}

    def tables(self, system: System, sets: Collection[str]) -> Mapping[str, Table | None]:
        missing = [name for name in sets if (system, name) not in self._known]
        if missing:
            found = super().tables(system, missing)
            self._known.update({(system, name): table for name, table in found.items()})
        return {name: self._known[system, name] for name in sets}


class Checking:
    """A world in which all is well for the shipped mappings."""

    def __init__(self, world: World) -> None:
        self.world, self.trade = world, Trade(world).open()
        self.trade.release("P1")
        world.account("C1", "Contoso")
        self.systems = Remembering(App(world.environment, ROOT))

    def check(self, folder: Path, *edits: Edit, **settings: str) -> list[Finding]:
        """What is found for the shipped mappings with these changes, under settings as `ACCOUNTS__SITE`."""
        environment = {**self.world.environment, **settings}
        mappings = copied(folder, *edits)
        loaded = load_all(mappings)
        assert not loaded.problems, loaded.problems
        return check_live(loaded, mapping_settings(environment), self.systems, lambda _: True)


def copied(folder: Path, *edits: Edit) -> Path:
    """The shipped mappings in a folder of their own, with these changes, and without their examples: it is faster."""
    mappings = folder / "mappings"
    shutil.copytree(shipped_mappings(), mappings, ignore=shutil.ignore_patterns("__pycache__"))
    for path in mappings.glob("*.yaml"):
        text, mark, _ = path.read_text(encoding="utf-8").partition("example_defaults:")
        path.write_text(text + (_EXAMPLE if mark else ""), encoding="utf-8")
    for name, old, new in edits:
        path = mappings / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return mappings


def errors(findings: list[Finding]) -> list[str]:
    return [str(each) for each in findings if each.severity == "error"]


def warnings(findings: list[Finding]) -> list[str]:
    return [str(each) for each in findings if each.severity == "warning"]


def line_of(file: str, text: str) -> int:
    """The line of a shipped file that begins with this text."""
    lines = (shipped_mappings() / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(text))


def missing(said: list[str], expected: list[str]) -> list[str]:
    """Those of the expected texts that are in nothing that was said."""
    return [text for text in expected if not any(text in each for each in said)]
