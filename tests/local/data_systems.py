"""Both simulators, fresh, and a data folder that is entered into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from starlette.types import ASGIApp, Receive, Scope, Send

from local.data.enter import clerk, enter, seller
from local.data.folder import DataFolder
from local.data.quotes import enter_quotes
from local.simulators.dataverse.app import create_app as create_sales
from local.simulators.finops.app import create_app as create_finops
from local.simulators.odata.serve import serve_in_thread

ADVENTUREWORKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "adventureworks-lt"
KEY = b"the key of this test's tokens"


class Systems:
    """The addresses of both simulators."""

    def __init__(self, sales: str, finops: str) -> None:
        self.sales = seller(sales, KEY)
        self.finops = clerk(finops, KEY)
        self._bases = {"sales": sales, "finops": finops}

    def enter(self, folder: Path) -> dict[str, int]:
        """Enter everything but quotes."""
        return enter(DataFolder(folder), self.sales, self.finops)

    def enter_quotes(self, folder: Path) -> dict[str, int]:
        """Enter the quotes."""
        return enter_quotes(DataFolder(folder), self.sales)

    def rows(self, system: str, set: str) -> list[dict[str, Any]]:
        """The rows of a set as stored."""
        found: list[dict[str, Any]] = requests.get(f"{self._bases[system]}/admin/rows/{set}", timeout=30).json()
        return found


class _Swap:
    """An ASGI application behind which another one can be put while the server runs: starting one costs more."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def both_systems() -> Iterator[Callable[[], Systems]]:
    """Two servers and the function that puts fresh simulators behind them."""
    sales, finops = _Swap(), _Swap()
    with serve_in_thread(sales) as sales_base, serve_in_thread(finops) as finops_base:

        def fresh() -> Systems:
            sales.app, finops.app = create_sales(token_key=KEY), create_finops(token_key=KEY)
            return Systems(sales_base, finops_base)

        yield fresh


def same(text: str, value: Any) -> bool:
    """Whether a stored value is what the field of a file says."""
    if not text:
        return value in (None, "")
    if isinstance(value, bool):
        return text.casefold() in (("true", "1", "yes") if value else ("false", "0", "no"))
    if isinstance(value, int | float):
        return Decimal(text) == Decimal(str(value))
    return bool(text.casefold() == str(value).casefold())
