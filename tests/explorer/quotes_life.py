"""What sellers do with quotes, and clerks with quotations, while the app is at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sync.model import Record, Scalar

if TYPE_CHECKING:
    from tests.explorer.quotes import QuotesWorld

DRAFT, ACTIVE, WON, CLOSED, DELETED = range(5)
NAMES = ("Bikes", "Bolts", "Bells")
CLERKS = 900
"""What clerks add to quotations is of such quantities."""

type Deeds = Sequence[tuple[str, Callable[[QuotesWorld, str], None]]]


def create_quote(world: QuotesWorld) -> None:
    """A quote of some account with a few lines, a draft or active."""
    random = world.scheduler.random
    number = f"Q{len(world.revisions)}"
    id = _id(world)
    world.revisions[number] = [id]
    customer, table = world.some_customer()
    world.quotes.children[id] = [_new_line(world, id, place) for place in range(1, random.choice([1, 2, 3, 4]))]
    world.quotes.put(
        id,
        quotenumber=number,
        name=random.choice(NAMES),
        statecode=random.choice([DRAFT, ACTIVE, ACTIVE]),
        revisionnumber=0,
        requestdeliveryby="2027-03-01T00:00:00Z",
        description="A reference",
        _customerid_value=customer,
        **{"_customerid_value@lookuplogicalname": table, "_customerid_value@formatted": "Somebody"},
        _transactioncurrencyid_value="usd",
    )


def work_on_quotes(world: QuotesWorld, theme: int) -> None:
    """One change by a person, now and then an accident of a system."""
    random = world.scheduler.random
    if not world.revisions or random.random() < 0.08:
        create_quote(world)
        return
    numbers = sorted(world.revisions)
    number = numbers[0] if random.random() < 0.6 else random.choice(numbers)
    kind, act = random.choice(THEMES[theme])
    act(world, number)
    world.scheduler.tell(kind, f"somebody: {kind} {number}")


def state_of(world: QuotesWorld, number: str) -> int:
    """The state of the last revision."""
    record = world.quotes.rows.get(world.revisions[number][-1])
    return DELETED if record is None else int(str(record.values["statecode"]))


def _id(world: QuotesWorld) -> str:
    made = sum(map(len, world.revisions.values()))
    return f"{world.scheduler.random.randrange(16**8):08x}-3333-0000-0000-{made:012d}"


def _new_line(world: QuotesWorld, quote: str, place: int, **values: Scalar | None) -> Record:
    random = world.scheduler.random
    id = f"{random.randrange(16**8):08x}-4444-0000-0000-{place:012d}"
    usual: dict[str, Scalar | None] = {
        "_productid_value": random.choice(world.products()),
        "quantity": random.choice([1, 2, 3]),
        "sequencenumber": place,
        "_uomid_value": "ea",
        "_transactioncurrencyid_value": "usd",
        "priceperunit": 10,
        "isproductoverridden": False,
    }
    blank: dict[str, Scalar | None] = dict.fromkeys(world.line_columns)
    return Record(id, "", {**blank, **usual, **values, "_quoteid_value": quote, "quotedetailid": id})


def _revise(world: QuotesWorld, number: str) -> None:
    """The quote is closed, and a draft with the same lines follows it; mostly it is changed and activated at once.

    One that was closed before can be revised as well.
    """
    if state_of(world, number) not in (ACTIVE, CLOSED):
        return
    random, old = world.scheduler.random, world.quotes.rows[world.revisions[number][-1]]
    id = _id(world)
    keeps = random.random() < 0.7
    lines = [
        _new_line(world, id, int(str(line.values["sequencenumber"])) if keeps else place, **_goods(line))
        for place, line in enumerate(world.quotes.children[old.id], 1)
    ]
    revision = int(str(old.values["revisionnumber"])) + 1
    world.quotes.put(old.id, statecode=CLOSED)
    world.revisions[number].append(id)
    world.quotes.children[id] = lines
    world.quotes.put(id, **{**old.values, "quoteid": id, "statecode": DRAFT, "revisionnumber": revision})
    if random.random() < 0.8:
        for _ in range(random.choice([0, 1, 1, 3])):
            _edit(world, number)
        _activate(world, number)


def _goods(line: Record) -> dict[str, Scalar | None]:
    return {name: line.values[name] for name in ("_productid_value", "quantity", "isproductoverridden")}


def _activate(world: QuotesWorld, number: str) -> None:
    if state_of(world, number) == DRAFT:
        world.quotes.put(world.revisions[number][-1], statecode=ACTIVE)


def _edit(world: QuotesWorld, number: str) -> None:
    if state_of(world, number) == DRAFT:
        _change(world, number)


def _edit_active(world: QuotesWorld, number: str) -> None:
    """Nobody can in Sales, but programs do (flows.md 6.3)."""
    if state_of(world, number) == ACTIVE:
        _change(world, number)


def _change(world: QuotesWorld, number: str) -> None:
    """A quote gets another name or line, or loses one, or has one changed or put elsewhere."""
    random, id = world.scheduler.random, world.revisions[number][-1]
    lines = world.quotes.children[id]
    at = random.randrange(len(lines)) if lines else 0
    places = [int(str(line.values["sequencenumber"])) for line in lines]
    match random.choice(["add", "add", "remove", "remove", "quantity", "product", "order", "name", "write in"]):
        case "add":
            lines.append(_new_line(world, id, max(places, default=0) + 1))
        case "remove" if lines:
            del lines[at]
        case "quantity" if lines:
            lines[at] = _changed(lines[at], quantity=random.choice([4, 5, 6]))
        case "product" if lines:
            lines[at] = _changed(lines[at], _productid_value=random.choice(world.products()))
        case "write in" if lines:
            written = bool(lines[at].values["isproductoverridden"])
            lines[at] = _changed(lines[at], isproductoverridden=not written)
        case "order" if lines:
            lines[at] = _changed(lines[at], sequencenumber=max(places) + 1)
        case _:
            world.quotes.put(id, name=random.choice(NAMES))
    world.quotes.put(id)


def _changed(line: Record, **values: Scalar | None) -> Record:
    return Record(line.id, "", {**line.values, **values})


def _end(world: QuotesWorld, number: str) -> None:
    if state_of(world, number) == ACTIVE:
        world.quotes.put(world.revisions[number][-1], statecode=world.scheduler.random.choice([WON, CLOSED]))


def _delete(world: QuotesWorld, number: str) -> None:
    """Only what was never sent out is deleted, mostly."""
    if state_of(world, number) == DRAFT or world.scheduler.random.random() < 0.2:
        last = world.revisions[number][-1]
        if last in world.quotes.rows:
            world.quotes.delete(last)


def _sell(world: QuotesWorld, _: str) -> None:
    world.sell(world.scheduler.random.choice(world.products()))


def _add_line(world: QuotesWorld, number: str) -> None:
    """A clerk adds a line to the quotation."""
    if _quotation(number) not in world.quotations.rows["CDSSalesQuotationHeaders"]:
        return
    rows = world.quotations.rows["CDSSalesQuotationLines"]
    numbers = [
        int(str(row["LineCreationSequenceNumber"])) for row in rows.values() if row["SalesQuotationNumber"] == number
    ]
    if world.scheduler.actors:  # whoever has read the lines could not know that a number is another's by now
        numbers.append(world.numbered[number])
    at = max(numbers, default=0) + 1
    key = f"usmf|{at}|{number.casefold()}"
    world.clerks[key] = CLERKS + at
    rows[key] = {
        "dataAreaId": "usmf", "SalesQuotationNumber": number, "LineCreationSequenceNumber": at,
        "ProductNumber": "P9", "RequestedSalesQuantity": CLERKS + at,
    }  # fmt: skip


def _delete_line(world: QuotesWorld, number: str) -> None:
    """A clerk deletes a line of the quotation, one of the app's now and then."""
    rows = world.quotations.rows["CDSSalesQuotationLines"]
    keys = sorted(key for key, row in rows.items() if row["SalesQuotationNumber"] == number)
    if not keys:
        return
    key = world.scheduler.random.choice(keys)
    world.numbered[number] = max(world.numbered[number], int(str(rows.pop(key)["LineCreationSequenceNumber"])))
    if world.clerks.pop(key, None) is None:
        world.torn.add(number)


