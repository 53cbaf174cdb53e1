"""The business rules of the simulated organisation: what the server refuses, and what it fills in by itself.

A row passes three kinds of rules: a `guard` says what callers may not do, `fill` completes the row and checks what
follows from the rest, and effects change the rows around it once it is stored. What the server itself writes passes
no guard.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import (
    headers,
    money,
    orders,
    owners,
    people,
    prices,
    products,
    quote_lines,
    quotes,
    refusals,
    states,
)
from local.simulators.dataverse.rules.world import Caller, Change, World
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row

__all__ = ["Caller", "Rules", "World", "products", "quotes", "refusals"]

type Rule = Callable[[Change], None]

# The base unit of a unit group has no base unit of its own, although the column is marked as required.
_NOT_ENFORCED = {("uoms", "_baseuom_value")}


def _base_unit(change: Change) -> None:
    change.row["isschedulebaseuom"] = "_baseuom_value" not in change.row


def _contact(change: Change) -> None:
    people.fill_name(change)
    people.fill_customer(change)


def _organisation(change: Change) -> None:
    if change.old is None:
        raise refusals.never_possible("Create", change.table.logical)


_GUARDS: Mapping[str, Rule] = {
    "organizations": _organisation,
    "products": products.guard,
    "productpricelevels": prices.guard,
    "quotes": quotes.guard,
    "quotedetails": quote_lines.guard,
    "salesorders": orders.guard,
    "invoices": orders.guard,
}
_FILLS: Mapping[str, Rule] = {
    "contacts": _contact,
    "systemusers": people.fill_name,
    "uoms": _base_unit,
    "products": products.fill,
    "productpricelevels": prices.fill,
    "quotes": quotes.fill,
    "quotedetails": quote_lines.fill,
    "salesorders": headers.fill,
    "invoices": headers.fill,
}


class Rules:
    """The rules of one organisation. Refusals are raised as `errors.Refusal`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def first_values(self, table: Table, now: str) -> Row:
        """What a new row of a table holds before the payload is applied."""
        row = dict(table.defaults)
        row["createdon"] = now
        caller, columns = self.world.caller, table.columns
        for name in ("_ownerid_value", "_createdby_value"):
            if name in columns:
                row[name] = caller.user_id
        for name in ("_organizationid_value", "organizationid"):
            if name in columns and table.entity_set != "organizations":
                row[name] = caller.organization_id
        return row

    def complete(self, table: Table, row: Row, old: Row | None, named: Collection[str] | None) -> None:
        """Check a row that is about to be stored and fill in what follows from the rest.

        `named`: the columns that the caller gave values for, None when the server itself writes the row.
        """
        change = Change(table, row, old, named, self.world)
        entity_set = table.entity_set
        if named is not None and entity_set in _GUARDS:
            _GUARDS[entity_set](change)
        if entity_set in _FILLS:
            _FILLS[entity_set](change)
        if table.states:
            states.fill(change)
        if "_ownerid_value" in table.columns and entity_set != "quotedetails":
            owners.fill(change)
        if table.money:
            money.fill(change)
        if entity_set == "transactioncurrencies":
            money.guard_currency(change)
        for column in table.required if change.by_caller else ():
            if column.name not in row and (entity_set, column.name) not in _NOT_ENFORCED:
                raise errors.required_missing(column.attribute, table.logical)

    def guard_delete(self, table: Table, row: Row) -> None:
        """Refuse a delete that a caller asked for; what goes because of it passes no guard."""
        caller = self.world.caller
        if row[table.key] in (caller.organization_id, caller.business_unit_id, caller.user_id):
            raise refusals.never_possible("Delete", table.logical)  # without them there is no organisation
        if table.entity_set == "quotedetails":
            quote_lines.guard_draft(row, self.world)
        elif table.entity_set == "transactioncurrencies":
            money.guard_currency_delete(row[table.key], self.world)

    def written(self, table: Table, row: Row, old: Row | None, now: str) -> None:
        """Change the rows around a row that was stored: lines and totals of a quote, numbers of a product."""
        effect = _EFFECTS.get(table.entity_set)
        if effect is not None:
            effect(self, row, old, now)

    def deleted(self, table: Table, row: Row, now: str) -> None:
        """Change the rows around a row that a caller deleted."""
        if table.entity_set == "quotedetails":
            self._total(row["_quoteid_value"], now)

    def write(self, entity_set: str, row: Row, old: Row | None, now: str) -> None:
        """Store a row on behalf of the server: completed, but past all guards and without further effects."""
        table = self.world.store.tables[entity_set]
        self.complete(table, row, old, None)
        row["modifiedon"] = now
        if "_modifiedby_value" in table.columns:
            row["_modifiedby_value"] = self.world.caller.user_id
        self.world.store.put(entity_set, row)

    def rewrite(self, entity_set: str, row_id: str, values: Row, now: str) -> None:
        """Change some columns of a row on behalf of the server, with the effects that this has."""
        table = self.world.store.tables[entity_set]
        old = self.world.store.rows(entity_set).by_id[row_id]
        row = old | values
        self.write(entity_set, row, old, now)
        self.written(table, row, old, now)

    def _line_written(self, row: Row, old: Row | None, now: str) -> None:
        self._total(row["_quoteid_value"], now)
        if old is not None and old["_quoteid_value"] != row["_quoteid_value"]:
            self._total(old["_quoteid_value"], now)

    def _quote_written(self, row: Row, old: Row | None, now: str) -> None:
        if old is None:
            return
        repriced = old.get("_pricelevelid_value") != row.get("_pricelevelid_value")
        followed = ("statecode", *owners.OWNER)
        if repriced or any(old.get(name) != row.get(name) for name in followed):
            for line in self.world.referring("quotedetails", "_quoteid_value", row["quoteid"]):
                self.write("quotedetails", dict(line), line, now)
        if repriced:
            self._total(row["quoteid"], now)

    def _product_written(self, row: Row, old: Row | None, now: str) -> None:
        if old is not None and old["productnumber"] != row["productnumber"]:
            for item in self.world.referring("productpricelevels", "_productid_value", row["productid"]):
                self.write("productpricelevels", dict(item), item, now)

    def _price_written(self, row: Row, old: Row | None, now: str) -> None:
        becomes = products.first_price(row, self.world) if old is None else None
        if becomes is not None:
            self.rewrite("products", row["_productid_value"], becomes, now)

    def _currency_written(self, row: Row, old: Row | None, now: str) -> None:
        """The first currency that is entered is the base currency of the organisation."""
        organization = self.world.organization
        if old is None and "_basecurrencyid_value" not in organization:
            self.write("organizations", organization | {"_basecurrencyid_value": row["transactioncurrencyid"]},
                       organization, now)  # fmt: skip

    def _total(self, quote_id: str, now: str) -> None:
        quote = self.world.store.rows("quotes").by_id.get(quote_id)
        if quote is not None:
            self.write("quotes", dict(quote), quote, now)


_EFFECTS: Mapping[str, Callable[[Rules, Row, Row | None, str], None]] = {
    "quotedetails": Rules._line_written,
    "quotes": Rules._quote_written,
    "products": Rules._product_written,
    "productpricelevels": Rules._price_written,
    "transactioncurrencies": Rules._currency_written,
}
