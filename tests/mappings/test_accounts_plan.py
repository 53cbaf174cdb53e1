"""accounts_to_finops as shipped: the expected outcomes of flows.md 3.5 that a plan decides, and R1 to R5."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import DataError, NotReady
from sync.mapping import Mapped, Plan, UnknownId, compile_plans, load_all
from sync.mapping.given_facts import GivenFacts
from sync.model import Record, Scalar, System
from tests.shipped import shipped_mappings

MAPPINGS = shipped_mappings()
USD, XTS, UNKNOWN = "c-usd", "c-xts", "c-none"
ADDRESS = {"address1_line1": "1 Main St", "address1_city": "Seattle", "address1_country": "United States"}


class Facts(GivenFacts):
    """Two currencies in Sales, two in F&O."""

    def __init__(self) -> None:
        super().__init__({}, {})

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        assert (system, set, give) == ("sales", "transactioncurrencies", "isocurrencycode")
        if id not in (USD, XTS):
            raise UnknownId(id)
        return {USD: "USD", XTS: "XTS"}[id]

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        assert (system, set, column, company) == ("finops", "Currencies", "CurrencyCode", None)
        return value.upper() if value.upper() in ("USD", "EUR") else None


@functools.cache
def _plan(settings: tuple[tuple[str, str], ...]) -> Plan:
    result = load_all(MAPPINGS)
    return compile_plans(result.loaded[0], result.maps, {"company": "USMF", **dict(settings)})[0]


def plan(**settings: str) -> Plan:
    """The shipped plan with settings of accounts (`adopt`) or of all files (`country__default`)."""
    shared = {"company", "states", "unsafe_numbers", "country__default"}
    names = {name: (name if name in shared else f"accounts.{name}").replace("__", ".") for name in settings}
    return _plan(tuple(sorted((names[name], value) for name, value in settings.items())))


def account(**values: Scalar | None) -> Record:
    base: dict[str, Scalar | None] = {
        "accountid": "6F2B1C3A-9d4e-4f5a-8b7c-0123456789ab",
        "accountnumber": "ACC-1",
        "name": "Adventure Works",
        "statecode": 0,
        "_transactioncurrencyid_value": USD,
    }
    return Record(str(base["accountid"]), "v1", {**base, **values})


def sent(mapped: Mapped) -> dict[str, Scalar]:
    return {field.name: field.value for field in mapped.fields if field.value is not None}


def outcome(plan: Plan, record: Record) -> str:
    """The code a record ends with, "" when it is mapped."""
    skipped = plan.verdict(record, Facts(), linked=False).reason
    if skipped:
        return skipped
    try:
        plan.map(record, Facts())
    except (DataError, NotReady) as error:
        return error.code
    return ""


@pytest.mark.parametrize("number", [None, "", "  \t"])
def test_AE1_no_number_is_missing_number(number: str | None) -> None:
    assert outcome(plan(), account(accountnumber=number)) == "missing-number"
    assert plan().number(account(accountnumber=number)) == ""
    assert plan().allocate is None


def test_AE1_with_allocate_a_number_is_made_from_count_and_id() -> None:
    allocate = plan(missing_number="allocate").allocate
    assert allocate is not None
    assert (allocate.column, allocate.counter, allocate.first) == ("accountnumber", "accounts.accountnumber", 1000)
    # The base32 text is that of flows.md 1.3 for this id.
    assert allocate.number_for("6F2B1C3A-9D4E-4F5A-8B7C-0123456789AB", 1000) == "ACC-01000-STIQMR"
    assert allocate.number_for("00000000-0000-0000-0000-000000000001", 123456) == "ACC-123456-PLA3RV"


@pytest.mark.parametrize("number", ["A/1", "R&D", "A1.", "A:1", "50%"])
def test_AE3_unsafe_numbers(number: str) -> None:
    assert outcome(plan(), account(accountnumber=number)) == "unsafe-number"
    tried = plan(unsafe_numbers="try").map(account(accountnumber=number), Facts())
    assert tried.key == {"dataAreaId": "usmf", "CustomerAccount": number}


def test_AE3_length_is_judged_before_characters() -> None:
    assert outcome(plan(), account(accountnumber="R&D" + "9" * 18)) == "number-too-long"


def test_AE4_an_apostrophe_is_allowed() -> None:
    mapped = plan().map(account(accountnumber=" O'Brien "), Facts())
    assert (list(mapped.key), mapped.number) == (["dataAreaId", "CustomerAccount"], "O'Brien")
    assert mapped.key["CustomerAccount"] == "O'Brien"


def test_AE5_numbers_must_be_unique() -> None:
    assert (plan().duplicates, plan().number_column) == ("duplicate-number", "accountnumber")


@pytest.mark.parametrize(
    ("adopt", "party", "name", "code"),
    [
        ("same-name", "Organization", "ADVENTURE  works!", None),  # AE7
        ("same-name", "Organization", "Fabrikam", "adopt-mismatch"),  # AE8
        ("same-name", "Organization", None, "adopt-mismatch"),
        ("same-name", "Person", "Adventure Works", "party-type-mismatch"),  # AE9
        ("same-name", None, "Adventure Works", "party-type-mismatch"),
        ("always", "Organization", "Fabrikam", None),
        ("always", "Person", "Adventure Works", "party-type-mismatch"),
        ("never", "Organization", "Adventure Works", "adopt-mismatch"),
    ],
)
def test_AE7_AE8_AE9_adopt(adopt: str, party: str | None, name: str | None, code: str | None) -> None:
    chosen = plan(adopt=adopt)
    target = {"PartyType": party, "OrganizationName": name}
    assert chosen.adopt(chosen.map(account(), Facts()), target) == code
    assert set(target) <= set(chosen.target_columns)


def test_AE7_names_are_compared_as_far_as_finops_keeps_them() -> None:
    mapped = plan().map(account(name="x" * 100 + " Ltd"), Facts())
    assert plan().adopt(mapped, {"PartyType": "Organization", "OrganizationName": "X" * 100}) is None


def test_AE10_the_search_name_is_sent_on_create_only() -> None:
    when = {field.name: field.when for field in plan().map(account(), Facts()).fields}
    assert (when["NameAlias"], when["OrganizationName"]) == ("create", "both")


def test_AE11_a_long_name_is_cut_with_a_warning() -> None:
    mapped = plan().map(account(name="n" * 99 + "😀" + "m" * 60), Facts())
    assert sent(mapped)["OrganizationName"] == "n" * 99
    assert sent(mapped)["NameAlias"] == "n" * 20
    assert mapped.warnings == ("truncated:OrganizationName",)


def test_AE12_AE21_a_linked_key_stays() -> None:
    link = {"dataAreaId": "demf", "CustomerAccount": "ACC-0"}
    mapped = plan().map(account(), Facts(), link)
    assert mapped.company == "demf"
    assert plan().key_warnings(mapped, link) == ("company-changed", "number-changed")
    assert plan().key_warnings(mapped, {"dataAreaId": "USMF", "CustomerAccount": "acc-1"}) == ()
    unsafe = plan().map(account(accountnumber="R&D"), Facts(), link)
    assert plan().key_warnings(unsafe, link) == ("company-changed", "number-changed")


@pytest.mark.parametrize("country", [None, " "])
def test_AE13_an_address_without_country(country: str | None) -> None:
    values = {**ADDRESS, "address1_country": country, "address2_city": "Kent"}
    mapped = plan().map(account(**values), Facts())
    assert not any("Address" in name for name in sent(mapped))
    assert mapped.warnings == ("address-without-country",)
    assert sent(plan(country__default="USA").map(account(**values), Facts()))["AddressCountryRegionISOCode"] == "US"


@pytest.mark.parametrize("country", ["Deutschland", "Germany", "DE", "deu"])
def test_AE14_countries(country: str) -> None:
    mapped = plan().map(account(**{**ADDRESS, "address1_country": country}), Facts())
    assert sent(mapped)["AddressCountryRegionISOCode"] == "DE"


def test_AE14_unknown_countries_leave_the_address_out() -> None:
    mapped = plan().map(account(**{**ADDRESS, "address1_country": "Atlantis"}), Facts())
    assert not any("Address" in name for name in sent(mapped))
    assert mapped.warnings == ("country-unknown",)


@pytest.mark.parametrize(
    "field", ["address1_country", "address1_stateorprovince", "address1_name", "address1_postofficebox"]
)
def test_AE15_AE16_a_blank_address_sends_nothing(field: str) -> None:
    values = {"address1_line1": "", "address1_city": None, "address1_postalcode": "  ", field: "x"}
    mapped = plan(country__default="US").map(account(**values), Facts())
    assert not any(field.block for field in mapped.fields)
    assert mapped.warnings == ()


def test_AE17_a_blank_currency() -> None:
    assert outcome(plan(), account(_transactioncurrencyid_value=None)) == "currency-missing"
    mapped = plan(default_currency="eur").map(account(_transactioncurrencyid_value=None), Facts())
    assert sent(mapped)["SalesCurrencyCode"] == "EUR"


def test_AE18_a_currency_that_finops_lacks() -> None:
    with pytest.raises(DataError) as error:
        plan().map(account(_transactioncurrencyid_value=XTS), Facts())
    assert (error.value.code, error.value.column) == ("currency-not-mapped", "SalesCurrencyCode")
    assert error.value.retryable
    assert outcome(plan(), account(_transactioncurrencyid_value=UNKNOWN)) == "reference-unknown"


def test_AE20_deactivation() -> None:
    assert outcome(plan(), account(statecode=1)) == "not-active"
    ignoring, holding = plan().on_deactivate, plan(on_deactivate="hold").on_deactivate
    assert ignoring is not None
    assert (ignoring.hold, ignoring.release) == (None, None)
    assert holding is not None
    assert (holding.reason, holding.hold, holding.release) == (
        "not-active",
        {"OnHoldStatus": "All"},
        {"OnHoldStatus": "No"},
    )


def test_only_customers() -> None:
    assert outcome(plan(only_customers="true"), account(customertypecode=10)) == "not-in-filter"
    assert outcome(plan(only_customers="true"), account(customertypecode=3)) == ""
    assert "customertypecode" in plan(only_customers="true").columns
    assert "customertypecode" not in plan().columns


def test_R1_numbers_are_trimmed() -> None:
    assert plan().number(account(accountnumber="\u00a0ACC-1\t")) == "ACC-1"


def test_R2_streets_keep_line_feeds_and_names_do_not() -> None:
    mapped = plan().map(
        account(**{**ADDRESS, "address1_line1": "a\nb", "address1_line3": "c ", "name": "x\ny"}), Facts()
    )
    assert (sent(mapped)["AddressStreet"], sent(mapped)["OrganizationName"]) == ("a\nb\nc", "x y")


def test_R3_the_postbox_belongs_to_its_block() -> None:
    mapped = plan().map(account(**ADDRESS, address1_postofficebox="4711"), Facts())
    assert {field.name: field.block for field in mapped.fields}["AddressPostbox"] == "primary"


@pytest.mark.parametrize(
    ("country", "state", "expected"),
    [
        ("USA", "washington", "WA"),
        ("USA", "wa", "WA"),
        ("USA", "Wash.", "Wash."),
        ("USA", "Somewhere in Washington", None),
        ("Canada", "Newfoundland & Labrador", None),
        ("DE", "Bayern", "Bayern"),
        ("DE", "Nordrhein-Westfalen", None),
        ("DE", "Nordrhein😀", None),
        ("DE", "Nordrhei😀", "Nordrhei😀"),
    ],
)
def test_R4_states(country: str, state: str, expected: str | None) -> None:
    values = {**ADDRESS, "address1_country": country, "address1_stateorprovince": state}
    mapped = plan().map(account(**values), Facts())
    assert sent(mapped).get("AddressState") == expected
    assert mapped.warnings == (() if expected else ("state-omitted",))
    assert "AddressState" not in sent(plan(states="omit").map(account(**values), Facts()))


def test_R5_the_first_that_applies_decides() -> None:
    everything_wrong = account(statecode=1, accountnumber=None, _transactioncurrencyid_value=None)
    assert outcome(plan(company=""), everything_wrong) == "not-active"
    active = Record("1", "1", {**everything_wrong.values, "statecode": 0})
    assert outcome(plan(company=""), active) == "no-company"
    assert outcome(plan(customer_group=""), active) == "missing-number"
    numbered = account(_transactioncurrencyid_value=None)
    assert outcome(plan(customer_group=""), numbered) == "customer-group-missing"
    with pytest.raises(DataError) as error:
        plan(company="").identify(active, Facts())
    assert error.value.code == "no-company"
    assert plan().identify(numbered, Facts()).number == "ACC-1"


def test_business_units_give_companies(tmp_path: Path) -> None:
    folder = copied(tmp_path, "values/company_by_business_unit.yaml", "pairs: {}", "pairs: {Berlin: DEMF}")
    chosen = shipped(folder)
    assert "_owningbusinessunit_value" in chosen.columns
    assert "businessunits" in {reference.set for reference in chosen.references}
    assert "_owningbusinessunit_value" not in plan().columns


def test_clearing() -> None:
    clears = {
        field.name: field.clear for field in plan().map(account(**ADDRESS), Facts()).fields if field.value is None
    }
    assert clears["PrimaryContactPhone"] == clears["AddressZipCode"] == ""
    assert clears["SiteId"] is None
    assert sent(plan().map(account(), Facts()))["OrganizationNumberOfEmployees"] == 0


def copied(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """The shipped folder with one text replaced in one file."""
    folder = tmp_path / "mappings"
    shutil.copytree(MAPPINGS, folder, dirs_exist_ok=True)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def shipped(folder: Path, settings: Mapping[str, str] | None = None) -> Plan:
    result = load_all(folder)
    assert result.problems == []
    return compile_plans(result.loaded[0], result.maps, {"company": "usmf", **(settings or {})})[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "same"),
    [
        ("accounts.yaml", "# Off: notes", "# Off, for now: notes", True),
        (
            "accounts.yaml",
            "{id: A2, sales: name, finops: OrganizationName, max: 100}",
            "{max: 100, finops: OrganizationName,\n    sales: name, id: A2}",
            True,
        ),
        ("accounts.yaml", "name: Adventure Works\n    statecode", "name: Adventure Works AG\n    statecode", True),
        ("accounts.yaml", "title: Accounts as customers", "title: Customers", True),
        ("accounts.yaml", "max: 100", "max: 90", False),
        ("accounts.yaml", "gives: [PartyNumber]", "gives: [PartyNumber, PartyType]", False),
        (
            "accounts.yaml",
            "{id: A40, sales: address1_county, finops: AddressCounty, max: 10, fit: omit, enabled: false}",
            "{id: A40, sales: address1_county, finops: AddressCounty, max: 10, fit: omit}",
            False,
        ),
        ("accounts.yaml", "finops: AddressCounty, max: 10", "finops: AddressCounty, max: 11", True),
        ("values/country.yaml", "title: Countries", "title: All countries", True),
        ("values/country.yaml", "pairs: {}", "pairs: {Bavaria: DE}", False),
        ("values/country.yaml", "also: [danmark]", "also: [danmark, dannemark]", False),
        ("settings.yaml", "default: send", "default: omit", False),
        ("settings.yaml", "title: Whether states", "title: If states", True),
    ],
)
def test_the_definition_follows_what_decides_the_payload(
    tmp_path: Path, file: str, old: str, new: str, same: bool
) -> None:
    folder = copied(tmp_path, file, old, new)
    result = load_all(folder)
    changed = compile_plans(result.loaded[0], result.maps, {"company": "usmf"})[0] if result.loaded else None
    assert changed is not None, result.problems
    assert (changed.definition == shipped(MAPPINGS).definition) is same


def test_the_definition_follows_the_settings_that_are_read() -> None:
    base = shipped(MAPPINGS)
    assert shipped(MAPPINGS, {"accounts.customer_group": "20"}).definition != base.definition
    assert shipped(MAPPINGS, {"company": "demf"}).definition != base.definition
    assert shipped(MAPPINGS, {"something.else": "x", "accounts.customer_group": " 10"}).definition == base.definition


TEXTS = st.none() | st.text(st.characters(), max_size=300)
COLUMNS = [column for column in shipped(MAPPINGS).columns if column not in ("statecode", "numberofemployees")]


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXTS)), st.sampled_from([USD, XTS, UNKNOWN, None]))
def test_arbitrary_text_is_mapped_or_judged(values: dict[str, str | None], currency: str | None) -> None:
    record = account(**{**values, "_transactioncurrencyid_value": currency})
    limits = {"CustomerAccount": 20, "OrganizationName": 100, "NameAlias": 20, "AddressStreet": 250, "AddressCity": 60}
    try:
        mapped = plan().map(record, Facts())
    except (DataError, NotReady):
        return
    payload = {**mapped.key, **sent(mapped)}
    for name, value in payload.items():
        if isinstance(value, str):
            assert value == value.strip() != ""
            assert len(value.encode("utf-16-le")) <= 2 * limits.get(name, 1000)
    assert len({field.name for field in mapped.fields}) == len(mapped.fields)
    again = dataclasses.replace(record, values={**record.values, "name": payload.get("OrganizationName")})
    assert sent(plan().map(again, Facts())).get("OrganizationName") == payload.get("OrganizationName")
