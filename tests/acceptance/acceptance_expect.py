"""What tests of outcomes say again and again."""

from __future__ import annotations

from sync.model import Trouble
from tests.acceptance.acceptance_host import Installation


def expect_issue(
    here: Installation, name: str, code: str, column: str = "", *, hidden: tuple[str, ...] = ()
) -> Trouble:
    """The one open issue of a record (`name`: its number, or its id): with cause and remedy, without its values."""
    issues = here.issues()
    assert name in issues, f"no issue of {name}, only {sorted(issues)}"
    trouble = issues[name].trouble
    assert (trouble.code, trouble.column) == (code, column), trouble
    assert trouble.cause, "an issue says what is wrong"
    assert trouble.remedy, "an issue says how to mend it"
    told = f"{trouble.cause} {trouble.remedy} {trouble.details}"
    assert not [value for value in hidden if value in told], told
    return trouble


def expect_no_issue(here: Installation) -> None:
    """Nothing is left for a person to look at, and the poison queue is empty."""
    assert not here.issues()
    assert not here.poisoned()
    assert not here.failures
