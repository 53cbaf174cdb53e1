"""The real function_app.py, as Microsoft's worker library indexes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local import azurite
from local.host.process import HostProcess
from local.processes import ChildError
from tests.shipped import shipped_mappings

ROOT = Path(__file__).resolve().parents[2]
FLOWS = (
    *("accounts_to_finops", "contact_customers_to_finops", "contacts_to_finops", "products_to_sales"),
    "quotes_to_finops",
)
SETTINGS = {
    "SALES_URL": "http://127.0.0.1:9",
    "FINOPS_URL": "http://127.0.0.1:9",
    "COMPANY": "usmf",
    "DIGEST_KEY": "0123456789abcdef",
    "DETECT_SCHEDULE": "0 0 0 1 1 *",
    "IDENTITY_ENDPOINT": "http://127.0.0.1:9",
    "IDENTITY_HEADER": "x",
}


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with azurite.start() as running:
        yield running.connection_string


def test_each_flow_has_a_timer_a_queue_function_and_a_poison_function(storage: str) -> None:
    with HostProcess(ROOT, {**SETTINGS, "AzureWebJobsStorage": storage}) as host:
        functions = host.counters()["functions"]
        assert set(functions) == {"counters"} | {
            f"{kind}_{flow}" for kind in ("detect", "sweep", "apply", "poison") for flow in FLOWS
        }
        refused = requests.get(f"{host.url}/api/counters", timeout=10)
        assert refused.status_code == 401
        key = {"x-functions-key": host.function_key}
        told = requests.get(f"{host.url}/api/counters", headers=key, timeout=10).json()
        assert told["requests"] == {"sales": 0, "finops": 0}


def test_a_flow_that_is_switched_off_registers_nothing(storage: str) -> None:
    settings = {**SETTINGS, "AzureWebJobsStorage": storage, "ACCOUNTS_TO_FINOPS__ENABLED": "false"}
    with HostProcess(ROOT, settings) as host:
        functions = host.counters()["functions"]
        assert not [name for name in functions if "accounts_to_finops" in name]
        assert "apply_products_to_sales" in functions
        assert "accounts_to_finops is stopped: switched off by ACCOUNTS_TO_FINOPS__ENABLED" in host.child.output()


def test_settings_that_make_no_sense_stop_the_host_and_name_every_problem(storage: str) -> None:
    with pytest.raises(ChildError) as told:
        HostProcess(ROOT, {"AzureWebJobsStorage": storage, "SALES_URL": "http://contoso.example"})
    text = str(told.value)
    assert "is plain http; only https is allowed here" in text
    assert "FINOPS_URL is missing" in text
    assert "DIGEST_KEY is missing" in text


def test_a_broken_mapping_file_stops_its_own_flow_loudly(storage: str, tmp_path: Path) -> None:
    mappings = tmp_path / "mappings"
    (mappings / "values").mkdir(parents=True)
    for path in shipped_mappings().rglob("*.yaml"):
        (mappings / path.relative_to(shipped_mappings())).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    broken = mappings / "broken.yaml"
    broken.write_text((mappings / "accounts.yaml").read_text(encoding="utf-8").replace("max: 100}", "maxx: 100}"))
    settings = {**SETTINGS, "AzureWebJobsStorage": storage, "MAPPINGS": str(mappings)}
    with HostProcess(ROOT, settings) as host:
        assert "apply_accounts_to_finops" in host.counters()["functions"]
        assert not [name for name in host.counters()["functions"] if "broken" in name]
        assert "broken.yaml" in host.child.output()
        assert "maxx" in host.child.output()


def test_deployed_files_leave_out_what_is_for_this_machine_only() -> None:
    ignored = (ROOT / ".funcignore").read_text(encoding="utf-8").split()
    assert {"local", "tests", "benchmarks", "docs", "node_modules", ".venv", "local.settings*"} <= set(ignored)
    assert json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["version"] == "2.0"
