"""Products as F&O shows them: what people released for sale, read-only through the web service (flows.md 2).

The rows are made by people (`people`), who release, change and withdraw products.
"""

from __future__ import annotations

from local.simulators.finops.plain import Plain


class ReadOnly(Plain):
    """An entity that shows records and takes none."""

    def check_writable(self) -> None:
        """Refuse every write."""
        raise self._world.infolog.read_only(self._set)
