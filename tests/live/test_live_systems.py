"""`check --live` as a user runs it, and both systems in other states than they should be."""

from __future__ import annotations

import json
from collections.abc import Mapping

from click.testing import CliRunner, Result

from sync.app import Finding, check_live
from sync.cli import main
from tests.acceptance.acceptance_trade import Trade
from tests.live.live_world import errors, line_of, warnings

pytest_plugins = ["tests.acceptance.acceptance_fixtures"]


def run(environment: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(main, ["check", "--live", *arguments])


def check(trade: Trade, **settings: str) -> list[Finding]:
    return check_live({**trade.world.environment, **settings})


def test_where_all_is_well_the_flows_can_run_and_nothing_was_written(trade: Trade) -> None:
    world = trade.world
    trade.release("P1")
    world.account("C1", "Contoso")
    world.count_anew()
    result = run(world.environment)
    assert result.exit_code == 0, result.output
    assert "The flows can run.\n5 notes.\n" in result.output
    assert "  error" not in result.output
    assert "  warning" not in result.output
    assert "accounts_to_finops" not in result.output, "a flow of which nothing is to be said is shown"
    line = line_of("contacts.yaml", "- id: C1")
    assert f"mappings/contacts.yaml:{line}:5: C1 is off: contacts has no column msdynce_contact" in result.output
    for counters in (world.sales_admin.counters(), world.finops_admin.counters()):
        assert counters["writes"] == 0
        assert counters["requests"] > 0
        assert {name.split()[0] for name in counters["by_request"]} == {"GET"}


def test_errors_alone_make_the_exit_status_and_json_has_every_part(trade: Trade) -> None:
    environment = {**trade.world.environment, "ACCOUNTS__CUSTOMER_GROUP": "99"}
    result = run(environment, "--json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert {tuple(each) for each in told} == {("about", "severity", "file", "line", "column", "what", "remedy")}
    (error,) = (each for each in told if each["severity"] == "error")
    assert (error["about"], error["file"]) == (
        "accounts_to_finops", "setting accounts.customer_group (ACCOUNTS__CUSTOMER_GROUP)"
    )  # fmt: skip
    shown = run(environment)
    assert shown.exit_code == 1
    assert "accounts_to_finops\n  error    setting accounts.customer_group" in shown.output
    assert shown.output.endswith("1 error, 5 notes.\n")


def test_columns_that_an_administrator_took_away(trade: Trade) -> None:
    trade.world.sales_admin.switch(hidden_columns=["accounts.fax", "accounts.accountnumber"])
    trade.world.finops_admin.switch(hidden_columns=["CustomersV3.NameAlias"])
    found = check(trade)
    assert any("A27 is switched off: accounts has no column fax" in each for each in warnings(found))
    assert any("A3 is switched off: CustomersV3 of F&O has no column NameAlias" in each for each in warnings(found))
    assert any("accounts has no column accountnumber" in each for each in errors(found))


def test_columns_of_microsofts_solution_are_used_where_they_are(trade: Trade) -> None:
    trade.world.sales_admin.switch(p2c_solution=True)
    found = check(trade)
    assert (errors(found), warnings(found)) == ([], [])
    assert not any("is off" in str(each) for each in found)


def test_rights_to_read_that_are_lacking(trade: Trade) -> None:
    trade.world.sales_admin.switch(no_read=["products"], no_organization_read=["contacts"])
    trade.world.finops_admin.switch(no_read=["CustomersV3", "CustomerGroups"])
    said = errors(check(trade))
    for table in ("products", "contacts", "CustomersV3", "CustomerGroups"):
        assert any(table in each for each in said), (table, said)


def test_a_system_that_cannot_be_read_does_not_hide_what_is_wrong_in_the_other(trade: Trade) -> None:
    trade.world.sales_admin.fault({"status": 403}, "EntityDefinitions")
    found = check(trade, ACCOUNTS__CUSTOMER_GROUP="99")
    (sales,) = (str(each) for each in found if each.about == "Sales")
    assert "right" in sales
    assert any('A6 sends "99", which is no CustomerGroupId' in each for each in errors(found))
    trade.world.sales_admin.heal()
    trade.world.finops_admin.fault({"status": 404}, "$metadata")
    found = check(trade, PRODUCTS__UNIT_GROUP="Nowhere")
    (finops,) = (str(each) for each in found if each.about == "F&O")
    assert "F&O gave no $metadata (404)" in finops


def test_a_flow_that_is_switched_off_is_not_checked(trade: Trade) -> None:
    settings = {"ACCOUNTS__CUSTOMER_GROUP": "99", "ACCOUNTS_TO_FINOPS__ENABLED": "false"}
    found = check(trade, **settings)
    assert errors(found) == []
    (said,) = (str(each) for each in found if each.about == "accounts_to_finops")
    assert "it is switched off, so it was not checked" in said


def test_tables_that_were_filled_for_another_environment(trade: Trade) -> None:
    trade.world.install().sync()
    assert errors(check(trade)) == []
    trade.world.finops.send("POST", "LegalEntities", {"LegalEntityId": "demf", "Name": "Contoso Germany"})
    trade.world.finops.send("POST", "CustomerGroups", {"dataAreaId": "demf", "CustomerGroupId": "10"})
    (said,) = errors(check(trade, COMPANY="demf"))
    assert "The tables of this app were filled for another environment: company was 'usmf', is 'demf'" in said


def test_mistakes_of_the_files_are_told_before_all_else(trade: Trade) -> None:
    result = run({**trade.world.environment, "ACCOUNTS__ADOPT": "sometimes"})
    assert result.exit_code == 1
    assert result.output.startswith("mapping files\n  error    setting accounts.adopt (ACCOUNTS__ADOPT): ")


def test_the_apps_user_of_sales_must_live_in_utc(trade: Trade) -> None:
    (settings,) = trade.world.sales_admin.rows("usersettingscollection")
    path = f"usersettingscollection({settings['systemuserid']})"
    trade.world.sales.send("PATCH", path, {"timezonecode": 110})
    (error,) = errors(check(trade))
    assert "time zone 110, not 92" in error
    trade.world.sales.send("PATCH", path, {"timezonecode": 92})
    assert not errors(check(trade))
