"""What people read when an existing record cannot be adopted, in every shipped file."""

from __future__ import annotations

import pytest

from sync.mapping import load_all
from sync.mapping.schema import AdoptTest
from tests.shipped import shipped_mappings

TESTS = [
    pytest.param(test, id=f"{loaded.name}-{test.else_}-{index}")
    for loaded in load_all(shipped_mappings()).loaded
    for index, test in enumerate(loaded.file.adopt)
]


@pytest.mark.parametrize("test", TESTS)
def test_every_adopt_test_says_what_is_wrong_and_what_helps(test: AdoptTest) -> None:
    assert test.title, "a clause that stands behind a colon"
    assert not test.title.endswith(".")
    assert test.remedy, "whole sentences"
    assert test.remedy.endswith(".")
