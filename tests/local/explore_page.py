"""The examples of a page: what a reader types, and what the page says that comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of shell, the line of the page on which it stands, and the output that is shown right below, if any."""

    line: int
    commands: str
    shown: str | None

    def fits(self, output: str) -> bool:
        """Whether the output is what is shown; `...` stands for anything in a line, empty lines do not count."""
        if self.shown is None:
            return True
        lines, wanted = _lines(output), _lines(self.shown)
        return len(lines) == len(wanted) and all(map(_fits, wanted, lines))


def examples(page: Path) -> list[Example]:
    """Every block of shell in the order of the page."""
    text = page.read_text(encoding="utf-8")
    blocks = list(_BLOCK.finditer(text))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] == "sh":
            below = following and following[1] != "sh" and not text[block.end() : following.start()].strip()
            shown = following[2] if following and below else None
            found.append(Example(text.count("\n", 0, block.start()) + 1, block[2], shown))
    return found


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _fits(wanted: str, line: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("..."))), line) is not None
