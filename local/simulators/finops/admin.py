"""The admin addresses that only this simulator has, on top of the shared ones of `control`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.finops import people
from local.simulators.finops.world import World
from local.simulators.odata.control import Control, answer, refusal
from local.simulators.odata.filter_values import fold
from local.simulators.odata.jsontext import loads


def routes(control: Control, world: World, restart: Callable[[], None]) -> list[Route]:
    """All admin addresses.

    `/admin/states` holds the state lists; `/admin/restart` calls `restart`, after which the service is as slow as one
    that was just started, with all of its rows.
    """

    async def get_states(_: Request) -> Response:
        return answer({country: sorted(known) for country, known in world.states.items()})

    async def set_states(request: Request) -> Response:
        try:
            lists = loads(await request.body())
            wanted = {str(country).upper(): frozenset(map(fold, codes)) for country, codes in lists.items()}
        except (ValueError, TypeError, AttributeError):
            return refusal('Send state codes by country, such as {"US": ["WA", "OR"]}; {} removes every list.')
        world.states.clear()
        world.states.update(wanted)
        return await get_states(request)

    async def start_anew(_: Request) -> Response:
        restart()
        return answer({"restarted": control.now()})

    return [
        Route("/admin/states", get_states),
        Route("/admin/states", set_states, methods=["POST"]),
        Route("/admin/restart", start_anew, methods=["POST"]),
        *people.routes(world),
        *control.routes(),
    ]


def stored(world: World, set_name: str) -> Iterator[Mapping[str, Any]] | None:
    """The rows of a set as stored, with the notes that no client sees; None when there is no such set."""
    table = world.store.tables.get(set_name)
    return None if table is None else ({**row.whole(), **row.notes} for row in table.rows.values())
