"""The admin addresses that only this simulator has, on top of the shared ones of `control`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.finops.world import SWITCHES, World
from local.simulators.odata.control import Control, answer, refusal
from local.simulators.odata.filter_values import fold
from local.simulators.odata.jsontext import loads


def routes(control: Control, world: World) -> list[Route]:
    """All admin addresses. Switches take only the values that they know; `/admin/states` holds the state lists."""

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

    shared = [_checked(route) if route.path == "/admin/switches" else route for route in control.routes()]
    return [Route("/admin/states", get_states), Route("/admin/states", set_states, methods=["POST"]), *shared]


def stored(world: World, set_name: str) -> Iterator[Mapping[str, Any]] | None:
    """The rows of a set as stored, with the notes that no client sees; None when there is no such set."""
    table = world.store.tables.get(set_name)
    return None if table is None else ({**row.whole(), **row.notes} for row in table.rows.values())


def _checked(route: Route) -> Route:
    """The same route, but a switch is never set to a value that means nothing."""
    if "POST" not in (route.methods or ()):
        return route

    async def checked(request: Request) -> Response:
        try:
            wanted = loads(await request.body())
        except ValueError:
            wanted = None
        for name, value in wanted.items() if isinstance(wanted, dict) else ():
            if name in SWITCHES and value not in SWITCHES[name]:
                return refusal(f"Switch {name} is one of {list(SWITCHES[name])}, not {value!r}.")
        response: Response = await route.endpoint(request)
        return response

    return Route(route.path, checked, methods=["POST"])
