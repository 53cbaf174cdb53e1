"""The actions of the life cycles: WinQuote, CloseQuote, ReviseQuote; PublishProductHierarchy, RevertProduct.

Which of them are bound to a row, and what their parameters are called, follows the documentation of the Web API's
actions; what they do is in wire.md 1.13 and 1.14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from local.simulators.dataverse import errors
from local.simulators.dataverse.rules import Rules, products, quotes, refusals
from local.simulators.dataverse.schema import Table
from local.simulators.dataverse.store import Row, Store
from local.simulators.dataverse.values import time_text
from local.simulators.dataverse.writing import Write, Writer
from local.simulators.odata.filter_values import guid_text

PREFIX = "Microsoft.Dynamics.CRM."

_ANY_STATUS = -1
"""The status of a close that leaves the choice to the server: the first of the state."""
_COMPLETED = {"statecode": 1, "statuscode": 2}
_REVISED = 7
_BY_REVISION = 776160001
_OWN_TO_A_ROW = ("importsequencenumber", "overriddencreatedon", "versionnumber", "closedon", "statuscode", "statecode")
"""What a revision does not take over from the quote that it revises."""

type Action = Callable[[Mapping[str, Any], Write], Row | None]
type BoundAction = Callable[[str, Write], None]


class Actions:
    """Runs actions; refusals are raised as `errors.Refusal`, and then nothing was written."""

    def __init__(self, store: Store, writer: Writer, rules: Rules) -> None:
        self._store = store
        self._writer = writer
        self._rules = rules
        self._unbound: Mapping[str, Action] = {
            "WinQuote": self._win,
            "CloseQuote": self._close,
            "ReviseQuote": self._revise,
        }
        self._bound: Mapping[tuple[str, str], BoundAction] = {
            ("products", "PublishProductHierarchy"): self._publish_hierarchy,
            ("products", "RevertProduct"): self._revert,
        }

    def known(self, name: str, bound: Table | None) -> bool:
        """Whether there is an action of this name, for the rows of a table or, without one, for itself.

        The name of an action that is bound has the namespace before it.
        """
        if bound is None:
            return name in self._unbound
        return name.startswith(PREFIX) and (bound.entity_set, name.removeprefix(PREFIX)) in self._bound

    def run(
        self, name: str, bound: tuple[Table, str] | None, payload: Mapping[str, Any], write: Write
    ) -> tuple[Table, str] | None:
        """Run a known action in one transaction; gives the row that its answer tells, None when it tells nothing."""
        with self._store.transaction():
            if bound is None:
                made = self._unbound[name](payload, write)
                return None if made is None else (self._store.tables["quotes"], made["quoteid"])
            table, row_id = bound
            self._bound[table.entity_set, name.removeprefix(PREFIX)](row_id, write)
            return None

    def _win(self, payload: Mapping[str, Any], write: Write) -> None:
        self._end("WinQuote", quotes.WON, payload, write)

    def _close(self, payload: Mapping[str, Any], write: Write) -> None:
        self._end("CloseQuote", quotes.CLOSED, payload, write)

    def _end(self, action: str, state: int, payload: Mapping[str, Any], write: Write) -> None:
        """Record the end of an active quote as an activity of its own, and put the quote into its last state."""
        given, status = payload.get("QuoteClose"), payload.get("Status")
        if not isinstance(given, dict) or not isinstance(status, int) or isinstance(status, bool):
            raise _bad_parameters(action, "QuoteClose, an object, and Status, a whole number")
        table = self._store.tables["quotes"]
        if status != _ANY_STATUS and status not in table.states[state]:
            raise errors.bad_state(table.logical, state, status)
        now = time_text(write.now)
        close_id = self._writer.create(self._store.tables["quotecloses"], given, write)
        close = self._existing("quotecloses", close_id)
        quote = self._existing("quotes", close.get("_quoteid_value") or "")
        if quote["statecode"] != quotes.ACTIVE:
            raise refusals.state_change(
                "quote", quote["statecode"], state, "Only an active quote can be won or closed."
            )
        known = {"quotenumber": quote["quotenumber"], "revision": quote["revisionnumber"]}
        self._rules.rewrite("quotecloses", close_id, {"actualend": now, **known, **close, **_COMPLETED}, now)
        ended = {"statecode": state, "statuscode": table.states[state][0] if status == _ANY_STATUS else status}
        self._rules.rewrite("quotes", quote["quoteid"], {**ended, "closedon": now[:10]}, now)

    def _revise(self, payload: Mapping[str, Any], write: Write) -> Row:
        """Close a quote as revised, unless it is closed, and make a draft of the same number with the same lines."""
        quote_id = _guid("ReviseQuote", payload, "QuoteId")
        if not isinstance(payload.get("ColumnSet"), dict):
            raise _bad_parameters("ReviseQuote", "ColumnSet, an object")
        quote, now = self._existing("quotes", quote_id), time_text(write.now)
        if quote["statecode"] not in (quotes.ACTIVE, quotes.CLOSED):
            how = "Only an active or a closed quote can be revised."
            raise refusals.state_change("quote", quote["statecode"], quotes.DRAFT, how)
        others = quotes.with_number(quote["quotenumber"], self._rules.world, quote_id)
        if any(other["statecode"] in quotes.OPEN for other in others):
            raise refusals.quote_open_elsewhere()
        if quote["statecode"] == quotes.ACTIVE:
            closed = {"statecode": quotes.CLOSED, "statuscode": _REVISED, "closedon": now[:10]}
            self._rules.rewrite("quotes", quote_id, closed, now)
        revision = 1 + max(other["revisionnumber"] for other in (quote, *others))
        return self._copy(quote, revision, now)

    def _copy(self, quote: Row, revision: int, now: str) -> Row:
        first = self._rules.first_values(self._store.tables["quotes"], now)
        new_id = str(uuid4())
        row = {**first, **_carried(quote), "quoteid": new_id, "createdon": now, "revisionnumber": revision,
               "quotecreationmethod": _BY_REVISION}  # fmt: skip
        self._rules.write("quotes", row, None, now)
        keeps = self._rules.world.switch("revision_keeps_sequence")
        lines = self._rules.world.referring("quotedetails", "_quoteid_value", quote["quoteid"])
        for line in sorted(lines, key=lambda line: (line.get("sequencenumber", 0), line["createdon"])):
            own = {"quotedetailid": str(uuid4()), "_quoteid_value": new_id, "createdon": now}
            copied = {**_carried(line), **own, "quotecreationmethod": _BY_REVISION}
            if not keeps:
                copied.pop("sequencenumber", None)
            self._rules.write("quotedetails", copied, None, now)
        self._rules.rewrite("quotes", new_id, {}, now)
        return self._existing("quotes", new_id)

    def _publish_hierarchy(self, product_id: str, write: Write) -> None:
        """Publish a family and what is below it, parents first; retired products stay retired."""
        if self._existing("products", product_id)["productstructure"] != products.FAMILY:
            raise refusals.not_publishable("it is no product family.")
        now = time_text(write.now)
        for row in list(products.family(product_id, self._rules.world)):
            if row["statecode"] in (products.DRAFT, products.UNDER_REVISION):
                products.publishable(row, self._rules.world)
                self._rules.rewrite("products", row["productid"], products.PUBLISHED, now)

    def _revert(self, product_id: str, write: Write) -> None:
        """Give a product under revision back what it was when it was active."""
        row = self._existing("products", product_id)
        if row["statecode"] != products.UNDER_REVISION:
            how = "Only a product under revision can be reverted."
            raise refusals.state_change("product", row["statecode"], products.ACTIVE, how)
        now = time_text(write.now)
        self._rules.write("products", dict(row[products.REVISED]), row, now)

    def _existing(self, entity_set: str, row_id: str) -> Row:
        row = self._store.rows(entity_set).by_id.get(row_id)
        if row is None:
            raise errors.no_such_row(self._store.tables[entity_set].logical, row_id)
        return row


def _carried(row: Row) -> Row:
    """What a revised quote or line takes over."""
    return {name: value for name, value in row.items() if name not in _OWN_TO_A_ROW}


def _guid(action: str, payload: Mapping[str, Any], name: str) -> str:
    try:
        return guid_text(payload[name])
    except (KeyError, ValueError, TypeError) as problem:
        raise _bad_parameters(action, f"{name}, a Guid") from problem


def _bad_parameters(action: str, wanted: str) -> errors.Refusal:
    return errors.bad_payload("", f"The action '{action}' needs the parameters {wanted}.")
