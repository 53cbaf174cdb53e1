"""Compare: what is sent of a mapped record, judged by digests of what was sent before (flows.md 1.2, 1.5, 1.8)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sync.compare import Digester, Draft, draft_adoption, draft_create, draft_update
from sync.mapping.plan import Field, Mapped, When
from sync.model import Link, Scalar

DIGESTER = Digester(b"a key of these tests")


def field(
    name: str, value: Scalar | None, *, when: When = "both", block: str | None = None, clear: Scalar | None = None
) -> Field:
    return Field(name, value, when, block, clear, clears=clear is not None)


def mapped(*fields: Field) -> Mapped:
    return Mapped({"dataAreaId": "usmf", "CustomerAccount": "N1"}, "N1", fields, (), "usmf")


def linked(draft: Draft, *, dirty: bool = False) -> Link:
    """The link after the target took this draft."""
    return Link("id", "linked", target={"CustomerAccount": "N1"}, hash=draft.hash, digests=draft.digests, dirty=dirty)


NAME = field("OrganizationName", "A")
PHONE = field("PrimaryContactPhone", "1", clear="")
BLANK_PHONE = field("PrimaryContactPhone", None, clear="")
STREET = field("AddressStreet", "1 Main St", block="primary", clear="")
CITY = field("AddressCity", "Oslo", block="primary", clear="")
ALIAS = field("NameAlias", "A", when="create")


def test_a_create_sends_what_is_not_blank_and_remembers_what_may_change() -> None:
    draft = draft_create(mapped(NAME, BLANK_PHONE, ALIAS), DIGESTER)
    assert dict(draft.values) == {"OrganizationName": "A", "NameAlias": "A"}
    assert set(draft.digests) == {"OrganizationName"}


def test_a_create_does_not_send_what_only_an_update_may() -> None:
    draft = draft_create(mapped(NAME, field("OnHoldStatus", "No", when="update")), DIGESTER)
    assert dict(draft.values) == {"OrganizationName": "A"}


def test_an_update_sends_only_what_changed() -> None:
    link = linked(draft_create(mapped(NAME, PHONE), DIGESTER))
    draft = draft_update(mapped(NAME, field("PrimaryContactPhone", "2", clear="")), link, DIGESTER)
    assert draft is not None
    assert dict(draft.values) == {"PrimaryContactPhone": "2"}


def test_nothing_is_sent_when_nothing_changed() -> None:
    link = linked(draft_create(mapped(NAME, PHONE, ALIAS), DIGESTER))
    assert draft_update(mapped(NAME, PHONE, field("NameAlias", "B", when="create")), link, DIGESTER) is None


def test_an_address_is_sent_whole_when_a_part_of_it_changed() -> None:
    link = linked(draft_create(mapped(NAME, STREET, CITY), DIGESTER))
    draft = draft_update(
        mapped(NAME, STREET, field("AddressCity", "Bergen", block="primary", clear="")), link, DIGESTER
    )
    assert draft is not None
    assert dict(draft.values) == {"AddressStreet": "1 Main St", "AddressCity": "Bergen"}


def test_an_address_that_is_left_out_keeps_what_was_sent_of_it() -> None:
    link = linked(draft_create(mapped(NAME, STREET, CITY), DIGESTER))
    without = draft_update(mapped(field("OrganizationName", "B")), link, DIGESTER)
    assert without is not None
    assert dict(without.values) == {"OrganizationName": "B"}
    assert draft_update(mapped(field("OrganizationName", "B"), STREET, CITY), linked(without), DIGESTER) is None


def test_a_value_that_became_blank_is_cleared_once() -> None:
    link = linked(draft_create(mapped(NAME, PHONE), DIGESTER))
    draft = draft_update(mapped(NAME, BLANK_PHONE), link, DIGESTER)
    assert draft is not None
    assert dict(draft.values) == {"PrimaryContactPhone": ""}
    assert draft_update(mapped(NAME, BLANK_PHONE), linked(draft), DIGESTER) is None


def test_what_was_never_sent_is_not_cleared() -> None:
    link = linked(draft_create(mapped(NAME, BLANK_PHONE), DIGESTER))
    assert draft_update(mapped(NAME, BLANK_PHONE), link, DIGESTER) is None


def test_a_blank_that_cannot_be_cleared_stays_as_it_is() -> None:
    link = linked(draft_create(mapped(NAME, field("LanguageId", "en-us")), DIGESTER))
    assert draft_update(mapped(NAME, field("LanguageId", None)), link, DIGESTER) is None


def test_a_dirty_link_proves_nothing_everything_is_sent() -> None:
    link = linked(draft_create(mapped(NAME, PHONE), DIGESTER), dirty=True)
    draft = draft_update(mapped(NAME, BLANK_PHONE, STREET), link, DIGESTER)
    assert draft is not None
    assert dict(draft.values) == {"OrganizationName": "A", "PrimaryContactPhone": "", "AddressStreet": "1 Main St"}


def test_an_adopted_row_gets_what_differs_and_keeps_what_the_source_leaves_blank() -> None:
    row = {"OrganizationName": "A", "PrimaryContactPhone": "9", "NameAlias": "old"}
    draft = draft_adoption(mapped(NAME, BLANK_PHONE, STREET, ALIAS), row, DIGESTER)
    assert dict(draft.values) == {"AddressStreet": "1 Main St"}
    assert set(draft.digests) == {"OrganizationName", "AddressStreet"}


def test_an_adopted_row_with_another_city_gets_the_whole_address() -> None:
    row = {"AddressStreet": "1 Main St", "AddressCity": "Bergen"}
    draft = draft_adoption(mapped(STREET, CITY), row, DIGESTER)
    assert dict(draft.values) == {"AddressStreet": "1 Main St", "AddressCity": "Oslo"}


def test_numbers_are_compared_by_value_and_not_with_texts() -> None:
    assert DIGESTER.digest(Decimal("5.00")) == DIGESTER.digest(5)
    assert DIGESTER.digest(Decimal("50")) == DIGESTER.digest(Decimal("5E+1"))
    assert DIGESTER.digest("5.0") != DIGESTER.digest(5)


def test_digests_are_worth_nothing_without_the_key() -> None:
    assert Digester(b"another key").digest("A") != DIGESTER.digest("A")


TEXTS = st.none() | st.sampled_from(["", "a", "b", "ç"]).filter(bool)
RECORDS = st.fixed_dictionaries({"One": TEXTS, "Two": TEXTS, "AddressStreet": TEXTS, "AddressCity": TEXTS})


@given(st.lists(RECORDS, min_size=1, max_size=6))
def test_the_target_follows_the_source_however_it_changes(states: list[dict[str, str | None]]) -> None:
    """Create, then updates: what is sent adds up to the newest state, and a state that is sent twice is sent once."""
    draft = draft_create(_of(states[0]), DIGESTER)
    row, link = dict(draft.values), linked(draft)
    for state in states[1:]:
        update = draft_update(_of(state), link, DIGESTER)
        if update is not None:
            row |= update.values
            link = linked(update)
        assert {name: row.get(name, "") for name in state} == {name: value or "" for name, value in state.items()}
        assert draft_update(_of(state), link, DIGESTER) is None


def _of(state: dict[str, str | None]) -> Mapped:
    blocks = {name: "primary" if name.startswith("Address") else None for name in state}
    return mapped(*(field(name, value, block=blocks[name], clear="") for name, value in state.items()))
