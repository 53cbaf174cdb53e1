"""Nonsense is answered with an error in F&O's own shape, nothing is written, and the server lives on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local.simulators.finops.app import create_app
from local.simulators.odata.serve import serve_in_thread
from local.simulators.odata.tokens import issue
from tests.local.finops.finops_simulated import CONTOSO, Finops, simulators, told
from tests.local.finops.test_sim_finops_batch import batch_body, create

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def finops() -> Iterator[Finops]:
    """One simulator for the whole module: what one test sends must not spoil it for the next."""
    with simulators() as fresh:
        session = fresh()
        assert session.create_customer().status_code == 201
        yield session


@pytest.fixture(autouse=True)
def unharmed(finops: Finops) -> Iterator[None]:
    before = finops.rows("CustomersV3")
    yield
    assert finops.get(CONTOSO).status_code == 200
    assert finops.rows("CustomersV3") == before


def batch(finops: Finops, body: bytes, kind: str = "multipart/mixed; boundary=batch_1") -> str:
    return told(finops.post("/data/$batch", data=body, headers={"Content-Type": kind}))


WHOLE = batch_body([[create("A")]])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--batch_1",
        WHOLE[:-20],
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"batch_1", b"batch_2"),
        WHOLE.replace(b"HTTP/1.1", b""),
        WHOLE.replace(b"application/http", b"text/plain"),
        WHOLE.replace(b"Content-ID: 1", b"Content-ID 1"),
        WHOLE.replace(b"POST /data/CustomersV3", b"GET /data/CustomersV3"),
        WHOLE.replace(b"/data/CustomersV3", b"/data/$batch"),
        b"\xff\xfe" * 1000,
    ],
    ids=[
        "empty",
        "no-part",
        "cut",
        "line-feeds",
        "boundary",
        "no-version",
        "no-http",
        "header",
        "get",
        "nested",
        "noise",
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(finops: Finops, body: bytes) -> None:
    assert batch(finops, body)


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/mixed", "multipart/mixed; boundary="])
def test_a_batch_needs_its_boundary(finops: Finops, kind: str) -> None:
    assert batch(finops, WHOLE, kind)


def test_a_part_of_a_hundred_megabytes_is_too_long_and_nothing_worse(finops: Finops) -> None:
    head, _, tail = WHOLE.partition(b"Contoso")
    answer = finops.post(
        "/data/$batch",
        data=b"".join((head, b"x" * 100_000_000, tail)),
        headers={"Content-Type": "multipart/mixed; boundary=batch_1"},
    )
    assert answer.status_code == 200
    assert b"HTTP/1.1 500" in answer.content
    assert b"length" in answer.content
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    "query",
    [
        "$filter=",
        "$filter=CustomerAccount eq 'A",
        "$filter=(((CustomerAccount eq 'A'",
        "$filter=" + "not " * 300 + "(CreditLimit eq 1)",
        "$filter=" + "(" * 2000 + "CreditLimit eq 1",
        "$filter=CreditLimit eq " + "9" * 5000,
        "$filter=CreditLimit eq 1e" + "9" * 5000,
        "$filter=CreditLimit EQ 1",
        "$filter=CreditLimit eq 1 AND CreditLimit eq 1",
        "$filter=IsExternallyMaintained eq NoYes'No'",
        "$filter=IsExternallyMaintained eq Microsoft.Dynamics.NoYes'No'",
        "$filter=CreditLimit eq 1 " + "add 1 " * 300,
        "$filter=CustomerAccount eq 5",
        "$filter=contains(CustomerAccount,'A')",
        "$filter=CustomerAccount/Name eq 'A'",
        "$filter=CredManCustomerSince gt soon",
        "$filter=CredManCustomerSince gt 2026-13-45T00:00:00Z",
        "$filter=\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
        "$top=-1",
        "$top=1.5",
        "$top=" + "9" * 5000,
        "$skip=" + "9" * 5000,
        "$top=٣",
        "$skip=-1",
        "$top=1&$top=2",
        "$orderby=",
        "$orderby=CustomerAccount up",
        "$select=",
        "$select=CustomerAccount,",
        "$select=*,Nothing",
        "$count=1",
        "$search=x",
        "$apply=aggregate($count as n)",
        "$deltatoken=1",
        "$format=xml",
        "$skiptoken=1",
    ],
)
def test_a_query_that_means_nothing_is_refused(finops: Finops, query: str) -> None:
    assert told(finops.get(f"/data/CustomersV3?{query}"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("CustomersV3(dataAreaId='usmf',CustomerAccount=5)", 400),
        ("CustomersV3(dataAreaId='usmf',CustomerAccount=null)", 400),
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='C1)", 400),
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='C1'", 400),
        ("CustomersV3()", 400),
        ("CustomersV3(('C1'))", 400),
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='C1',Name='x')", 404),
        ("CustomersV3(dataAreaId='usmf',dataAreaId='usmf',CustomerAccount='C1')", 404),
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='C1')/Orders", 404),
        ("CustomersV3/$value", 404),
        ("$metadata/x", 404),
        ("%00", 404),
        ("CustomersV3%ff", 404),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(finops: Finops, path: str, status: int) -> None:
    answer = finops.get(f"/data/{path}")
    assert answer.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"CreditLimit": "5"}',
        b'{"CreditLimit": NaN}',
        b'{"CreditLimit": 1e400}',
        b'{"OrganizationNumberOfEmployees": 2.5}',
        b'{"OrganizationNumberOfEmployees": 3000000000}',
        b'{"OrganizationName": 5}',
        b'{"OrganizationName": ["x"]}',
        b'{"IsExternallyMaintained": true}',
        b'{"IsExternallyMaintained": "yes"}',
        b'{"OnHoldStatus": 2}',
        b'{"CreditLimit": null}',
        b'{"organizationname": "x"}',
        b'{"Warehouses@odata.bind": ["/data/Warehouses"]}',
        b'{"CustomerGroupId@odata.bind": "/data/CustomerGroups"}',
        b'{"Nothing@odata.type": "#String"}',
        b'{"CreditLimit": 1.' + b"1" * 100 + b"}",
        b'{"@odata.type": "#Microsoft.Dynamics.DataEntities.Vendor"}',
        '{"OrganizationName": "é"}'.encode("latin-1"),
        '{"OrganizationName": "x"}'.encode("utf-16"),
        b'{"OrganizationName": ' + b'{"a": ' * 5000 + b"1" + b"}" * 5001,
    ],
)
def test_a_value_of_another_type_is_refused(finops: Finops, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    assert told(finops.patch(CONTOSO, data=body, headers=kind))
    assert told(finops.post("/data/CustomersV3", data=body, headers=kind))


def test_an_expired_token_is_refused_and_the_next_good_one_is_taken() -> None:
    with serve_in_thread(create_app(token_key=KEY)) as base, Finops(base) as session:
        for lifetime, status in ((-1, 401), (3600, 200)):
            session.headers["Authorization"] = f"Bearer {issue(KEY, base, 'app', time.time() + lifetime)}"
            assert session.get("/data/Currencies").status_code == status
