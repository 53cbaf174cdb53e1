"""Random writes and filters for accounts and contacts: few ids and few names, so that they meet each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.properties.dataverse_model import KEY_COLUMN, NAVIGATIONS, Row, Verb, Write

IDS: Mapping[str, tuple[str, ...]] = {
    "accounts": tuple(f"0000000{n}-000a-4000-8000-00000000000{9 - n}" for n in range(4)),
    "contacts": tuple(f"0000000{n}-000c-4000-8000-00000000000{9 - n}" for n in range(4)),
}
MISSING_ID = "99999999-0000-4000-8000-000000000000"
ETAGS = (None, None, None, "*", "fresh", "fresh", "stale")
"""`fresh` and `stale` stand for ETags that are known when the write is sent."""
# Trailing blanks, wildcards and letters with accents compare in ways of their own on the platform.
_NAMES = st.one_of(
    st.sampled_from(["Contoso", "contoso", "O'Brien AB", "A&B 1+1", "50/50", "<x>=;,"]),
    st.text("aAbB'&+", min_size=1, max_size=5),
)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
NUMBERS = ("K-1", "k'2", "Ä 3")
"""Values of the alternate key of contacts."""
_NUMBERS = st.one_of(st.integers(0, 5), st.just(1_000_000_000))
_VALUES: Mapping[str, Mapping[str, SearchStrategy[Any]]] = {
    "accounts": {
        "accountnumber": st.none() | _TEXTS,
        "description": st.none() | _TEXTS,
        "numberofemployees": st.none() | _NUMBERS,
        "creditonhold": st.booleans(),
    },
    "contacts": {
        "firstname": st.none() | _TEXTS,
        "jobtitle": st.none() | _TEXTS,
        KEY_COLUMN: st.none() | st.sampled_from(NUMBERS),
    },
}
_NAME = {"accounts": "name", "contacts": "lastname"}
_STATES = st.sampled_from([{"statecode": 0, "statuscode": 1}, {"statecode": 1, "statuscode": 2}])
_BAD: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "accounts": (
        {"name": "x" * 161}, {"Name": "x"}, {"nosuchcolumn": 1}, {"numberofemployees": "many"},
        {"numberofemployees": 2**31}, {"numberofemployees": -1}, {"creditonhold": "yes"},
        {"statecode": 1, "statuscode": 1},
        {"industrycode": 987654}, {"parentaccountid@odata.bind": f"/accounts({MISSING_ID})"},
        {"primarycontactid@odata.bind": f"/accounts({MISSING_ID})"}, {"parentaccountid": IDS["accounts"][0]},
        {"_parentaccountid_value@odata.bind": None},
    ),
    "contacts": (
        {"lastname": "x" * 51}, {"LastName": "x"}, {"firstname": 1}, {"statecode": 2},
        {"parentcustomerid@odata.bind": f"/accounts({IDS['accounts'][0]})"},
        {"parentcustomerid_Account@odata.bind": f"/accounts({IDS['accounts'][0]})"},
        {"parentcustomerid_contact@odata.bind": f"/contacts({MISSING_ID})"},
    ),
}  # fmt: skip
SETS = st.sampled_from(["accounts", "contacts"])


@st.composite
def writes(
    draw: Callable[[SearchStrategy[Any]], Any],
    entity_set: str | None = None,
    verbs: tuple[Verb, ...] = ("create", "upsert", "upsert", "update", "update", "delete"),
    *,
    conditions: bool = True,
    bad: bool = True,
    numbers: bool = True,
) -> Write:
    """Any write; `conditions` allows ETags, `bad` payloads that must be refused, `numbers` the alternate key."""
    chosen = entity_set or draw(SETS)
    verb = draw(st.sampled_from(verbs))
    place = draw(st.integers(0, len(IDS[chosen]) - 1))
    row_id = IDS[chosen][place]
    if_match = draw(st.sampled_from(ETAGS)) if conditions and verb != "create" else None
    if_none_match = "*" if conditions and verb == "upsert" and if_match is None and draw(_seldom()) else None
    if verb == "update":
        if_match = if_match or "*"
    if verb == "delete":
        return Write(verb, chosen, row_id, if_match=if_match)
    values = draw(st.fixed_dictionaries({}, optional=_VALUES[chosen]))
    if not numbers:
        values.pop(KEY_COLUMN, None)
    if verb != "update" or draw(st.booleans()):
        values[_NAME[chosen]] = draw(_NAMES)
    if verb == "update" and draw(_seldom()):
        values |= draw(_STATES)
    wrong = draw(st.sampled_from(_BAD[chosen])) if bad and draw(st.integers(0, 9)) == 7 else {}
    return Write(verb, chosen, row_id, values, draw(_binds(chosen, place)), if_match, if_none_match, wrong)


def change_sets() -> SearchStrategy[list[Write]]:
    """Writes that are to be done together."""
    return st.lists(writes(), min_size=1, max_size=4)


@dataclass(frozen=True)
class Condition:
    """A `$filter` over accounts and what it means."""

    text: str
    test: Callable[[Row], bool] = field(repr=False)


def conditions() -> SearchStrategy[Condition]:
    """Filters over accounts, of several conditions too."""
    return st.recursive(_comparisons(), lambda inner: _joined(inner, "and") | _joined(inner, "or"), max_leaves=4)


def _seldom() -> SearchStrategy[bool]:
    return st.sampled_from([False, False, False, False, True])


@st.composite
def _binds(draw: Callable[[SearchStrategy[Any]], Any], entity_set: str, place: int) -> dict[str, str | None]:
    """Lookups of a row to another: of the same set only to one before it, so that no chain comes back to its start."""
    if not draw(st.sampled_from([True, False, False])):
        return {}
    if draw(_seldom()):
        return dict.fromkeys(NAVIGATIONS[entity_set])
    name = draw(st.sampled_from(sorted(NAVIGATIONS[entity_set])))
    _, target_set = NAVIGATIONS[entity_set][name]
    targets = IDS[target_set][:place] if target_set == entity_set else IDS[target_set]
    return {name: draw(st.sampled_from(targets))} if targets else {}


def _comparisons() -> SearchStrategy[Condition]:
    return st.one_of(
        _NAMES.map(lambda text: Condition(f"name eq {_quoted(text)}", lambda row: _folded(row) == text.casefold())),
        _NAMES.map(
            lambda text: Condition(f"contains(name,{_quoted(text)})", lambda row: text.casefold() in _folded(row))
        ),
        _NAMES.map(
            lambda text: Condition(
                f"startswith(name,{_quoted(text)})", lambda row: _folded(row).startswith(text.casefold())
            )
        ),
        _NUMBERS.map(
            lambda number: Condition(
                f"numberofemployees ge {number}", lambda row: row.get("numberofemployees", -(2**40)) >= number
            )
        ),
        st.booleans().map(
            lambda flag: Condition(f"creditonhold eq {str(flag).lower()}", lambda row: row["creditonhold"] is flag)
        ),
        st.sampled_from(["accountnumber", "numberofemployees", "_primarycontactid_value"]).map(
            lambda name: Condition(f"{name} eq null", lambda row: name not in row)
        ),
        st.sampled_from(IDS["accounts"]).map(
            lambda id: Condition(f"_parentaccountid_value eq {id}", lambda row: row.get("_parentaccountid_value") == id)
        ),
        st.lists(st.sampled_from([*IDS["accounts"], MISSING_ID]), min_size=1, max_size=5).map(_in),
    )


def _in(ids: list[str]) -> Condition:
    values = ",".join(f'"{id}"' for id in ids)
    name = "accountid"
    text = f"Microsoft.Dynamics.CRM.In(PropertyName='{name}',PropertyValues=[{values}])"
    return Condition(text, lambda row: row[name] in ids)


def _joined(inner: SearchStrategy[Condition], word: str) -> SearchStrategy[Condition]:
    def join(pair: tuple[Condition, Condition]) -> Condition:
        one, other = pair
        both = all if word == "and" else any
        return Condition(
            f"({one.text}) {word} ({other.text})", lambda row: both(each.test(row) for each in (one, other))
        )

    return st.tuples(inner, inner).map(join)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _folded(row: Row) -> str:
    return str(row.get("name", "")).casefold()
