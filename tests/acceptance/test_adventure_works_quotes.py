"""Every active quote of AdventureWorks is one quotation with all its lines, right to the cent."""

from __future__ import annotations

import pytest

from tests.acceptance.acceptance_demo import SECONDS, DemoRun, needs_adventure_works
from tests.acceptance.acceptance_quotations import expected, with_keys
from tests.acceptance.acceptance_quotes import QUOTES
from tests.acceptance.acceptance_rules import read

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]
pytestmark = [needs_adventure_works, pytest.mark.timeout(SECONDS + 20)]


def test_every_active_quote_is_a_quotation_with_every_column(adventure_works: DemoRun) -> None:
    wanted, _ = expected(adventure_works.data)
    assert wanted.rows
    assert not wanted.differences(adventure_works.rows("finops", "CDSSalesQuotationHeaders"))


def test_every_line_is_there_with_its_price_its_discount_and_its_amount(adventure_works: DemoRun) -> None:
    _, wanted = expected(adventure_works.data)
    assert wanted.rows
    assert not wanted.differences(with_keys(adventure_works.rows("finops", "CDSSalesQuotationLines")))


def test_what_did_not_come_is_told_with_its_code_and_nothing_is_missing_without_one(adventure_works: DemoRun) -> None:
    wanted, _ = expected(adventure_works.data)
    left_out = wanted.skipped.total() + wanted.parked.total() + wanted.waiting.total()
    assert len(wanted.rows) + left_out == len(read(adventure_works.data, "quotes")) == 32
    assert adventure_works.came(QUOTES) == wanted.shown
