"""Settings: every one is listed, and what makes no sense is refused with what, where and how to mend it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sync.app import create_app
from sync.errors import ConfigError
from sync.mapping.compile import compile_plans
from sync.mapping.load import load_all
from sync.mapping.settings import app_setting
from sync.refresh import COMMAND, HOST, refreshed
from sync.settings import FLOW_SETTINGS, Settings, checked_address, flow_switches, mapping_settings, read_settings
from tests.shipped import shipped_mappings

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef"
GOOD = {
    "SALES_URL": "https://a.crm4.dynamics.com",
    "FINOPS_URL": "https://a.operations.dynamics.com",
    "DIGEST_KEY": KEY,
    "MAPPINGS": str(shipped_mappings()),
}


FLOWS = {"accounts_to_finops", "contacts_to_finops", "contact_customers_to_finops", "products_to_sales"}


def test_the_example_and_the_reference_page_list_every_setting() -> None:
    for path, text in refreshed(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is not current: run {COMMAND}"
    values = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    result = load_all(ROOT / "mappings")  # with what somebody has added
    declared = {app_setting(setting.name) for mapping in result.loaded for setting in mapping.settings}
    plans = [plan for each in result.loaded for plan in compile_plans(each, result.maps, {"company": "usmf"})]
    flows = {plan.flow.name for plan in plans}
    of_flows = {f"{flow.upper()}__{name}" for flow in flows for name in FLOW_SETTINGS}
    assert set(values) == {*HOST, *(name.upper() for name in Settings.model_fields), *of_flows, *declared}


def test_the_example_cannot_be_used_as_it_is() -> None:
    values = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    with pytest.raises(ConfigError, match="DIGEST_KEY: is shorter"):
        read_settings(values)
    assert read_settings({**values, "DIGEST_KEY": KEY}).company == "usmf"


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as told:
        read_settings({})
    text = str(told.value)
    assert all(name in text for name in ("SALES_URL is missing", "FINOPS_URL is missing", "DIGEST_KEY is missing"))
    assert "local.settings.example.json" in text


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SALES_URL", "contoso.crm4.dynamics.com", "is not a base address"),
        ("SALES_URL", "http://contoso.crm4.dynamics.com", "is plain http; only https is allowed"),
        ("FINOPS_URL", "https://contoso.operations.dynamics.com/data", "without a path"),
        ("FINOPS_URL", "https://me:secret@contoso.operations.dynamics.com", "no user name and no password"),
        ("PAGE_SIZE", "6000", "less than or equal to 5000"),
        ("PAGE_SIZE", "many", "valid integer"),
        ("SIGN_IN", "password", "managed-identity"),
        ("SIGN_IN", "client-secret", "needs TENANT_ID, CLIENT_ID, CLIENT_SECRET"),
        ("LEASE_SECONDS", "60", "LEASE_SECONDS must be more than 420"),
        ("LEASE_SECONDS", "700", "less than 600"),
        ("TABLE_PREFIX", "1-x", "TABLE_PREFIX"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_its_setting(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as told:
        read_settings({**GOOD, name: value})
    assert says in str(told.value)
    assert name in str(told.value)


def test_no_secret_is_told() -> None:
    with pytest.raises(ConfigError) as told:
        read_settings({**GOOD, "DIGEST_KEY": "hush", "CLIENT_SECRET": "s3cret", "SIGN_IN": "client-secret"})
    assert "hush" not in str(told.value)
    assert "s3cret" not in str(told.value)
    assert KEY not in repr(read_settings(GOOD))


def test_plain_http_is_for_this_machine_only_and_never_in_azure() -> None:
    assert checked_address("http://127.0.0.1:8080/", {}) == "http://127.0.0.1:8080"
    assert checked_address("http://[::1]:8080", {}) == "http://[::1]:8080"
    with pytest.raises(ValueError, match="only https"):
        checked_address("http://127.0.0.1:8080", {"WEBSITE_INSTANCE_ID": "x"})
    with pytest.raises(ValueError, match="only https"):
        checked_address("http://127.0.0.1.example.com", {})


def test_a_flow_has_a_switch_a_schedule_and_a_queue() -> None:
    settings = read_settings(GOOD)
    plain = flow_switches("accounts_to_finops", settings, {})
    assert (plain.enabled, plain.schedule, plain.queue) == (True, "*/30 * * * * *", "p2c-accounts-to-finops")
    given = {
        "ACCOUNTS_TO_FINOPS__ENABLED": "false",
        "ACCOUNTS_TO_FINOPS__SCHEDULE": "0 */5 * * * *",
        "ACCOUNTS_TO_FINOPS__QUEUE": "accounts",
    }
    own = flow_switches("accounts_to_finops", settings, given)
    assert (own.enabled, own.schedule, own.queue) == (False, "0 */5 * * * *", "accounts")


@pytest.mark.parametrize(("name", "value"), [("QUEUE", "No_Queue"), ("QUEUE", "a"), ("ENABLED", "perhaps")])
def test_a_flow_setting_that_makes_no_sense_says_how_to_write_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"ACCOUNTS_TO_FINOPS__{name} is '{value}'"):
        flow_switches("accounts_to_finops", read_settings(GOOD), {f"ACCOUNTS_TO_FINOPS__{name}": value})


def test_a_flow_that_is_switched_off_is_listed_and_not_registered() -> None:
    app = create_app({**GOOD, "COMPANY": "usmf", "ACCOUNTS_TO_FINOPS__ENABLED": "false"}, ROOT)
    assert {binding.name for binding in app.bindings} == FLOWS - {"accounts_to_finops"}
    assert [(each.name, each.reason) for each in app.stopped] == [("accounts_to_finops", "switched off by its setting")]


def test_a_setting_of_a_mapping_file_with_a_value_it_does_not_know_stops_its_flow() -> None:
    app = create_app({**GOOD, "COMPANY": "usmf", "ACCOUNTS__ADOPT": "sometimes"}, ROOT)
    assert {binding.name for binding in app.bindings} == FLOWS - {"accounts_to_finops"}
    assert "ACCOUNTS__ADOPT" in app.stopped[0].reason
    assert "same-name" in app.stopped[0].reason


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("ACCOUNTS__CUSTOMER_GRUOP", "ACCOUNTS__CUSTOMER_GROUP"),
        ("ACCOUNTS_TO_FINOPS__ENABELD", "ACCOUNTS_TO_FINOPS__ENABLED"),
    ],
)
def test_a_setting_that_nobody_reads_is_refused(misspelt: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"{misspelt} is not a setting. Did you mean {meant}?"):
        create_app({**GOOD, misspelt: "1"}, ROOT)


def test_dotted_settings_have_two_underscores_in_the_environment() -> None:
    assert mapping_settings({"ACCOUNTS__CUSTOMER_GROUP": "30"})["accounts.customer_group"] == "30"


def test_host_json_leaves_room_for_the_lease_and_says_how_messages_are_encoded() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    queues = host["extensions"]["queues"]
    assert queues["messageEncoding"] == "base64"
    assert queues["maxDequeueCount"] == 5
    minutes = int(re.fullmatch(r"00:(\d\d):00", host["functionTimeout"])[1])  # type: ignore[index]
    assert minutes * 60 > read_settings(GOOD).lease_seconds
