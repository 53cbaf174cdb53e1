"""The mapping files beside the metadata of both systems: each kind of mistake is told with its place and its remedy."""

from __future__ import annotations

from pathlib import Path

from tests.live.live_world import Checking, Edit, errors, line_of, missing, warnings

pytest_plugins = ["tests.live.live_fixtures"]

ACCOUNTS, CONTACTS, CUSTOMERS, PRODUCTS = (
    f"{name}.yaml" for name in ("accounts", "contacts", "contact_customers", "products")
)
HOLD = {"ACCOUNTS__ON_DEACTIVATE": "hold"}
OTHER_PERSONS = {"CONTACTS__TARGET": "CDSContactPersonsV2"}
STRUCTURE = "{id: P12, constant: 1, sales: productstructure, when: create}"
STATES = 'values: {0: "No", 1: "Yes"}'


def test_the_shipped_files_have_no_error_and_no_warning(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path)
    assert (errors(found), warnings(found)) == ([], [])


def test_the_other_entity_of_a_setting_is_the_one_that_is_checked(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path / "good", **OTHER_PERSONS)
    assert (errors(found), warnings(found)) == ([], [])
    wrong: Edit = (CONTACTS, "    enums: [AssociatedContactType]\n", "")
    assert not errors(checking.check(tmp_path / "not used", wrong))
    (said,) = errors(checking.check(tmp_path / "used", wrong, **OTHER_PERSONS))
    assert "the enums in the key of CDSContactPersonsV2 are AssociatedContactType. Name exactly these under" in said


def test_a_finding_stands_at_its_line_and_tells_the_remedy(checking: Checking, tmp_path: Path) -> None:
    (found,) = warnings(checking.check(tmp_path, (ACCOUNTS, "finops: NameAlias", "finops: NamingAlias")))
    assert found.startswith(f"mappings/accounts.yaml:{line_of(ACCOUNTS, '- {id: A3')}:")
    assert found.endswith(
        "A3 is switched off: CustomersV3 of F&O has no column NamingAlias. "
        "Name a column that is there, bring NamingAlias back, or take the line out (a row: enabled: false)."
    )


def test_tables_that_are_not_there(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (ACCOUNTS, "entity: CustomersV3", "entity: CustomersV9"),
        (CUSTOMERS, "set: Currencies", "set: Monies"),
        (CUSTOMERS, "set: businessunits", "set: departments"),
        ("values/company_by_business_unit.yaml", "pairs: {}", "pairs: {contoso: usmf}"),
        (PRODUCTS, "set: uoms\n", "set: units\n"),
        (CONTACTS, "table: salesorders", "table: orders"),
    )
    expected = ["F&O has no table CustomersV9", "Sales has no table departments", "Sales has no table orders"]
    assert not missing(errors(found), expected)
    off = ["K12 is switched off: F&O has no table Monies", "P5 is switched off: Sales has no table units"]
    assert not missing(warnings(found), off)


def test_columns_that_the_flow_needs(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (ACCOUNTS, "finops: NameAlias", "finops: nameAlias"),
        (ACCOUNTS, "number: accountnumber", "number: accountno"),
        (ACCOUNTS, "sales: statecode", "sales: status"),
        (ACCOUNTS, "finops: PartyType\n    is", "finops: Kind\n    is"),
        (ACCOUNTS, "gives: [PartyNumber]", "gives: [PartyNumber, Party]"),
        (ACCOUNTS, "give: isocurrencycode", "give: iso"),
        (PRODUCTS, "finops: SalesPrice", "finops: Price"),
        (PRODUCTS, "valid: [begindate", "valid: [startdate"),
        (CONTACTS, "where: {statecode", "where: {state"),
    )
    expected = [
        "accounts has no column accountno", "accounts has no column status", "CustomersV3 of F&O has no column Kind",
        "CustomersV3 of F&O has no column Party.", "quotes has no column state.",
        "A10 reads a blank for every new record, which is parked as currency-missing: "
        "transactioncurrencies has no column iso.",
    ]  # fmt: skip
    assert not missing(errors(found), expected)
    off = [
        "A3 is switched off: CustomersV3 of F&O has no column nameAlias. Write NameAlias: case counts.",
        "PL1 is switched off: pricelevels has no column startdate.",
        "PL4 is switched off: it builds on pricelevelid, which is off.",
        "P8 is switched off: SellableReleasedProducts of F&O has no column Price.",
    ]
    assert not missing(warnings(found), off)


