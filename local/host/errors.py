"""What stops the host."""

from __future__ import annotations

from collections.abc import Sequence


class HostError(Exception):
    """The app or its settings cannot be run as they are.

    `problems` holds one sentence for each: what is wrong, where, and how to mend it.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems
