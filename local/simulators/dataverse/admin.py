"""What an administrator of the organisation can do to the simulator: change a table, add an alternate key."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.dataverse.columns import Key
from local.simulators.dataverse.keys import KeyDefinitionError
from local.simulators.dataverse.service import Service
from local.simulators.odata.control import answer, refusal
from local.simulators.odata.jsontext import loads


class Admin:
    """The admin addresses that only the Dataverse simulator has."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/admin/schema-change", self._schema_change, methods=["POST"]),
            Route("/admin/keys", self._define_key, methods=["POST"]),
        ]

    async def _schema_change(self, request: Request) -> Response:
        wanted = await _wanted(request)
        table = str(wanted.get("table"))
        if table not in self._service.store.tables:
            return refusal('Send {"table": "<entity set>"} with the name of a table of this simulator.')
        self._service.tracking.schema_changed(table)
        return answer({"table": table})

    async def _define_key(self, request: Request) -> Response:
        """Add an alternate key to a table, or change the status of its index."""
        wanted = await _wanted(request)
        table = self._service.store.tables.get(str(wanted.get("table")))
        columns, name = wanted.get("columns"), wanted.get("name")
        if table is None or not isinstance(columns, list) or not isinstance(name, str):
            return refusal(
                'Send {"table": "<entity set>", "name": "<name>", "columns": ["<column>", ...], "status": "Active"}.'
            )
        try:
            key = Key(name, tuple(map(str, columns)), wanted.get("status", "Active"))
            self._service.keys.define(table, key)
        except KeyDefinitionError as problem:
            return refusal(str(problem))
        return answer({"table": table.entity_set, "name": key.name, "columns": key.columns, "status": key.status})


async def _wanted(request: Request) -> dict[str, Any]:
    try:
        wanted = loads(await request.body())
    except ValueError:
        return {}
    return wanted if isinstance(wanted, dict) else {}