def test_a_row_without_its_column_of_sales_is_off(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (ACCOUNTS, "sales: fax", "sales: telefax"),
        (PRODUCTS, "sales: pricelevelid, when: update}", "sales: preislevelid, when: update}"),
        (PRODUCTS, "sales: uomid, when: create}", "sales: unitid, when: create}"),
        (PRODUCTS, "match: [pricelevelid, productid, uomid]", "match: [pricelevelid, productid]"),
    )
    expected = [
        "A27 is switched off: accounts has no column telefax. Name a column that is there",
        "P14 is switched off: products has no column preislevelid.",
        "PL3 is switched off: productpricelevels has no column unitid.",
    ]
    assert (errors(found), missing(warnings(found), expected)) == ([], [])


def test_a_row_that_says_what_a_blank_becomes_holds_without_its_column(checking: Checking, tmp_path: Path) -> None:
    """With nothing to fall back on, no record would get past it; that is no warning any more."""
    setting = "    setting: accounts.customer_group\n    finops: CustomerGroupId\n"
    lookup = "{set: accounts, key: accountid, give: accountnumber}"
    chosen = f"    sales: new_group\n    lookup: {lookup}\n    finops: CustomerGroupId\n"
    default = "    default: {setting: accounts.customer_group}\n"
    lacks = "accounts has no column new_group."
    found = checking.check(tmp_path / "default", (ACCOUNTS, setting, chosen + default))
    assert errors(found) == []
    (said,) = warnings(found)
    assert f"A6 reads a blank: {lacks}" in said
    (said,) = errors(checking.check(tmp_path / "none", (ACCOUNTS, setting, chosen)))
    assert f"A6 reads a blank for every new record, which is parked as customer-group-missing: {lacks}" in said
    assert said.endswith("Name a column that is there, or give the row a default.")
    (said,) = errors(
        checking.check(tmp_path / "empty", (ACCOUNTS, setting, chosen + default), ACCOUNTS__CUSTOMER_GROUP="")
    )
    assert "customer-group-missing" in said


def test_rows_that_build_on_one_that_is_off_are_off_too(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path, (PRODUCTS, "sales: defaultuomscheduleid\n", "sales: unitgroupid\n"),
                           (PRODUCTS, "defaultuomscheduleid}", "unitgroupid}"))  # fmt: skip
    expected = [
        "P6 is switched off: products has no column unitgroupid.",
        "P5 is switched off: it builds on unitgroupid, which is off.",
        "PL3 is switched off: it builds on defaultuomid, which is off.",
    ]
    assert not missing(warnings(found), expected)


def test_types_that_do_not_go_together(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (ACCOUNTS, "finops: OrganizationNumberOfEmployees, type: whole, default: 0",
         "finops: OrganizationNumberOfEmployees"),
        (ACCOUNTS, "finops: PrimaryContactPhone, max: 255, fit: omit", "finops: PrimaryContactPhone, type: whole"),
        (ACCOUNTS, "finops: PrimaryContactFax", "finops: OnHoldStatus"),
        (ACCOUNTS, "sales: websiteurl", "sales: primarycontactid"),
        (PRODUCTS, "sales: isstockitem, type: yes_no", "sales: isstockitem"),
        (PRODUCTS, "sales: price, type: decimal", "sales: price, type: yes_no"),
        (PRODUCTS, "sales: currentcost", "sales: parentproductid"),
    )  # fmt: skip
    expected = [
        "A29 sends text, but OrganizationNumberOfEmployees of CustomersV3 is Edm.Int32. Give the row type: whole",
        "A25 sends whole numbers, but PrimaryContactPhone of CustomersV3 is Edm.String",
        "A27 sends text, but OnHoldStatus of CustomersV3 is Microsoft.Dynamics.DataEntities.CustVendorBlocked. "
        "Give the row a value map",
        "A28 reads primarycontactid of accounts, which is a lookup. Give the row a lookup or a reference",
        "P11 sends text, but isstockitem of products is Boolean. Give the row type: yes_no",
        "P8 reads SalesPrice of SellableReleasedProducts, which is Edm.Decimal and no flag",
        "P10 sends numbers, but parentproductid of products is Lookup. Give the row a resolve",
    ]
    assert not missing(errors(found), expected)


def test_texts_that_sales_would_refuse(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (PRODUCTS, "sales: description, multiline: true, max: 2000", "sales: description, max: 5000"),
        (PRODUCTS, "sales: name, max: 100", "sales: name"),
    )
    (said,) = errors(found)
    assert "P3 lets 5000 characters through, but description of products takes 2000. Write max: 2000." in said
    (said,) = warnings(found)
    assert "P2 has no max, and name of products takes 100 characters. Give the row max: 100" in said


def test_numbers_that_are_given_must_fit_into_their_column(checking: Checking, tmp_path: Path) -> None:
    longer: Edit = (ACCOUNTS, "prefix: ACC-", "prefix: ACCOUNT-OF-CONTOSO-")
    (said,) = errors(checking.check(tmp_path, longer, ACCOUNTS__MISSING_NUMBER="allocate"))
    assert "numbers of 31 characters are to be written into accountnumber, which takes 20" in said


def test_columns_that_nothing_fills(checking: Checking, tmp_path: Path) -> None:
    (said,) = warnings(checking.check(tmp_path, (PRODUCTS, f"  - {STRUCTURE}\n", "")))
    assert "no row of products can be created without productstructure, which no row here fills" in said


def test_columns_that_cannot_be_written(checking: Checking, tmp_path: Path) -> None:
    always = STRUCTURE.replace(", when: create", "")
    added = f"{always}\n  - {{id: P16, same_as: defaultuomid, sales: pricelevelid}}"
    expected = [
        "P12 is sent on update, when productstructure of products cannot be written. Give the row when: create.",
        "P16 is sent on create, when pricelevelid of products cannot be written. Give the row when: update.",
    ]
    assert not missing(errors(checking.check(tmp_path, (PRODUCTS, STRUCTURE, added))), expected)


def test_values_that_enums_and_option_sets_lack(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (ACCOUNTS, 'constant: "Yes", finops: Is', "constant: Ja, finops: Is"),
        (CUSTOMERS, 'constant: "Yes", finops: Is', 'constant: "yes", finops: Is'),
        (ACCOUNTS, "hold: {OnHoldStatus: All}", "hold: {OnHoldStatus: Everything}"),
        (CONTACTS, STATES, 'values: {0: "No", 1: "Y"}'),
        ("values/producttype.yaml", "3: Service", "9: Service"),
        (ACCOUNTS, "{sales: statecode, is: 0", "{sales: statecode, is: 7"),
        (PRODUCTS, 'finops: IsSalesStopped, is: ["No", null]', "finops: IsSalesStopped, is: [Nein, null]"),
        (PRODUCTS, "sales: statecode\n    is: [0, 2, 3]", "sales: statecode\n    is: [0, 2, 8]"),
        (PRODUCTS, "only_when: {statecode: 2}", "only_when: {statecode: 5}"),
        (PRODUCTS, "where: {statecode: 0}", "where: {statecode: 6}"),
        (CONTACTS, "where: {statecode: [1, 2]}", "where: {statecode: [1, 22]}"),
        (PRODUCTS, "constant: 1, sales: pricingmethodcode", "constant: 12, sales: pricingmethodcode"),
        (PRODUCTS, "constant: 1, sales: quantitysellingcode", "constant: true, sales: quantitysellingcode"),
        **HOLD,
    )
    expected = [
        "A5 sends Ja, which IsExternallyMaintained of CustomersV3 does not have. Change the row. Known: No, Yes.",
        "K7 sends yes, which IsExternallyMaintained of CustomersV3 does not have",
        "Everything is a value that OnHoldStatus of CustomersV3 does not have",
        "C7 sends Y, which IsInactive of ContactPersons does not have",
        "mappings/values/producttype.yaml: P4 sends 9, which producttypecode of products does not have",
        "7 is a value that statecode of accounts does not have. Known: 0, 1.",
        "Nein is a value that IsSalesStopped of SellableReleasedProducts does not have",
        "8 is a value that statecode of products does not have",
        "5 is a value that statecode of products does not have",
        "6 is a value that statecode of pricelevels does not have",
        "22 is a value that statecode of quotes does not have",
        "PL5 sends 12, which pricingmethodcode of productpricelevels does not have",
        "PL6 sends true, which quantitysellingcode of productpricelevels does not have",
    ]
    assert not missing(errors(found), expected)


