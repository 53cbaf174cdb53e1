"""What people do inside F&O, and the web service cannot: admin addresses for tests, demos and explorers.

POST /admin/products: release products for sale, or change them; one object or a list of them, with the properties of
SellableReleasedProducts. DELETE /admin/products with their keys: withdraw them.
POST /admin/quotations: send, confirm, lose, cancel ... a quotation: its key and its new SalesQuotationStatus.
POST /admin/prospects: account numbers of prospects by party number, such as {"P-000001": "B"}.
POST /admin/conflicts: how many of the next updates of a set meet an update conflict, such as {"CustomersV3": 1}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.finops.errors import Refusal
from local.simulators.finops.quotations import HEADERS, LINES, NUMBER, STATUS, lines_of
from local.simulators.finops.rules import SHOWN_ONLY, Writing
from local.simulators.finops.schema import COMPANY, EntitySet
from local.simulators.finops.store import key_of
from local.simulators.finops.values import read_values
from local.simulators.finops.world import World
from local.simulators.odata.control import answer, refusal
from local.simulators.odata.jsontext import loads

PRODUCTS = "SellableReleasedProducts"
type _Act = Callable[[Any], dict[str, Any]]


class People:
    """Those who work in F&O."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._writing = Writing(world, person=True)
        self._orders = 0

    def release(self, products: Any) -> dict[str, Any]:
        """Enter or change products, all or none, in every entity that shows them."""
        known = []
        with self._world.store.transaction():
            for product in _listed(products):
                for other in SHOWN_ONLY - {PRODUCTS}:
                    self._write(other, product)
                known.append(self._write(PRODUCTS, product))
        return {"released": known.count(False), "changed": known.count(True)}

    def withdraw(self, products: Any) -> dict[str, Any]:
        """Remove products by their keys, all or none."""
        with self._world.store.transaction():
            for product in _listed(products):
                for name in SHOWN_ONLY:
                    entity_set = self._world.schema.sets[name]
                    row = self._world.store.find(name, self._key(entity_set, product))
                    if row is None:
                        raise Refusal(404, f"There is no product {product}.")
                    self._writing.delete(entity_set, row)
        return {"withdrawn": len(_listed(products))}

    def decide(self, quotation: Any) -> dict[str, Any]:
        """Give a quotation and its lines another status; one that is confirmed becomes a sales order."""
        entity_set = self._world.schema.sets[HEADERS]
        wanted = read_values(self._world.schema, entity_set, quotation)
        row = self._world.store.find(HEADERS, self._key(entity_set, wanted))
        if row is None:
            raise Refusal(404, f"There is no quotation {quotation}.")
        changes = {STATUS: wanted.get(STATUS, row[STATUS])}
        if changes[STATUS] == "Confirmed":
            self._orders += 1
            changes |= {"GeneratedSalesOrderNumber": f"SO-{self._orders:06d}"}
            changes |= {"SalesQuotationConfirmationDate": self._world.today}
        store = self._world.store
        with store.transaction():
            for line in lines_of(self._world, row):
                store.update(LINES, line, {STATUS: changes[STATUS]}, notes=line.notes, party=None)
            store.update(HEADERS, row, changes, notes=row.notes, party=None)
        return {NUMBER: row[NUMBER], **changes}

    def know_prospects(self, prospects: Any) -> dict[str, Any]:
        """Take prospects instead of those known before."""
        self._world.prospects = {str(party): str(account) for party, account in prospects.items()}
        return dict(self._world.prospects)

    def get_ahead(self, conflicts: Any) -> dict[str, Any]:
        """Have updates of these sets conflict; counts that are left over from before stay."""
        for name, count in conflicts.items():
            self._world.conflicts[self._world.schema.sets[name].name] = int(count)
        return dict(self._world.conflicts)

    def _write(self, set_name: str, product: Mapping[str, Any]) -> bool:
        """Whether the product was there already, in this entity, with the properties that it has."""
        entity_set = self._world.schema.sets[set_name]
        shown = {name: value for name, value in product.items() if set_name == PRODUCTS or name in entity_set.columns}
        values = read_values(self._world.schema, entity_set, shown)
        row = self._world.store.find(set_name, self._key(entity_set, values))
        if row is None:
            self._writing.create(entity_set, values)
        else:
            self._writing.update(entity_set, row, values)
        return row is not None

    def _key(self, entity_set: EntitySet, values: Mapping[str, Any]) -> tuple[Any, ...]:
        named = {name: values.get(name, "") for name in entity_set.key}
        return key_of(entity_set, {**named, COMPANY: named[COMPANY] or self._world.company})


def routes(world: World) -> list[Route]:
    """The admin addresses of this module."""
    people = People(world)
    return [
        _route("products", people.release),
        _route("products", people.withdraw, "DELETE"),
        _route("quotations", people.decide),
        _route("prospects", people.know_prospects),
        _route("conflicts", people.get_ahead),
    ]


def _route(name: str, act: _Act, method: str = "POST") -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return answer(act(loads(await request.body())))
        except Refusal as no:
            return refusal(no.message)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as problem:
            return refusal(f"/admin/{name} cannot make sense of the body: {problem!r}.")

    return Route(f"/admin/{name}", endpoint, methods=[method])


def _listed(products: Any) -> list[dict[str, Any]]:
    return products if isinstance(products, list) else [products]
