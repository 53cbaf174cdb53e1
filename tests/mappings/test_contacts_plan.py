"""contacts_to_finops and contact_customers_to_finops as shipped: what a plan decides beyond the files' examples."""

from __future__ import annotations

import functools

import pytest

from sync.errors import NotReady
from sync.mapping import Plan, compile_plans, load_all
from sync.mapping.given_facts import GivenFacts
from sync.mapping.terms import Field, Trigger
from sync.model import Link, Record, Scalar, Use
from tests.shipped import shipped_mappings

ID = "6f2b1c3a-9d4e-4f5a-8b7c-0123456789ab"
LINKED = Link(
    "a-1", state="linked", target={"dataAreaId": "usmf", "CustomerAccount": "1"}, gives={"PartyNumber": "P-1"}
)
FACTS = GivenFacts(
    {"transactioncurrencies": {"c-1": {"isocurrencycode": "USD"}}},
    {"Currencies": ("USD",)},
    links={"accounts": {"a-1": LINKED}},
)
P2C = frozenset({"msdynce_contactnumber", "msdynce_isactivecustomer", "msdynce_iscompanyanaccount"})


@functools.cache
def _columns(name: str) -> dict[str, frozenset[str]]:
    """The tables of a plain organisation with the columns that the file may use."""
    result = load_all(shipped_mappings())
    loaded = result.mappings[name]
    assert not isinstance(loaded, Exception)
    offline = compile_plans(loaded, result.maps, {"company": "usmf"})[0]
    plain = {column.partition("@")[0].removeprefix("_").removesuffix("_value") for column in offline.columns}
    looked_up = {each.set: frozenset((each.key, *each.columns)) for each in offline.references}
    return {**looked_up, "contacts": frozenset(plain | {"isbackofficecustomer", "employeeid"})}


@functools.cache
def plan(name: str, *settings: tuple[str, str], p2c: bool = False) -> Plan:
    result = load_all(shipped_mappings())
    loaded = result.mappings[name]
    assert not isinstance(loaded, Exception)
    plain = _columns(name)
    live = {**plain, "contacts": plain["contacts"] | (P2C if p2c else frozenset())}
    return compile_plans(loaded, result.maps, {"company": "usmf", **dict(settings)}, {"sales": live})[0]


def contact(**values: Scalar | None) -> Record:
    base: dict[str, Scalar | None] = {
        "contactid": ID,
        "lastname": "Anderson",
        "statecode": 0,
        "_parentcustomerid_value": "A-1",
        "_parentcustomerid_value@lookuplogicalname": "account",
        "_transactioncurrencyid_value": "c-1",
    }
    return Record(ID, "", {**base, **values})


def field(plan: Plan, record: Record, name: str, link: dict[str, Scalar] | None = None) -> Field:
    return next(field for field in plan.map(record, FACTS, link).fields if field.name == name)


@pytest.mark.parametrize(
    ("id", "number"),
    [
        ("00000000-0000-0000-0000-000000000001", "CON-PLA3RVYBBO3M2OR6"),
        ("6F2B1C3A-9D4E-4F5A-8B7C-0123456789AB", "CON-STIQMR4OJWFCXA5X"),
    ],
)
def test_derived_numbers_are_those_of_the_reference(id: str, number: str) -> None:
    identity = plan("contacts").identify(contact(contactid=id), FACTS)
    assert (identity.key["ContactPersonId"], identity.number, identity.rule) == (number, number, "C1c")
    assert plan("contacts").number(contact(contactid=id)) == number
    assert (plan("contacts").number_column, plan("contacts").duplicates) == ("", None)


def test_the_rule_of_the_number_follows_columns_and_settings() -> None:
    own = plan("contacts", ("contacts.number_column", "employeeid"))
    assert own.identify(contact(employeeid="7"), FACTS).rule == "C1b"
    assert (own.number_column, own.duplicates) == ("employeeid", "duplicate-number")
    theirs = plan("contacts", p2c=True)
    assert theirs.identify(contact(msdynce_contactnumber="C-7"), FACTS).rule == "C1"
    assert (theirs.number_column, theirs.duplicates) == ("msdynce_contactnumber", "duplicate-number")


def test_another_rule_does_not_renumber_and_is_no_change() -> None:
    own = plan("contacts", ("contacts.number_column", "employeeid"))
    link: dict[str, Scalar] = {"dataAreaId": "usmf", "ContactPersonId": "CON-STIQMR4OJWFCXA5X"}
    mapped = own.map(contact(employeeid="7"), FACTS, link)
    assert own.key_warnings(mapped, link, "C1c") == ()
    assert own.key_warnings(mapped, link, "C1b") == own.key_warnings(mapped, link) == ("number-changed",)


def test_a_number_column_that_sales_lacks_stops_the_flow() -> None:
    with pytest.raises(Exception, match="contacts has no column nosuchcolumn"):
        plan("contacts", ("contacts.number_column", "nosuchcolumn"))
    with pytest.raises(Exception, match='"my column" is no column name'):
        plan("contacts", ("contacts.number_column", "my column"))


def test_CE3_the_message_names_the_account_and_its_reason() -> None:
    for link, words in (
        (None, "not linked yet"),
        (Link("a-1", state="parked", reason="missing-number"), "parked: missing-number"),
        (Link("a-1", state="skipped", reason="not-active"), "skipped: not-active"),
    ):
        facts = GivenFacts({}, {}, links={"accounts": {"a-1": link}} if link else {})
        with pytest.raises(NotReady) as error:
            plan("contacts").map(contact(), facts)
        assert (error.value.code, error.value.awaits) == ("parent-not-linked", "accounts:a-1")
        assert f"accounts a-1, which is {words}." in error.value.what