def test_value_maps_and_option_sets_are_compared_both_ways(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path, (CONTACTS, STATES, 'values: {0: "No", 2: "Yes"}'))
    expected = [
        "C7 maps 2, which statecode of contacts does not have",
        "C7: statecode can be 1 (Inactive). The value map of IsInactive does not know the value (value-not-mapped)",
    ]
    assert not missing(warnings(found), expected)


def test_lookups_that_lead_elsewhere(checking: Checking, tmp_path: Path) -> None:
    by_name = "{set: pricelevels, key: pricelevelid, give: name}"
    found = checking.check(
        tmp_path,
        (PRODUCTS, "sales: transactioncurrencyid\n", "sales: transactioncurrencyid\n    bind_as: Currency\n"),
        (PRODUCTS, "resolve: {set: uomschedules, by: name, give: uomscheduleid",
         "resolve: {set: pricelevels, by: name, give: pricelevelid"),
        (ACCOUNTS, "{set: transactioncurrencies, key: transactioncurrencyid, give: isocurrencycode}", by_name),
        (ACCOUNTS, "{mapping: contacts, give: ContactPersonId, optional: true}",
         "{mapping: accounts, give: CustomerAccount, optional: true}"),
        (CUSTOMERS, "key: transactioncurrencyid, give", "key: isocurrencycode, give"),
        (CONTACTS, "parentcustomerid, table: account", "parentcustomerid, table: lead"),
        (CONTACTS, "{table: quotes, column: contactid", "{table: quotes, column: accountid"),
    )  # fmt: skip
    expected = [
        "P9 is bound as Currency, but the navigation properties of transactioncurrencyid of products are",
        "P6 is bound to a row of pricelevels, but defaultuomscheduleid of products leads to uomschedules",
        "A10 looks into pricelevels, but transactioncurrencyid of accounts leads to transactioncurrency",
        "A30 looks into accounts, but primarycontactid of accounts leads to contact",
        "K12 takes isocurrencycode for the key of transactioncurrencies, which is transactioncurrencyid",
        "parentcustomerid of contacts never leads to lead, so no record passes. It leads to account, contact.",
        "accountid of quotes never leads to contact",
    ]
    assert not missing(errors(found), expected)


def test_keys_that_are_others(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(tmp_path, (PRODUCTS, "key: [dataAreaId, ProductNumber]", "key: [dataAreaId, ProductName]"))
    expected = ["the key of SellableReleasedProducts in F&O is dataAreaId, ProductNumber, not dataAreaId, ProductName"]
    assert not missing(errors(found), expected)


def test_tables_whose_changes_are_not_tracked(checking: Checking, tmp_path: Path) -> None:
    found = checking.check(
        tmp_path,
        (
            CUSTOMERS,
            "  - {table: invoices, id: invoiceid, column: contactid, only_if: *by_default}",
            "  - {table: pricelevels, id: pricelevelid, column: transactioncurrencyid, only_if: *by_default}",
        ),
    )
    expected = ["changes of pricelevels are not tracked, so none would be found. Switch on Track changes"]
    assert not missing(errors(found), expected)
