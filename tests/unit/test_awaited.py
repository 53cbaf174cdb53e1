"""What is waited for is told with how it stands, what most wait for first."""

from __future__ import annotations

from sync.awaited import awaited
from sync.model import Link, Waiter
from sync.stores.memory import MemoryLinks

QUOTES, CONTACTS = "quotes_to_finops", "contacts_to_finops"


def test_each_name_is_told_with_its_state_and_all_who_wait() -> None:
    links = MemoryLinks(partitions=1)
    links.write("accounts", 0, [Link("a1", "parked", "missing-number"), Link("a2", "linked", target={"K": "1"})])
    links.write("products", 0, [Link("usmf|p1", "skipped", "sales-stopped", target={})])
    links.reserve("products", {"g1": "usmf|p1"})
    waiters = [
        Waiter(QUOTES, 0, "q1", "products>:g1", "product-not-linked"),
        Waiter(QUOTES, 0, "q1", "products>:g2", "product-not-linked"),
        Waiter(QUOTES, 0, "q2", "accounts:a1", "customer-not-linked"),
        Waiter(CONTACTS, 0, "c1", "accounts:a1", "parent-not-linked"),
        Waiter(CONTACTS, 0, "c2", "accounts:a2", "parent-not-linked"),
        Waiter(CONTACTS, 0, "c3", "accounts:a3", "parent-not-linked"),
        Waiter(QUOTES, 0, "q3", "sales:uoms:Each", "reference-unknown"),
        Waiter("accounts_to_finops", 0, "a9", "contacts:c9", ""),
    ]
    found = awaited(waiters, links)
    assert [(each.name, each.stands) for each in found] == [
        ("accounts:a1", "parked: missing-number"),
        ("accounts:a2", "linked; those who wait go on soon"),
        ("accounts:a3", "not seen yet"),
        ("products>:g1", "skipped: sales-stopped"),
        ("products>:g2", "no record of products has become it"),
        ("sales:uoms:Each", "reference data that is not there"),
    ]
    assert found[0].by_flow == {(QUOTES, "customer-not-linked"): 1, (CONTACTS, "parent-not-linked"): 1}
