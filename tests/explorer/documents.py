"""Quotes, as far as the contacts feel them: who is the customer of one, and a log of changes that lead to contacts."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sync.model import Change, Page

ACTIVE = (1, 2)
"""The states by which a quote makes its contact a customer (flows.md R6)."""


class Documents:
    """Quotes by id, each with its contact and its state; twin of the ChangeFeed that is about their contacts.

    A deleted quote leads nowhere. `ever` are the contacts that ever had an active or won quote. `forgotten` tells where
    the log begins: older tokens are expired.
    """

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, int]] = {}
        self.log: list[Change] = []
        self.ever: set[str] = set()
        self.forgotten = 0

    def put(self, id: str, contact: str, state: int) -> None:
        """A new quote, or a new state of one."""
        self.rows[id] = contact, state
        self.log.append(Change(contact))
        if state in ACTIVE:
            self.ever.add(contact)

    def delete(self, id: str) -> None:
        del self.rows[id]

    def refers(self, contact: str, states: Sequence[int]) -> bool:
        """Whether the contact is the customer of a quote in one of these states."""
        return any(row[0] == contact and row[1] in states for row in self.rows.values())

    def page(self, position: str, *, full: bool) -> Page:
        """Pages of two; without a token, or with one that has expired, a token alone."""
        if self.mode(position) != "delta":
            return Page((), json.dumps({"log": len(self.log)}), True)
        at = json.loads(position)["log"]
        if at < self.forgotten:
            return Page((), json.dumps({"expired": True}), True)
        end = min(at + 2, len(self.log))
        changes = {change.id: change for change in self.log[at:end]}
        return Page(tuple(changes.values()), json.dumps({"log": end}), end < len(self.log))

    def mode(self, position: str) -> str:
        return "delta" if "log" in json.loads(position or "{}") else "full"
