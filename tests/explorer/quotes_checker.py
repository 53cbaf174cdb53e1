"""What must be so of quotations and their lines when a world has come to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sync.keys import key_text
from sync.model import Link, Record
from tests.explorer.looks import deletes_are_known, excused, links_of
from tests.explorer.quotes_life import ACTIVE

if TYPE_CHECKING:
    from tests.explorer.quotes import QuotesWorld

type Goods = Counter[tuple[str, int]]


def quotations_are_right(world: QuotesWorld) -> Iterator[str]:
    """Nothing doubles, not even a line; what clerks have added stays; the newest revision wins, or says why not."""
    links = links_of(world, "quotes")
    yield from _nothing_doubles(world, links)
    yield from _what_clerks_added_stays(world)
    yield from deletes_are_known(world, "quotes", world.quotes)
    for number, ids in world.revisions.items():
        record, link = world.quotes.rows.get(ids[-1]), links.get(ids[-1])
        if record is None:
            continue
        if link is None:
            yield f"missing: nobody has seen {ids[-1]} of {number}"
        elif record.values["statecode"] == ACTIVE:
            yield from _active(world, number, record, link)
        elif (link.state, link.reason) != ("skipped", "not-active"):
            yield f"quote: {number} is not active and its link is {link}"


def _nothing_doubles(world: QuotesWorld, links: dict[str, Link]) -> Iterator[str]:
    owners = Counter(key_text(link.target) for link in links.values() if link.linked)
    rows = world.quotations.rows["CDSSalesQuotationHeaders"]
    yield from (f"double: {count} quotes are linked to {key}" for key, count in owners.items() if count > 1)
    yield from (f"link: quotation {key} is not there" for key in owners if key not in rows)
    for key in sorted(rows.keys() - owners.keys() - excused(links.values())):
        yield f"double: quotation {key} was created and is linked to nothing"
    for key in world.quotations.rows["CDSSalesQuotationLines"]:
        if f"usmf|{key.rpartition('|')[2]}" not in rows:
            yield f"half: line {key} has no quotation"


def _what_clerks_added_stays(world: QuotesWorld) -> Iterator[str]:
    rows = world.quotations.rows["CDSSalesQuotationLines"]
    for key, quantity in world.clerks.items():
        if rows.get(key, {}).get("RequestedSalesQuantity") != quantity:
            yield f"clerk: line {key} was {rows.get(key, 'deleted')}"


def _active(world: QuotesWorld, number: str, record: Record, link: Link) -> Iterator[str]:
    row = world.quotations.rows["CDSSalesQuotationHeaders"].get(f"usmf|{number.casefold()}", {})
    if link.state == "linked" and link.linked:
        if row.get("SalesQuotationName") != record.values["name"]:
            yield f"stale: {number} is called {row.get('SalesQuotationName')}, not {record.values['name']} ({link})"
        wanted, found = _wanted(world, record), _found(world, number)
        # Nobody can know of a write that is done when its lease is over (the stated limit).
        right = found <= wanted if number in world.torn else found == wanted
        if not right and not world.scheduler.met["overslept"]:
            yield f"lines: {number} has {sorted(found.elements())}, in Sales {sorted(wanted.elements())} ({link})"
        return
    products = {str(line.values["_productid_value"]) for line in world.quotes.children[record.id]}
    table = record.values["_customerid_value@lookuplogicalname"]
    mapping = "contact_customers" if table == "contact" else "accounts"
    account = world.link(str(record.values["_customerid_value"]), mapping)
    reasons = {
        "customer-not-linked": account is None or not account.linked,
        "product-not-linked": not all(map(world.product_link, products)),
        "quotation-locked": row.get("SalesQuotationStatus") == "Sent",
        "write-in-line": any(line.values["isproductoverridden"] for line in world.quotes.children[record.id]),
        "adopt-mismatch": account is not None
        and account.target.get("CustomerAccount") != row.get("RequestingCustomerAccountNumber"),
    }
    if link.state not in ("waiting", "parked") or not reasons.get(link.reason, False):
        yield f"quote: {number} is {link.state} {link.reason}, which does not hold: {record.values}, {link}"


def _wanted(world: QuotesWorld, record: Record) -> Goods:
    """By the numbers that F&O has for the products; what it does not sell has none."""
    lines = world.quotes.children[record.id]
    numbers = {id: world.product_link(id) for id in {str(line.values["_productid_value"]) for line in lines}}
    return Counter(
        (link.gives["ProductNumber"] if link else "", int(str(line.values["quantity"])))
        for line in lines
        for link in (numbers[str(line.values["_productid_value"])],)
    )


def _found(world: QuotesWorld, number: str) -> Goods:
    """Lines that the app wrote."""
    rows = world.quotations.rows["CDSSalesQuotationLines"]
    return Counter(
        (str(row["ProductNumber"]), int(str(row["RequestedSalesQuantity"])))
        for key, row in rows.items()
        if row["SalesQuotationNumber"] == number and key not in world.clerks
    )
