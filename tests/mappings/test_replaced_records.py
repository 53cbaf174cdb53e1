"""A record that another one has replaced: who that is, and what people read of it where it is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sync.errors import DataError, NotReady
from sync.mapping import Plan
from sync.mapping.given_facts import GivenFacts
from sync.mapping.terms import Verdict
from sync.model import Link
from tests.mappings.mapping_world import NO_FACTS, problems, record, thing, thing_plan
from tests.mappings.test_mapping_live_columns import ALL, plan, told

MERGED = "only:\n  - {sales: flag, is: 0, else: not-active, replaced_by: master}\n"
REFERS = "- {id: A, sales: owner, finops: Owner, reference: {mapping: others, give: No, waiting: owner-not-linked}}\n"
OTHERS = thing("").replace("entity: thing", "entity: other").replace("{name: ", "{name: others.") + "gives: [No]\n"
ROW = "- {id: A, sales: name, finops: Name}\n"


def waits(folder: Path, links: Mapping[str, Link]) -> NotReady:
    """Why a record waits that refers to o1."""
    compiled = thing_plan(folder, REFERS, others=OTHERS)
    with pytest.raises(NotReady) as error:
        compiled.map(record(_owner_value="O1"), GivenFacts({}, {}, links={"others": links}))
    return error.value


def gone(id: str, successor: str) -> Link:
    return Link(id, state="skipped", reason="not-active", successor=successor)


def test_a_record_that_is_refused_tells_who_has_replaced_it_and_one_that_passes_does_not(tmp_path: Path) -> None:
    compiled = thing_plan(tmp_path, ROW, head=MERGED)
    assert "_master_value" in compiled.columns
    verdicts = [
        compiled.verdict(record(flag=flag, _master_value=master), NO_FACTS, linked=False)
        for flag, master in ((1, "ABC-1"), (1, None), (0, "abc-1"))
    ]
    assert verdicts == [Verdict("not-active", (), "abc-1"), Verdict("not-active"), Verdict()]


def test_who_waits_for_a_replaced_record_is_told_the_one_to_refer_to_with_its_key(tmp_path: Path) -> None:
    there = Link("o2", state="linked", target={"dataAreaId": "usmf", "ThingNumber": "N-2"})
    error = waits(tmp_path, {"o1": gone("o1", "o2"), "o2": there})
    assert error.what == (
        "Owner comes from others o1, which is skipped: not-active. others o2 (usmf, N-2) has taken its place."
    )
    assert error.remedy == "Let this record refer to others o2 (usmf, N-2) instead."
    assert (error.code, error.awaits) == ("owner-not-linked", "others:o1")


def test_of_several_that_replaced_each_other_the_last_is_told(tmp_path: Path) -> None:
    error = waits(tmp_path, {"o1": gone("o1", "o2"), "o2": gone("o2", "o3"), "o3": Link("o3", state="parked")})
    assert "others o3 has taken its place" in error.what


@pytest.mark.parametrize("successors", [("o1",), ("o2", "o1"), ("o2", "o2")])
def test_records_that_name_each_other_are_told_all_the_same(tmp_path: Path, successors: tuple[str, ...]) -> None:
    links = {f"o{at}": gone(f"o{at}", successor) for at, successor in enumerate(successors, 1)}
    assert "has taken its place" in waits(tmp_path, links).what


def test_a_lookup_that_is_lacking_is_not_read_and_told(tmp_path: Path) -> None:
    found: Plan = plan(tmp_path, {"things": ALL | {"flag"}}, ROW, MERGED)
    assert told(found) == ["replaced_by of only 1: master (blank)"]
    assert "_master_value" not in found.columns
    assert found.verdict(record(flag=1), NO_FACTS, linked=False) == Verdict("not-active")
    assert told(plan(tmp_path, {"things": ALL | {"flag", "master"}}, ROW, MERGED)) == []


def test_only_lookups_of_sales_tell_it(tmp_path: Path) -> None:
    head = "only:\n  - {finops: Flag, is: 0, else: not-active, replaced_by: master}\n"
    said = problems(tmp_path, {"things.yaml": thing(ROW, head=head)})
    assert [each for each in said if "replaced_by is a lookup of Sales" in each]


ADOPT = """\
adopt:
  - {finops: Kind, is: Company, else: wrong-kind%s}
  - {finops: State, is: [open, ""], else: closed, always: true%s}
"""


@pytest.mark.parametrize(
    ("texts", "another", "closed"),
    [
        (
            ("", ""),
            "ThingsV1 has a row for this record whose Kind is that of another one. Compare the two: mend that row, or "
            "give this record another number.",
            "The row of ThingsV1 may not be written to: State says so. Mend that row, or give this record another "
            "number.",
        ),
        (
            (", title: it is a person, remedy: Call her.", ", title: it is closed, remedy: Open it."),
            "ThingsV1 has a row for this record that cannot be its own: it is a person. Call her.",
            "The row of ThingsV1 may not be written to: it is closed. Open it.",
        ),
    ],
)
def test_the_file_says_what_is_wrong_with_a_row_that_is_not_adopted_and_what_helps(
    tmp_path: Path, texts: tuple[str, str], another: str, closed: str
) -> None:
    compiled = thing_plan(tmp_path, ROW, head=ADOPT % texts)
    mapped = compiled.map(record(), NO_FACTS)
    with pytest.raises(DataError) as first:
        compiled.refuse_another(mapped, {"Kind": "Person"})
    with pytest.raises(DataError) as second:
        compiled.map(record(), NO_FACTS, None, {"Kind": "Company", "State": "closed"})
    assert [str(first.value), str(second.value)] == [another, closed]
    assert [first.value.code, second.value.code] == ["wrong-kind", "closed"]


def test_these_texts_decide_nothing(tmp_path: Path) -> None:
    """So that no record is read anew when somebody finds better words."""
    plans = [
        thing_plan(tmp_path / name, ROW, head=ADOPT % texts)
        for name, texts in (("without", ("", "")), ("with", (", title: x", ", remedy: y")))
    ]
    assert plans[0].definition == plans[1].definition
    changed = thing_plan(tmp_path / "changed", ROW, head=(ADOPT % ("", "")).replace("Company", "Person"))
    assert changed.definition != plans[0].definition
