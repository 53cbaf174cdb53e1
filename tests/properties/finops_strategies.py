"""Random writes of customers and contact persons in two companies: few numbers, so that they meet each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.properties.finops_model import OWN_COMPANY, Write

OTHER_COMPANY = "dat"
SETS = st.sampled_from(["CustomersV3", "ContactPersons"])
_NUMBERS = st.sampled_from(["A1", "a1", "B-2", "b-2", "o'3", "d 4"])
"""The same number in two cases names the same row."""
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
_VALUES: Mapping[str, Mapping[str, SearchStrategy[Any]]] = {
    "CustomersV3": {
        "CreditLimit": st.sampled_from([0, 12.5, 1000]),
        "SalesMemo": st.just("") | _TEXTS,
        "OnHoldStatus": st.sampled_from(["No", "All"]),
    },
    "ContactPersons": {"FirstName": st.sampled_from(["", "Ada", "Bo"]), "EmploymentProfession": st.just("") | _TEXTS},
}
_BAD: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "CustomersV3": (
        {"CustomerGroupId": "99"}, {"SalesCurrencyCode": "XXX"}, {"OrganizationName": "x" * 101},
        {"organizationname": ""},
        {"CreditLimit": "much"}, {"OnHoldStatus": "Maybe"}, {"NoSuchProperty": 1}, {"SalesMemo": 1},
    ),
    "ContactPersons": ({"FirstName": "x" * 26}, {"lastname": "x"}, {"LastName": 1}, {"IsActive": "Perhaps"}),
}  # fmt: skip


@st.composite
def writes(
    draw: Callable[[SearchStrategy[Any]], Any],
    verbs: tuple[str, ...] = ("create", "create", "update", "update", "delete"),
    *,
    bad: bool = True,
) -> Write:
    """Any write; `bad` allows payloads that must be refused."""
    entity_set = draw(SETS)
    verb = draw(st.sampled_from(verbs))
    company = draw(st.sampled_from([OWN_COMPANY, OWN_COMPANY, OTHER_COMPANY]))
    cross_company = draw(st.sampled_from([True, True, False]))
    if_match = draw(st.sampled_from([None, None, "fresh", "stale"])) if verb != "create" else None
    number = draw(_NUMBERS if verb != "create" else _NUMBERS | st.none())
    if verb == "delete":
        return Write(verb, entity_set, company, number, {}, cross_company, if_match)
    values = draw(st.fixed_dictionaries({}, optional=_VALUES[entity_set]))
    if verb == "create" or draw(st.booleans()):
        values |= draw(_names(entity_set))
    if verb == "create" and entity_set == "CustomersV3":
        group = "10" if company == OTHER_COMPANY else draw(st.sampled_from(["10", "20"]))
        values |= {"CustomerGroupId": group, "SalesCurrencyCode": "USD"}
    wrong = draw(st.sampled_from(_BAD[entity_set])) if bad and draw(st.integers(0, 9)) == 7 else {}
    return Write(verb, entity_set, company, number, values, cross_company, if_match, wrong)


def change_sets() -> SearchStrategy[list[Write]]:
    """Writes that are to be done together."""
    return st.lists(writes(), min_size=1, max_size=4)


def _names(entity_set: str) -> SearchStrategy[dict[str, str]]:
    name = "OrganizationName" if entity_set == "CustomersV3" else "LastName"
    return st.sampled_from(["Contoso", "Fabrikam A/S", "Øre & Søn"]).map(lambda text: {name: text})
