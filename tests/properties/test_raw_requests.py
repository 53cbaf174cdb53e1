"""Whatever comes over the wire, both simulators answer, in their own error shape, and go on.

A failure inside a simulator shows as a 500 without that shape; nothing in a request may bring one about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from hypothesis import given

from local.simulators.dataverse.app import create_app as dataverse
from local.simulators.finops.app import create_app as finops
from local.simulators.odata.serve import serve_in_thread
from tests.properties.properties_multipart import Response, read
from tests.properties.properties_profile import in_time, profile
from tests.properties.raw_requests import GUID, Client, Raw, Vocabulary, raw_requests

SALES = Vocabulary(
    segments=(
        "accounts", "accounts", "contacts", "products", "quotes", "quotedetails", "productpricelevels", "Accounts",
        "$count",
        "$ref", "$value", "$metadata", "WhoAmI", "WhoAmI()", "EntityDefinitions",
        "EntityDefinitions(LogicalName='account')",
        "Attributes", "Keys", "Microsoft.Dynamics.CRM.PicklistAttributeMetadata", "sdkmessagefilters", "name",
        "primarycontactid", "contact_customer_accounts", "BulkDelete", "WinQuote", "CloseQuote", "ReviseQuote",
        "Merge",
        "Microsoft.Dynamics.CRM.CreateMultiple", "Microsoft.Dynamics.CRM.UpsertMultiple",
        "Microsoft.Dynamics.CRM.UpdateMultiple", "Microsoft.Dynamics.CRM.PublishProductHierarchy", "$batch", "",
    ),
    columns=(
        "accountid", "name", "accountnumber", "creditlimit", "numberofemployees", "statecode", "industrycode",
        "createdon",
        "primarycontactid", "primarycontactid@odata.bind", "_primarycontactid_value", "parentcustomerid_account",
        "parentcustomerid_account@odata.bind", "lastname", "contact_customer_accounts", "quoteid@odata.bind",
        "productid@odata.bind", "uomid@odata.bind", "quantity", "priceperunit", "Name", "overriddencreatedon",
    ),
    queries=(
        "$select=name,accountnumber", "$filter=name%20eq%20'x'", "$orderby=name%20desc", "$top=1", "$count=true",
        "$expand=primarycontactid($select=lastname)", "$filter=contains(name,'x')", "$top=-1",
        "$apply=aggregate($count)",
        "$deltatoken=900001!11/22/2026%2010:00:00", "$skiptoken=%3Ccookie%20pagenumber=%222%22", "sql=SELECT%20name",
        "$filter=Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[%22a%22])", "annotations=true",
    ),
    values=(
        "Microsoft.Dynamics.CRM.account", f"/contacts({GUID})", f"accounts({GUID})", "accounts(", "$1", GUID, "x" * 200,
        {"@odata.id": f"contacts({GUID})"}, [{"@odata.type": "Microsoft.Dynamics.CRM.account", "name": "A"}],
        "2026-02-30T00:00:00Z", "9999-12-31T23:59:59+00:01", 1.5, 2**31, "\ud800",
    ),
)  # fmt: skip
FINOPS = Vocabulary(
    segments=(
        "CustomersV3", "CustomersV3", "ContactPersons", "CDSContactPersonsV2", "SellableReleasedProducts",
        "CDSSalesQuotationHeaders", "CDSSalesQuotationLines", "CustomerGroups", "Currencies", "LegalEntities",
        "customersv3", "$count", "$metadata", "$batch", "", "CDSSalesQuotationHeaders/CDSSalesQuotationLines",
        "DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.GetAzureWriteUrl",
    ),
    columns=(
        "dataAreaId", "CustomerAccount", "OrganizationName", "CustomerGroupId", "SalesCurrencyCode", "CreditLimit",
        "OnHoldStatus", "PartyType", "PartyNumber", "ContactPersonId", "LastName", "AssociatedPartyNumber",
        "SalesQuotationNumber", "LineCreationSequenceNumber", "RequestedSalesQuantity", "ProductNumber",
        "organizationname",
        "AddressCountryRegionISOCode", "LegalEntityId", "CurrencyCode", "RequestingCustomerAccountNumber",
    ),
    queries=(
        "$select=CustomerAccount", "$filter=dataAreaId%20eq%20'usmf'", "cross-company=true", "$top=1", "$skip=1",
        "$count=true", "$expand=CDSSalesQuotationLines", "$orderby=CustomerAccount", "$top=-1", "$skip=x",
        "$filter=OnHoldStatus%20eq%20Microsoft.Dynamics.DataEntities.CustVendorBlocked'No'",
        "$filter=OrganizationName%20eq%20'*x*'", "$filter=CreditLimit%20div%200%20eq%201",
    ),
    values=(
        "usmf", "USMF", "10", "USD", "C1", "x" * 200, "No", "Yes", "#Microsoft.Dynamics.DataEntities.CustomerV3",
        "1900-01-01T12:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59", 1.5, 2**63, {"a": 1}, ["a"],
        "\ud800",
    ),
)  # fmt: skip
NO_SHAPE = frozenset({"HEAD", "OPTIONS", "MERGE"})
"""Methods that the platform's front end answers itself."""


@dataclass(frozen=True)
class Target:
    """One simulator."""

    root: str
    good: str
    """A read that always works."""
    internal_errors: bool
    """Whether a part of a batch may say 500: F&O's word for a change set that failed (wire.md 2.5)."""


@pytest.fixture(scope="module")
def sales() -> Iterator[Target]:
    with serve_in_thread(dataverse(p2c_solution=True)) as base:
        yield Target(f"{base}/api/data/v9.2/", "WhoAmI", internal_errors=False)


@pytest.fixture(scope="module")
def finance() -> Iterator[Target]:
    with serve_in_thread(finops()) as base:
        yield Target(f"{base}/data/", "LegalEntities", internal_errors=True)


def check(target: Target, client: Client, raw: Raw) -> None:
    """The answer is one that the platform could give, and the next request is answered as if nothing had been."""
    answer = client.send(raw)
    assert answer.status < 500 or answer.status == 501, f"{answer.status}: {answer.body[:300]!r}"
    if answer.content_type.startswith("multipart/mixed"):
        for part in read(answer.content_type, answer.body):
            for each in [part] if isinstance(part, Response) else part:
                assert each.status < 500 or each.status == 501 or target.internal_errors, each
                if each.status >= 400:
                    expect_shape(each.text)
    elif answer.status >= 400 and raw.method not in NO_SHAPE:
        expect_shape(answer.body.decode())
    alive = client.send(Raw("GET", target.good, {}, b""))
    assert alive.status == 200, f"{alive.status}: {alive.body[:300]!r}"


def expect_shape(text: str) -> None:
    """The error document of both systems (wire.md 1.12 and 2.6)."""
    assert text.startswith('{"error":'), text[:300]
    error = json.loads(text)["error"]
    assert isinstance(error["code"], str)
    assert isinstance(error["message"], str)
    assert error["message"]


@in_time
def test_dataverse_answers_any_request(sales: Target) -> None:
    with closing(Client(sales.root)) as client:

        @profile(120)
        @given(raw_requests(SALES))
        def any_request(raw: Raw) -> None:
            check(sales, client, raw)

        any_request()


@in_time
def test_finops_answers_any_request(finance: Target) -> None:
    with closing(Client(finance.root)) as client:

        @profile(120)
        @given(raw_requests(FINOPS))
        def any_request(raw: Raw) -> None:
            check(finance, client, raw)

        any_request()
