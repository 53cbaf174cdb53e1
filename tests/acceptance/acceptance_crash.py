"""A host that dies at the worst moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from sync.model import LineLink, Link, Tally
from sync.stores.tables import TableLinks
from tests.acceptance.acceptance_host import Killed

SHORT_LEASE = {"CONNECT_TIMEOUT": "0.1", "READ_TIMEOUT": "0.4", "LEASE_SECONDS": "2"}
"""A lease that outlasts a request by little, so that a test can wait for its end."""


def kill_before_remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first delivery that has written to F&O dies before it stores a link with its tally."""
    real = TableLinks.write
    deaths = iter([True])

    def write(self: TableLinks, mapping: str, partition: int, links: Sequence[Link], tally: Tally | None = None,
              lines: Mapping[str, Sequence[LineLink]] | None = None) -> list[Link]:  # fmt: skip
        if tally is not None and tally.outcomes and next(deaths, False):
            raise Killed
        return real(self, mapping, partition, links, tally, lines)

    monkeypatch.setattr(TableLinks, "write", write)
