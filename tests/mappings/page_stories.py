"""What the page says that becomes of records: each story is done by the app's engine on tables in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from sync.apply import apply
from sync.compare import Digester
from sync.keys import key_text as key_text_of
from sync.mapping import LoadedMapping, MappingProblems, Plan, UnknownId, compile_plans
from sync.mapping.settings import app_setting
from sync.mapping.values import ValueMap, key_text, normalise
from sync.model import Change, ChangeBatch, EntityRef, Link, Record, Scalar, System, Values, chunked
from sync.ports import Result, Write, Written
from sync.stores.memory import (
    MemoryClock,
    MemoryIssues,
    MemoryLinks,
    MemoryNumbers,
    MemoryOutbox,
    MemoryWaiting,
    MemoryWatermarks,
)
from sync.work import Applier
from tests.explorer.systems import MemorySales
from tests.explorer.targets import MemoryTables

type Lines = Iterator[str]
type Compiled = Callable[..., Plan]
"""The plan of a file under settings, of which dots are written as two underscores."""


class Reference:
    """Reference data of both systems: rows by set, and by company all that exists there."""

    def __init__(self, rows: Mapping[str, Sequence[Values]], known: Mapping[str, Sequence[str]]) -> None:
        self._rows, self._known = rows, known

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        for row in self._rows.get(set, ()):
            if id in row.values():
                return row.get(give)
        raise UnknownId(set)

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        known = [text for place, texts in self._known.items() if company in (None, place) for text in texts]
        return next((text for text in known if text == value), None)

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        found = (row for row in self._rows.get(set, ()) if normalise(key_text(row.get(column) or "")) == value.lower())
        return [row for row in found if fits(row)]


class Answering(MemoryTables):
    """Tables that answer a create with the new row, as both systems do."""

    def write(self, entity: EntityRef, writes: Sequence[Write], *, until: datetime | None = None) -> list[Result]:
        return [
            Written(self.rows[entity.set][key_text_of(write.key)]) if isinstance(result, Written) else result
            for write, result in zip(writes, super().write(entity, writes, until=until), strict=True)
        ]


class AtWork:
    """A flow at work: records that people enter, and the rows that the app writes."""

    def __init__(
        self,
        plan: Plan,
        *,
        defaults: Mapping[str, Values] | None = None,
        rows: Mapping[str, Sequence[Values]] | None = None,
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        clock = MemoryClock()
        self.plan = plan
        self.source = MemorySales(plan.columns, id=plan.flow.source.key[-1], number=plan.number_column)
        self.target = Answering(defaults)
        self.links = MemoryLinks(partitions=1)
        self.tools = Applier(
            plan,
            self.source,
            self.target,
            self.links,
            MemoryWatermarks(),
            MemoryIssues(clock),
            MemoryWaiting(),
            MemoryNumbers(),
            MemoryOutbox(clock),
            clock,
            Reference(rows or {}, known or {}),
            Digester(b"a key of these tests"),
        )
        self._batches = 0

    def enter(self, id: str, **values: Scalar | None) -> str:
        """A record is entered, or changed; what becomes of it."""
        self.source.put(id, **values)
        return self.comes(Change(id))

    def goes(self, id: str) -> str:
        """A record is deleted; what becomes of it."""
        self.source.delete(id)
        return self.comes(Change(id, deleted=True))

    def comes(self, *changes: Change) -> str:
        """The endings of these changes, and the warnings."""
        self._batches += 1
        batch = ChangeBatch(self.plan.flow.name, "run", f"run.{self._batches}", 0, chunked(changes))
        apply(batch, self.tools)
        tallies = self.links.all_tallies(self.plan.flow.mapping, self.plan.flow.name)
        own = [tally for tally in tallies if tally.batch == batch.batch]
        counts = [
            ending.replace("/", ", ") + (f" ({count} times)" if count > 1 else "")
            for tally in own
            for ending, count in sorted(tally.outcomes.items())
        ]
        return "; ".join([*counts, *(f"warning {code}" for tally in own for code in sorted(tally.warnings))])

    def has(self, *columns: str, set: str = "") -> str:
        """What stands in these columns of the rows of the target, or of another of its tables."""
        rows = self.target.rows[set or self.plan.flow.target.set].values()
        return " and ".join(sorted(" ".join(str(row.get(column, "nothing")) for column in columns) for row in rows))

    def link(self, id: str) -> Link:
        return self.links.read(self.plan.flow.mapping, 0, [id])[id]


def _sites(compiled: Compiled) -> Lines:
    currencies = {"transactioncurrencies": [{"transactioncurrencyid": "c1", "isocurrencycode": "USD"}]}
    work = AtWork(compiled(), rows=currencies, known={"usmf": ["USD", "1"], "demf": ["2"]})
    for site in ("1", "2"):
        came = work.enter(site, employeeid=site, department=site, _transactioncurrencyid_value="c1")
        yield f"a contact of site {site}: {came}"


def _moves(compiled: Compiled) -> Lines:
    work = AtWork(compiled())
    for id in ("a1", "a2"):
        given: dict[str, Scalar] = {"dataAreaId": "usmf", "CustomerAccount": id}
        work.links.write("accounts", 0, [Link(id, state="linked", target=given, gives={"PartyNumber": f"P-{id}"})])
    came = work.enter("c1", employeeid="E-1", _parentcustomerid_value="a1")
    yield f"a contact of the first account: {came}"
    yield f"it moves to the second account: {work.enter('c1', _parentcustomerid_value='a2')}"


def _looks_further(compiled: Compiled) -> Lines:
    def came(plan: Plan) -> str:
        work = AtWork(plan)
        known = {"LastName": "Anderson", "FirstName": "Nan", "PrimaryEmailAddress": "n@x.com", "PartyType": "Person"}
        work.target.put(plan.flow.target, dataAreaId="usmf", ContactPersonId="E-7", **known)
        made = work.enter("c1", employeeid="E-1", lastname="Anderson", firstname="Nan", emailaddress1="n@x.com")
        return f"{made}; F&O has {work.has('ContactPersonId')}"

    yield f"E-1, while F&O has E-7 with the same address: {came(compiled())}"
    yield f"the same where nobody is adopted: {came(compiled(contacts__adopt='never'))}"
    plan = compiled()
    work = AtWork(plan)
    key: dict[str, Scalar] = {"dataAreaId": "usmf", "ContactPersonId": "E-1"}
    work.links.write(plan.flow.mapping, 0, [Link("c1", reserved=key, dirty=True)])
    work.links.reserve(plan.flow.mapping, {key_text_of(key): "c1"})
    work.target.put(plan.flow.target, **{**key, "ContactPersonId": "E-9"}, LastName="Anderson", FirstName="Nan")
    came_of_it = work.enter("c1", employeeid="E-1", lastname="Anderson", firstname="Nan")
    yield (
        "E-1, which F&O made as E-9 just before the app was stopped: "
        f"{came_of_it}; F&O has {work.has('ContactPersonId')}"
    )


def _around(compiled: Compiled) -> Lines:
    plan, held = compiled(), "OnHoldStatus"
    work = AtWork(plan, defaults=_CUSTOMERS)
    for id in ("a", "b"):
        work.source.put(id, statecode=0, accountnumber="7", name=id)
    yield f"two accounts with the number 7: {work.comes(Change('a'), Change('b'))}"
    came = work.enter("b", accountnumber="8")
    yield f"one of them gets the number 8: {came}; its link keeps {dict(work.link('b').gives).get('PartyNumber')}"
    yield f"it is deactivated: {work.enter('b', statecode=1)}; {held} {work.has(held)}"
    yield f"it is active again: {work.enter('b', statecode=0)}; {held} {work.has(held)}"
    yield f"it is deleted: {work.goes('b')}; {held} {work.has(held)}"
    came = work.enter("c", statecode=0, name="c")
    yield f"an account without number: {came}; it gets {work.source.rows['c'].values['accountnumber']}"
    ignoring = AtWork(compiled(page__on_deactivate="ignore", page__missing_number="hold"), defaults=_CUSTOMERS)
    yield f"the same where numbers are not given: {ignoring.enter('c', statecode=0, name='c')}"
    ignoring.enter("b", statecode=0, accountnumber="8", name="b")
    came = ignoring.enter("b", statecode=1)
    yield f"a deactivated account where that is ignored: {came}; {held} {ignoring.has(held)}"
    for told, each in (("a change of other rows", plan), ("the same without quotes", compiled(page__quotes="false"))):
        concerned = " and ".join(f"the {trigger.column} of {trigger.set}" for trigger in each.triggers)
        yield f"{told} concerns {concerned or 'nobody'}"


_CUSTOMERS = {"CustomersV3": {"PartyNumber": "P-1", "OnHoldStatus": "No"}}


def _products(compiled: Compiled) -> Lines:
    plan = compiled()
    units: list[Values] = [{"uomid": unit, "name": unit, "_uomscheduleid_value": "g1"} for unit in ("ea", "box")]
    lists: list[Values] = [
        {"pricelevelid": f"{name}-{unit}", "name": name, "statecode": 0, "_uomid_value": unit}
        for name, unit in (("Retail", "ea"), ("Retail", "box"))
    ]
    groups: list[Values] = [{"uomscheduleid": "g1", "name": "Default unit"}]
    rows = {"uomschedules": groups, "uoms": units, "pricelevels": lists}
    work = AtWork(plan, defaults={"products": {"statecode": 2, "productstructure": 1}}, rows=rows)
    given: dict[str, Scalar | None] = {"dataAreaId": "usmf", "ProductName": "Lamp", "SalesUnitSymbol": "ea"}
    given |= {"SalesPrice": 2, "IsSalesStopped": "No"}
    state, items = {0: "active", 2: "a draft", 3: "under revision"}, "productpricelevels"

    def now(name: str) -> str:
        rows = [row for row in work.target.rows["products"].values() if row.get("productnumber") == name]
        if not rows:
            return "not in Sales"
        row = rows[0]
        return f"{state[int(str(row['statecode']))]}, its price list {row.get('_pricelevelid_value', 'none')}"

    yield f"a new product D1: {work.enter('usmf|d1', ProductNumber='D1', **given)}; {now('D1')}"
    yield f"its unit becomes box: {work.enter('usmf|d1', SalesUnitSymbol='box')}; {now('D1')}"
    yield f"the items of its price: {work.has('_pricelevelid_value', 'amount', set=items)}"
    work.target.put(
        plan.flow.target,
        productid="p2",
        productnumber="D2",
        productstructure=1,
        statecode=3,
        _pricelevelid_value="Dealers-ea",
    )
    came = work.enter("usmf|d2", ProductNumber="D2", **given)
    yield f"D2, which somebody is revising in Sales: {came}; {now('D2')}"
    work.target.refuses = lambda entity, write: "statecode" in write.values
    yield f"D3, which Sales refuses to publish: {work.enter('usmf|d3', ProductNumber='D3', **given)}; {now('D3')}"


def _documents(compiled: Compiled) -> Lines:
    uoms: list[Values] = [{"uomid": "u1", "name": "Each"}, {"uomid": "u2", "name": "Dozen"}]
    rows: dict[str, Sequence[Values]] = {
        "uoms": uoms,
        "transactioncurrencies": [{"transactioncurrencyid": "c1", "currencyprecision": 2}],
    }
    keeping, deleting = (AtWork(compiled(page__remove=remove), rows=rows) for remove in ("false", "true"))
    for work in (deleting, keeping):
        for mapping, id, key, gives in (
            ("accounts", "a1", {"dataAreaId": "usmf", "CustomerAccount": "7"}, {}),
            ("products", "usmf|d1", {"productid": "p1"}, {"ProductNumber": "D1", "SalesUnitSymbol": "ea"}),
        ):
            work.links.write(mapping, 0, [Link(id, state="linked", target=key, gives=gives)])
            work.links.reserve(mapping, {key_text_of(key): id})

    def has(work: AtWork) -> str:
        return work.has("LineCreationSequenceNumber", "ProductNumber", "SalesUnitSymbol", set="CDSSalesQuotationLines")

    def comes(work: AtWork, revision: int, *lines: tuple[str, int, str]) -> str:
        quote = f"q{revision}"
        work.source.children[quote] = [
            Record(id, "", {
                "quotedetailid": id, "_quoteid_value": quote, "sequencenumber": place, "_productid_value": "p1",
                "_uomid_value": unit, "quantity": 2, "_transactioncurrencyid_value": "c1",
            })
            for id, place, unit in lines
        ]  # fmt: skip
        given: dict[str, Scalar] = {"statecode": 1, "quotenumber": "Q-1", "_customerid_value": "a1"}
        came = work.enter(quote, revisionnumber=revision, requestdeliveryby="2026-05-01", **given)
        return f"{came}; F&O has {has(work)}"

    yield f"a quote with a line: {comes(deleting, 0, ('l1', 1, 'u1'))}"
    yield f"the line was taken out and entered again at place 2: {comes(deleting, 0, ('l2', 2, 'u1'))}"
    yield f"another one, in dozens, instead: {comes(deleting, 0, ('l3', 3, 'u2'))}"
    yield f"a revision of the quote: {comes(deleting, 1, ('l4', 3, 'u2'))}"
    yield f"a change of the quote that was revised: {comes(deleting, 0, ('l3', 1, 'u1'))}"
    comes(keeping, 0, ("l1", 1, "u1"))
    yield f"the same line in dozens where none is deleted: {comes(keeping, 0, ('l3', 3, 'u2'))}"


STORIES: Mapping[str, Callable[[Compiled], Lines]] = {
    "Reference data": _sites,
    "References to other records": _moves,
    "Adopting": _looks_further,
    "Around the rows": _around,
    "Flows to Sales": _products,
    "Documents with lines": _documents,
}
"""By the heading on the page."""

SETTINGS: Mapping[str, Sequence[tuple[str, str]]] = {
    "Address blocks": [("country.default", "Atlantis"), ("contacts.rule", "flags")],
    "Flows to Sales": [("company", "")],
    "Documents with lines": [("page.day", "soon"), ("page.zone", "Berlin")],
}
"""Settings whose value is wrong, for the files of these headings."""


def told(name: str, maps: Mapping[str, ValueMap], loaded: LoadedMapping) -> str:
    """What becomes of records, and of wrong settings, under a file of the page, line by line."""

    def compiled(**settings: str) -> Plan:
        given = {setting.replace("__", "."): value for setting, value in settings.items()}
        return compile_plans(loaded, maps, given)[0]

    lines = list(STORIES[name](compiled)) if name in STORIES else []
    for setting, value in SETTINGS.get(name, ()):
        try:
            compile_plans(loaded, maps, {setting: value})
        except MappingProblems as error:
            lines += (f"{app_setting(setting)}={value}: {each.what}. {each.remedy}" for each in error.problems)
    return "".join(f"{line}\n" for line in lines)
