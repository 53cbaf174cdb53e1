"""Settings: every one is listed, and what makes no sense is refused with what, where and how to mend it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local.host.ncrontab import Schedule
from sync.app import check, create_app
from sync.errors import ConfigError
from sync.mapping.compile import compile_plans
from sync.mapping.load import load_all
from sync.mapping.settings import app_setting
from sync.refresh import COMMAND, HOST, refreshed
from sync.schedules import checked_schedule
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

PARTS = ("0", "*", "*/5", "1-5", "5-1", "mon", "Mon-Fri", "jan,feb", "sun", "7", "31", "59", "60", "1/15", "*/0")
"""Parts of schedules, most of which are fine in one field or another."""


FLOWS = {
    *("accounts_to_finops", "contacts_to_finops", "contact_customers_to_finops", "products_to_sales"),
    "quotes_to_finops",
}


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
        ("PAGE_SIZE", "6000", "Write a whole number of at least 1 and at most 5000."),
        ("PAGE_SIZE", "many", "PAGE_SIZE is 'many'. Write a whole number"),
        ("WAITING_HOURS", "inf", "Write a number of more than 0."),
        ("BRAKE_GONE_PERCENT", "101", "Write a number of at least 0 and at most 100."),
        ("INSTANCE_DISCOVERY", "perhaps", "Write true or false."),
        ("DETECT_SCHEDULE", "every minute", "is no NCRONTAB schedule: it has 2 fields, not six"),
        ("SWEEP_SCHEDULE", "0 */61 25 * * *", "'25' is no hour. It may be *, numbers from 0 to 23"),
        ("SIGN_IN", "password", "Write managed-identity or client-secret."),
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


def test_what_settings_are_to_one_another_is_told_beside_values_that_make_no_sense() -> None:
    with pytest.raises(ConfigError) as told:
        read_settings({"PAGE_SIZE": "many", "SIGN_IN": "client-secret", "LEASE_SECONDS": "60"})
    text = str(told.value)
    for part in ("SALES_URL is missing", "PAGE_SIZE is 'many'", "which needs TENANT_ID", "it is 60"):
        assert part in text
    assert text.count("LEASE_SECONDS") == 1


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
    ours = {
        "ACCOUNTS_TO_FINOPS__ENABLED": "false",
        "ACCOUNTS_TO_FINOPS__SCHEDULE": "0 */5 * * * *",
        "ACCOUNTS_TO_FINOPS__QUEUE": "accounts",
    }
    own = flow_switches("accounts_to_finops", settings, ours)
    assert (own.enabled, own.schedule, own.queue) == (False, "0 */5 * * * *", "accounts")


@pytest.mark.parametrize(("name", "value"), [("QUEUE", "No_Queue"), ("QUEUE", "a"), ("ENABLED", "perhaps")])
def test_a_flow_setting_that_makes_no_sense_says_how_to_write_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"ACCOUNTS_TO_FINOPS__{name} is '{value}'"):
        flow_switches("accounts_to_finops", read_settings(GOOD), {f"ACCOUNTS_TO_FINOPS__{name}": value})


def test_a_flow_that_is_switched_off_is_listed_and_not_registered() -> None:
    app = create_app({**GOOD, "COMPANY": "usmf", "ACCOUNTS_TO_FINOPS__ENABLED": "false"}, ROOT)
    assert {binding.name for binding in app.bindings} == FLOWS - {"accounts_to_finops"}
    assert [(each.name, each.reason) for each in app.stopped] == [
        ("accounts_to_finops", "switched off by ACCOUNTS_TO_FINOPS__ENABLED")
    ]


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


def told_by_check(environment: dict[str, str], root: Path = ROOT) -> list[str]:
    return [str(problem) for problem in check(environment, root)]


def test_check_tells_every_setting_that_makes_no_sense_in_one_pass() -> None:
    wrong = {
        "PAGE_SIZE": "many",
        "DETECT_SHEDULE": "0 * * * * *",
        "ACCOUNTS_TO_FINOPS__ENABLED": "maybe",
        "ACCOUNTS_TO_FINOPS__SCHEDULE": "0 0 * * *",
        "CONTACTS_TO_FINOPS__SCHEDULE": "often",
        "CONTACTS_TO_FINOPS__QUEUE": "My_Queue",
        "ACOUNTS_TO_FINOPS__ENABLED": "false",
        "INVOICES_TO_FINOPS__ENABLED": "false",
        "PRODUCTS_TO_SALES__ENABELD": "false",
        "products_to_sales__enabled": "false",
        "ACCOUNTS__CUSTOMER_GRUOP": "30",
        "ACCOUTNS__CUSTOMER_GROUP": "30",
        "ACCOUNTS__ADOPT": "sometimes",
    }
    text = "\n".join(told_by_check({**GOOD, "COMPANY": "usmf", **wrong}))
    for expected in (
        "settings: PAGE_SIZE is 'many'. Write a whole number of at least 1 and at most 5000.",
        "settings: DETECT_SHEDULE is read by nobody. Did you mean DETECT_SCHEDULE?",
        "settings: ACCOUNTS_TO_FINOPS__ENABLED is 'maybe'. Write true or false.",
        "settings: CONTACTS_TO_FINOPS__SCHEDULE: 'often' is no NCRONTAB schedule: it has a single field, not six.",
        "settings: CONTACTS_TO_FINOPS__QUEUE is 'My_Queue'. A queue name has",
        "ACOUNTS_TO_FINOPS__ENABLED is read by nobody: there is no flow ACOUNTS_TO_FINOPS. "
        "Did you mean ACCOUNTS_TO_FINOPS__ENABLED? The flows are ACCOUNTS_TO_FINOPS, ",
        "INVOICES_TO_FINOPS__ENABLED is read by nobody: there is no flow INVOICES_TO_FINOPS. ",
        "PRODUCTS_TO_SALES__ENABELD is not a setting. Did you mean PRODUCTS_TO_SALES__ENABLED?",
        "products_to_sales__enabled is not read. Write PRODUCTS_TO_SALES__ENABLED.",
        "ACCOUNTS__CUSTOMER_GRUOP is not a setting. Did you mean ACCOUNTS__CUSTOMER_GROUP?",
        "ACCOUTNS__CUSTOMER_GROUP is read by nobody. Did you mean ACCOUNTS__CUSTOMER_GROUP?",
        '(ACCOUNTS__ADOPT): "sometimes" is not allowed.',
    ):
        assert expected in text
    assert len(text.splitlines()) == len(wrong) - 1, "a schedule of five fields begins at second 0"


def test_what_is_not_the_apps_own_is_nobodys_mistake() -> None:
    others = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "AzureWebJobsStorage__accountName": "contoso",
        "AzureWebJobs.detect_accounts_to_finops.Disabled": "true",
        "AzureWebJobs__detect_accounts_to_finops__Disabled": "true",
        "AzureFunctionsJobHost__extensions__queues__batchSize": "4",
        "AZUREFUNCTIONSJOBHOST__LOGGING__CONSOLE__ENABLED": "true",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "WEBSITE_RUN_FROM_PACKAGE": "1",
        "WEBSITES_ENABLE__ENABLED": "1",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=0",
        "APPLICATIONINSIGHTS_STATSBEAT__ENABLED": "false",
        "AZURE_CLIENT_SECRET": "s3cret",
        "STORAGE": "OWN",
        "OWN__queueServiceUri": "https://contoso.queue.core.windows.net",
        "OWN__QUEUE": "x",
        "COMPANY_NAME": "Contoso",
        "STATE": "x",
        "npm_config__jsr_registry": "x",
        "accounts__customer_group": "30",
    }
    assert told_by_check({**GOOD, "COMPANY": "usmf", **others}) == []
    create_app({**GOOD, "COMPANY": "usmf", **others}, ROOT)


def test_all_that_keeps_the_app_from_starting_is_told_at_once() -> None:
    wrong = {
        "ACCOUNTS_TO_FINOPS__ENABLED": "maybe",
        "PRODUCTS_TO_SALES__SCHEDULE": "often",
        "CONTACTS_TO_FINOPS__ENABELD": "x",
    }
    with pytest.raises(ConfigError) as told:
        create_app({**GOOD, "COMPANY": "usmf", **wrong}, ROOT)
    assert all(name in str(told.value) for name in wrong)


def test_a_name_that_only_looks_like_a_setting_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    create_app({**GOOD, "COMPANY": "usmf", "ACOUNTS_TO_FINOPS__ENABLED": "false"}, ROOT)
    assert "there is no flow ACOUNTS_TO_FINOPS. Did you mean ACCOUNTS_TO_FINOPS__ENABLED?" in caplog.text


def test_settings_of_a_mapping_file_with_problems_are_not_called_unknown(tmp_path: Path) -> None:
    for name in ("accounts", "contacts"):
        text = (ROOT / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text("titel: x\n" + text if name == "accounts" else text)
    environment = {**GOOD, "COMPANY": "usmf", "MAPPINGS": str(tmp_path)}
    own = {"ACCOUNTS__CUSTOMER_GROUP": "30", "ACCOUNTS_TO_FINOPS__ENABLED": "false"}
    assert told_by_check({**environment, **own}) == told_by_check(environment)


def test_what_is_not_set_is_no_problem_where_no_installation_is_set_up() -> None:
    assert told_by_check({}) == []
    assert told_by_check({"PAGE_SIZE": "many"}) == [
        "settings: PAGE_SIZE is 'many'. Write a whole number of at least 1 and at most 5000."
    ]


@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text("0123456789*/,-", max_size=5)), min_size=4, max_size=7))
@example(["0", "*/5", "1-5,7/2", "*", "jan-mar", "mon"])
@example(["0", "*", "*", "*", "*", "7"])
@example(["0", "*", "5-1", "*", "*", "*"])
@example(["0", "*/0", "*", "*", "*", "*"])
def test_the_check_takes_the_schedules_that_the_host_takes(parts: list[str]) -> None:
    text = " ".join(parts)
    assert is_taken(lambda: checked_schedule(text)) == is_taken(lambda: Schedule(text)), text


def is_taken(read: Callable[[], object]) -> bool:
    try:
        read()
    except ValueError:
        return False
    return True
