"""What the server itself fills in when a row is written: state, owner, names, money in the base currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store

_CURRENCY = "_transactioncurrencyid_value"
_RATE_DIGITS = Decimal("0.0000000001")
_FOUR_PLACES = Decimal("0.0001")
# The base unit of a unit group has no base unit of its own, although the column is marked as required.
_NOT_ENFORCED = {("uoms", "_baseuom_value")}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the requests of the simulator act as, and in which organisation."""

    user_id: str
    business_unit_id: str
    organization_id: str


def first_values(table: Table, caller: Caller, now: str) -> Row:
    """What a new row of a table holds before the payload is applied."""
    row: Row = {name: False for name, column in table.columns.items() if column.kind == "bool"}
    row["createdon"] = now
    columns = table.columns
    for name in ("_ownerid_value", "_createdby_value"):
        if name in columns:
            row[name] = caller.user_id
    for name in ("_organizationid_value", "organizationid"):
        if name in columns and table.entity_set != "organizations":
            row[name] = caller.organization_id
    return row


def complete(table: Table, row: Row, old: Row | None, store: Store) -> None:
    """Check what must be there and fill in what follows from the rest. Raises `errors.Refusal`."""
    if table.states:
        _state(table, row, old)
    if table.entity_set in ("contacts", "systemusers"):
        _put(row, "fullname", " ".join(row[part] for part in ("firstname", "lastname") if part in row)[:160] or None)
    if table.entity_set == "uoms":
        row["isschedulebaseuom"] = "_baseuom_value" not in row
    if "_ownerid_value" in table.columns and (old is None or old["_ownerid_value"] != row.get("_ownerid_value")):
        _owner(row, store)
    if table.money and any(name in row for name in (_CURRENCY, *table.money, "exchangerate")):
        _money(table, row, store)
    for column in table.required:
        if column.name not in row and (table.entity_set, column.name) not in _NOT_ENFORCED:
            raise errors.required_missing(column.attribute, table.logical)


def _state(table: Table, row: Row, old: Row | None) -> None:
    state = row.setdefault("statecode", 0)
    allowed = table.states.get(state, ())
    moved = old is not None and old["statecode"] != state
    if "statuscode" not in row or (moved and old is not None and old["statuscode"] == row["statuscode"]):
        # A new state without a status of its own takes the first status of that state.
        row["statuscode"] = allowed[0] if allowed else -1
    if row["statuscode"] not in allowed:
        raise errors.bad_state(table.logical, state, row["statuscode"])


def _owner(row: Row, store: Store) -> None:
    owner = row.get("_ownerid_value")
    user = store.rows("systemusers").by_id.get(owner or "")
    if user is None:
        raise errors.no_such_row("systemuser", str(owner))
    row["_owninguser_value"] = owner
    row["_owningbusinessunit_value"] = user["_businessunitid_value"]


def _money(table: Table, row: Row, store: Store) -> None:
    """Amounts are also kept in the organisation's base currency, by the rate of the row's currency."""
    amounts = [name for name in table.money if name in row]
    if _CURRENCY not in row and amounts:
        # The base currency of the organisation is the first that was entered.
        _put(row, _CURRENCY, next(iter(store.rows("transactioncurrencies").by_id), None))
    currency = store.rows("transactioncurrencies").by_id.get(row.get(_CURRENCY, ""))
    rate = currency.get("exchangerate") if currency else None
    _put(row, "exchangerate", rate.quantize(_RATE_DIGITS) if rate else None)
    for name in table.money:
        _put(row, f"{name}_base", (row[name] / rate).quantize(_FOUR_PLACES) if rate and name in row else None)


def _put(row: Row, name: str, value: Any) -> None:
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value
