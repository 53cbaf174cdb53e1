"""`recover_by`: by which columns the row of a create is known again, and what the check says of columns that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.mapping.terms import Recovery
from tests.mappings.mapping_world import problems, thing, thing_plan

ROWS = """\
- {id: A, sales: name, finops: Name}
- {id: B, constant: "Yes", finops: Ours}
- {id: C, sales: site, finops: Site, only_if: {setting: mode, is: fast}}
"""


def test_rows_that_hold_are_looked_for_and_constants_tell_only_whose_they_are(tmp_path: Path) -> None:
    head = "recover_by: [Site, Name, Ours]\n"
    assert thing_plan(tmp_path, ROWS, head=head).recovery == Recovery(("Name",), ("Ours",))
    fast = thing_plan(tmp_path, ROWS, head=head, settings={"mode": "fast"})
    assert fast.recovery == Recovery(("Site", "Name"), ("Ours",))
    assert thing_plan(tmp_path, ROWS).recovery is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("[Nam]", 'Nam has no row. Did you mean "Name"?'),
        ("[Name, ThingNumber]", "ThingNumber is the number, which F&O may replace. Name columns that F&O keeps"),
        ("[Ours]", "every row of the app has the same in these columns. Add one that differs"),
    ],
)
def test_columns_that_cannot_tell_rows_apart_are_told(tmp_path: Path, names: str, said: str) -> None:
    (told,) = problems(tmp_path, {"things.yaml": thing(ROWS, head=f"recover_by: {names}\n")})
    assert said in told


def test_a_flow_to_sales_needs_none(tmp_path: Path) -> None:
    text = thing(ROWS, head="recover_by: [Name]\n").replace("direction: to_finops", "direction: to_sales")
    assert [each for each in problems(tmp_path, {"things.yaml": text}) if "Take recover_by away" in each]
