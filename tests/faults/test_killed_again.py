"""Four hosts at a time, one killed after the other, do what one in peace would (promises 1, 2, 3 and 5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import kills
from benchmarks.__main__ import main
from benchmarks.customers import differences

RECORDS = 240


def test_hosts_that_are_killed_again_and_again_leave_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "SETTINGS", {**kills.SETTINGS, "READ_TIMEOUT": "2", "LEASE_SECONDS": "11"})
    monkeypatch.setattr(kills, "TIMES", {**kills.TIMES, "hiding": 12})
    file = tmp_path / "result.json"
    options = ["--records", str(RECORDS), "--kills", "4", "--hosts", "4", "--seed", "7", "--json", str(file)]

    result = CliRunner().invoke(main, ["kills", *options], catch_exceptions=False)

    assert result.exit_code == 0, result.output
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["broken"] == []
    assert found["kills"] == 4
    assert found["checks"]["created"] + found["checks"]["adopted"] == found["checks"]["detected"] == RECORDS
    assert found["checks"]["poisoned"] == found["checks"]["backlog"] == 0


def test_what_is_missing_doubled_or_different_is_told() -> None:
    account = {
        "accountnumber": "A1",
        "name": "One",
        "emailaddress1": "",
        "telephone1": "",
        "transactioncurrencyid.isocurrencycode": "USD",
    }
    customer = {
        "CustomerAccount": "A1",
        "OrganizationName": "Another",
        "PrimaryContactEmail": "",
        "PrimaryContactPhone": "",
        "SalesCurrencyCode": "USD",
    }
    told = differences
    assert list(told([account], [{**customer, "OrganizationName": "One"}])) == []
    assert list(told([account], [customer])) == ["customer A1 differs in OrganizationName"]
    assert list(told([account], [])) == ["account A1 has 0 customers"]
    assert list(told([account], [customer, customer])) == ["account A1 has 2 customers"]
    assert list(told([], [customer])) == ["customer A1 came of no account"]