def _decide(world: QuotesWorld, number: str) -> None:
    """A clerk sends the quotation out, or takes it back."""
    row = world.quotations.rows["CDSSalesQuotationHeaders"].get(_quotation(number))
    if row is not None:
        row["SalesQuotationStatus"] = "Created" if row["SalesQuotationStatus"] == "Sent" else "Sent"


def _quotation(number: str) -> str:
    return f"usmf|{number.casefold()}"


def _refuse(world: QuotesWorld, number: str) -> None:
    world.refusing ^= {number}


def _poison(world: QuotesWorld, number: str) -> None:
    world.quotes.poisonous ^= {world.revisions[number][-1]}


def _expire(world: QuotesWorld, _: str) -> None:
    world.quotes.forgotten = len(world.quotes.log)


_REVISING: Deeds = [*[("revise", _revise)] * 4, ("activate", _activate), ("edit", _edit), ("edit", _edit)]
_ENDING: Deeds = [("end", _end), ("sell", _sell), ("edit active", _edit_active), ("quote deleted", _delete)]
_CLERKS: Deeds = [*[("clerk's line", _add_line)] * 2, ("clerk deletes", _delete_line), ("sent out", _decide)]
_ACCIDENTS: Deeds = [("refuse", _refuse), ("poisonous", _poison), ("token expired", _expire)]
THEMES: list[Deeds] = [
    _REVISING,
    [*_REVISING, *_ENDING],
    [*_REVISING, *_CLERKS],
    [*_REVISING, *_ENDING, *_CLERKS, *_ACCIDENTS],
]