def test_CE10_the_account_that_must_stay_is_there_to_be_compared() -> None:
    link: dict[str, Scalar] = {"dataAreaId": "usmf", "ContactPersonId": "CON-1"}
    created, linked = (field(plan("contacts"), contact(), "AssociatedPartyNumber", key) for key in (None, link))
    assert (created.value, linked.value) == ("P-1", None)
    for each in (created, linked):
        assert each.fixed is not None
        assert (each.fixed.code, each.fixed.value) == ("contact-moved", "a-1")
    # A linked record need not look the account up: it may have been moved to one that is no customer yet.
    moved = field(plan("contacts"), contact(_parentcustomerid_value="A-9"), "AssociatedPartyNumber", link)
    assert moved.fixed is not None
    assert moved.fixed.value == "a-9"
    patched = field(plan("contacts", ("contacts.on_move", "patch")), contact(), "AssociatedPartyNumber", link)
    assert (patched.value, patched.when, patched.fixed) == ("P-1", "both", None)


def test_the_customer_in_the_key_of_the_other_entity_must_stay_too() -> None:
    other = plan("contacts", ("contacts.target", "CDSContactPersonsV2"), ("contacts.on_move", "patch"))
    target = other.flow.target
    assert (target.set, target.enums) == ("CDSContactPersonsV2", ("AssociatedContactType",))
    assert list(other.map(contact(), FACTS).key) == list(target.key)
    link = other.map(contact(), FACTS).key
    fixed = field(other, contact(), "AssociatedContactNumber", dict(link))
    assert (fixed.value, fixed.fixed and fixed.fixed.code) == (None, "contact-moved")


def test_further_searches_are_made_in_the_company_and_only_with_values() -> None:
    found = plan("contacts", ("contacts.adopt_by_email", "on"), p2c=True)
    mapped = found.map(contact(msdynce_contactnumber="C-7", emailaddress1="n@example.com"), FACTS)
    by_party = {"dataAreaId": "usmf", "ContactPersonPartyNumber": "C-7"}
    by_email = {"dataAreaId": "usmf", "AssociatedPartyNumber": "P-1", "PrimaryEmailAddress": "n@example.com"}
    assert found.also_match(mapped) == (by_party, by_email)
    assert found.also_match(found.map(contact(msdynce_contactnumber="C-7"), FACTS)) == (by_party,)
    assert plan("contacts").also_match(mapped) == ()


def test_what_is_asked_of_other_records_is_told_before() -> None:
    asked = plan("contacts").links_asked(contact())
    assert asked == (("contact_customers", ID), ("accounts", "a-1"))
    assert plan("contacts").links_asked(contact(_parentcustomerid_value=None)) == (("contact_customers", ID),)
    assert plan("contacts").refers_to == {"accounts", "contact_customers"}
    assert plan("contacts").watches == {"contact_customers"}
    customers = plan("contact_customers")
    assert customers.refers_to == customers.watches == {"contacts"}
    assert customers.links_asked(contact()) == (("contacts", ID),)


QUOTES = Use("quotes", "contactid", "statecode", (1, 2))
INVOICES = Use("invoices", "contactid", "statecode", (3,), among=False)


def test_documents_are_asked_for_only_where_they_decide() -> None:
    triggers = (
        Trigger("quotes", "quoteid", "contactid"),
        Trigger("salesorders", "salesorderid", "contactid"),
        Trigger("invoices", "invoiceid", "contactid"),
    )
    for settings, p2c, decide in (
        ((), False, True),
        ((), True, False),
        ((("contact_customers.rule", "has-documents"),), True, True),
        ((("contact_customers.rule", "flag"),), False, False),
    ):
        contacts, customers = (plan(name, *settings, p2c=p2c) for name in ("contacts", "contact_customers"))
        uses = (QUOTES, Use("salesorders", "contactid"), INVOICES) if decide else ()
        assert contacts.uses == customers.uses == uses
        assert (contacts.triggers, customers.triggers) == ((), triggers if decide else ())


def test_optional_columns_are_read_only_where_they_exist_and_decide_the_definition() -> None:
    plain, theirs = plan("contacts"), plan("contacts", p2c=True)
    assert set(theirs.columns) - set(plain.columns) == P2C
    assert plain.definition != theirs.definition
    assert plain.lacking == theirs.lacking == ()


def test_K6_the_party_is_hoped_for_until_the_contact_person_is_linked() -> None:
    mapped = plan("contact_customers").map(contact(), FACTS)
    assert mapped.hopes == (f"contacts:{ID}",)
    assert "PartyNumber" not in {field.name for field in mapped.fields if field.value is not None}
    person = Link(ID, state="linked", target={"ContactPersonId": "C"}, gives={"ContactPersonPartyNumber": "P-7"})
    known = GivenFacts(FACTS.lookups, FACTS.sets, links={"contacts": {ID: person}})
    found = plan("contact_customers").map(contact(), known)
    assert found.hopes == ()
    assert {field.name: field.value for field in found.fields}["PartyNumber"] == "P-7"


def test_CE14_an_address_that_is_too_long_is_left_out() -> None:
    mapped = plan("contacts").map(contact(emailaddress1="n" * 250 + "@example.com"), FACTS)
    assert mapped.warnings == ("too-long:PrimaryEmailAddress",)
    assert "PrimaryEmailAddress" not in {field.name for field in mapped.fields}
