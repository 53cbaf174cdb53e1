"""Judge: what is wrong with one record stops no other (promise 5), and no text of it reaches an issue (promise 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from sync.apply import apply
from sync.mapping.job import NOTHING_KEPT
from sync.mapping.plan import Facts, Mapped, Plan
from sync.model import Change, ChangeBatch, Claim, Record, Scalar, Values, chunked
from sync.ports import Write
from sync.work import Applier
from tests.explorer.plans import accounts_plan
from tests.explorer.systems import MemorySales
from tests.unit.test_retry import FLOW, tools


@dataclass(frozen=True)
class BuggyPlan(Plan):
    """Fails on the account named Unlucky, with its name in the error."""

    def map(
        self,
        record: Record,
        facts: Facts,
        link: Mapping[str, Scalar] | None = None,
        target: Values | None = None,
        kept: Mapping[str, str] = NOTHING_KEPT,
    ) -> Mapped:
        if record.values["name"] == "Unlucky":
            raise ZeroDivisionError(f"cannot divide {record.values['name']}")
        return super().map(record, facts, link, target, kept)


def accounts(using: Applier, *names: str) -> ChangeBatch:
    """Accounts of these names, and the message about them."""
    sales = using.reader
    assert isinstance(sales, MemorySales)
    for n, name in enumerate(names):
        sales.put(f"id-{n}", accountnumber=f"N{n}", name=name, statecode=0, _transactioncurrencyid_value="usd")
    changes = [Change(f"id-{n}") for n in range(len(names))]
    return ChangeBatch(FLOW, "run", "run.0", 0, chunked(changes))


def test_a_bug_in_mapping_parks_its_record_and_no_other() -> None:
    plan = accounts_plan()
    buggy = BuggyPlan(**{item.name: getattr(plan, item.name) for item in fields(Plan)})
    using = replace(tools(), plan=buggy)
    apply(accounts(using, "Lucky", "Unlucky", "Happy"), using)
    (issue,) = using.issues.open(FLOW)
    assert (issue.id, issue.trouble.code) == ("id-1", "unexpected-error")
    assert "ZeroDivisionError" in issue.trouble.cause
    assert "Unlucky" not in repr(issue)
    (tally,) = using.links.all_tallies("accounts", FLOW)
    assert dict(tally.outcomes) == {"created": 2, "parked/unexpected-error": 1}


def test_two_new_records_with_one_number_are_both_parked_and_nothing_is_created() -> None:
    using = tools()
    batch = accounts(using, "A", "B")
    assert isinstance(using.reader, MemorySales)
    using.reader.put("id-1", accountnumber="n0")  # case makes no other number
    apply(batch, using)
    assert {issue.trouble.code for issue in using.issues.open(FLOW)} == {"duplicate-number"}
    assert using.writer.find(using.plan.flow.target, [{"dataAreaId": "usmf", "CustomerAccount": "N0"}], []) == {}


def test_a_record_that_is_not_found_is_not_thereby_deleted() -> None:
    using = tools()
    batch = accounts(using, "A")
    apply(batch, using)
    assert isinstance(using.reader, MemorySales)
    using.reader.delete("id-0")
    apply(replace(batch, batch="run.1"), using)
    assert using.links.read("accounts", 0, ["id-0"])["id-0"].state == "skipped"
    gone = replace(batch, batch="run.2", chunks=chunked([Change("id-0", deleted=True)]))
    apply(gone, using)
    link = using.links.read("accounts", 0, ["id-0"])["id-0"]
    assert (link.state, link.reason, link.linked) == ("removed", "source-deleted", True)


def test_a_resend_sends_what_the_link_says_was_sent_once() -> None:
    using = tools()
    batch = accounts(using, "A")
    apply(batch, using)
    target, key = using.plan.flow.target, {"dataAreaId": "usmf", "CustomerAccount": "N0"}
    using.writer.write(target, [Write("update", key, {"OrganizationName": "Edited"})])

    def name() -> Scalar | None:
        (row,) = using.writer.find(target, [key], ["OrganizationName"]).values()
        return row["OrganizationName"]

    apply(replace(batch, batch="run.1"), using)
    assert name() == "Edited"
    apply(replace(batch, batch="run.2", resend=True), using)
    assert name() == "A"
    assert not using.links.read("accounts", 0, ["id-0"])["id-0"].dirty


def test_a_resend_that_meets_a_running_write_is_left_to_that_worker() -> None:
    using = tools()
    batch = accounts(using, "A")
    apply(batch, using)
    link = using.links.read("accounts", 0, ["id-0"])["id-0"]
    claim = Claim("run.1/other", using.clock.now() + using.lease)
    using.links.write("accounts", 0, [replace(link, claim=claim)])
    apply(replace(batch, batch="run.2", resend=True), using)
    link = using.links.read("accounts", 0, ["id-0"])["id-0"]
    assert (link.again, link.dirty, link.claim) == (True, True, claim)
