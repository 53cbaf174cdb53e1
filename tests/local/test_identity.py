"""The local identity endpoint signs msal in by both paths, and refuses what Azure refuses."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msal
import pytest
import requests

from local import identity, processes
from local.simulators.odata import tokens

KEY = bytes(range(32))
SECRET = "test-secret"
RESOURCE = "http://127.0.0.1:8123"


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("cert")
    command = [sys.executable, "-m", "local.identity", "--port", "0", "--token-key", KEY.hex(), "--secret", SECRET,
               "--tls-port", "0", "--cert-dir", str(folder), "--lifetime", "900"]  # fmt: skip
    with processes.start(command, name="identity") as child:
        yield child.ready[0].split(" ")


@pytest.fixture
def managed(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", addresses[0])
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)


def _client_secret_app(addresses: list[str], tenant: str, secret: str) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        identity.APP_ID,
        client_credential=secret,
        authority=f"{addresses[1]}/{tenant}",
        instance_discovery=False,
    )


@pytest.fixture
def trusted(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the run's certificate the one way that beats every other setting of requests."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", addresses[2])


@pytest.mark.usefixtures("managed")
def test_msal_signs_in_with_the_managed_identity_of_the_app() -> None:
    client = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=requests.Session())

    answer = client.acquire_token_for_client(resource=RESOURCE)

    claims = tokens.verify(KEY, answer["access_token"], RESOURCE)
    assert claims.app_id == identity.APP_ID
    assert abs(claims.expires - time.time() - 900) < 60
    assert 0 < answer["expires_in"] <= 900
    assert answer["token_type"] == "Bearer"


@pytest.mark.usefixtures("managed")
def test_a_user_assigned_identity_gets_a_token_of_its_own() -> None:
    mine = msal.UserAssignedManagedIdentity(client_id="c0ffee00-0000-4000-8000-000000000001")
    client = msal.ManagedIdentityClient(mine, http_client=requests.Session())

    answer = client.acquire_token_for_client(resource=RESOURCE)

    assert tokens.verify(KEY, answer["access_token"], RESOURCE).app_id == "c0ffee00-0000-4000-8000-000000000001"


def test_a_wrong_identity_header_is_refused(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", addresses[0])
    monkeypatch.setenv("IDENTITY_HEADER", "guess")
    client = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=requests.Session())

    answer = client.acquire_token_for_client(resource=RESOURCE)

    assert "access_token" not in answer
    assert "401" in answer["error_description"]


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ({"resource": RESOURCE}, {"X-IDENTITY-HEADER": SECRET}, 400),
        ({"api-version": "2019-08-01"}, {"X-IDENTITY-HEADER": SECRET}, 400),
        ({"api-version": "2019-08-01", "resource": "sales"}, {"X-IDENTITY-HEADER": SECRET}, 400),
        ({"api-version": "2019-08-01", "resource": RESOURCE}, {}, 401),
    ],
)
def test_an_incomplete_request_is_refused_with_a_remedy(
    addresses: list[str], query: dict[str, str], headers: dict[str, str], status: int
) -> None:
    answer = requests.get(addresses[0], params=query, headers=headers, timeout=10)

    assert answer.status_code == status
    assert answer.json()["statusCode"] == status
    assert answer.json()["message"]


@pytest.mark.usefixtures("trusted")
def test_msal_signs_in_with_a_client_secret_over_tls(addresses: list[str]) -> None:
    app = _client_secret_app(addresses, identity.TENANT, SECRET)

    first = app.acquire_token_for_client(scopes=[f"{RESOURCE}/.default"])
    second = app.acquire_token_for_client(scopes=[f"{RESOURCE}/.default"])

    assert tokens.verify(KEY, first["access_token"], RESOURCE).app_id == identity.APP_ID
    assert second["token_source"] == "cache"
    assert second["access_token"] == first["access_token"]


@pytest.mark.usefixtures("trusted")
def test_a_wrong_client_secret_is_refused_as_entra_does(addresses: list[str]) -> None:
    answer = _client_secret_app(addresses, identity.TENANT, "guess").acquire_token_for_client([f"{RESOURCE}/.default"])

    assert answer["error"] == "invalid_client"
    assert answer["error_description"].startswith("AADSTS7000215:")
    assert answer["error_codes"] == [7000215]


@pytest.mark.usefixtures("trusted")
def test_an_unknown_tenant_is_refused_as_entra_does(addresses: list[str]) -> None:
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        _client_secret_app(addresses, "22222222-2222-4222-8222-222222222222", SECRET)

    form = {"grant_type": "client_credentials", "client_id": identity.APP_ID, "client_secret": SECRET}
    answer = requests.post(f"{addresses[1]}/elsewhere/oauth2/v2.0/token", data=form, verify=addresses[2], timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error_description"].startswith("AADSTS90002:")


def test_tokens_are_good_for_one_key_one_audience_and_a_time() -> None:
    token = tokens.issue(KEY, f"{RESOURCE}/", "app", expires=1000.0)

    assert tokens.verify(KEY, token, RESOURCE, now=999.0) == tokens.Claims(RESOURCE, "app", 1000.0)
    with pytest.raises(tokens.TokenError, match="expired"):
        tokens.verify(KEY, token, RESOURCE, now=1000.0)
    with pytest.raises(tokens.TokenError, match="not for http://other"):
        tokens.verify(KEY, token, "http://other", now=1.0)
    with pytest.raises(tokens.TokenError, match="signature"):
        tokens.verify(b"another key", token, RESOURCE, now=1.0)
    for broken in ("", "abc", "abc.!!!", token[:-4] + "AAAA", token.partition(".")[2], "ä.ö.ü"):
        with pytest.raises(tokens.TokenError):
            tokens.verify(KEY, broken, RESOURCE, now=1.0)


def test_the_certificate_key_is_readable_by_its_owner_only(addresses: list[str]) -> None:
    assert (Path(addresses[2]).parent / "local.key").stat().st_mode & 0o077 == 0


def test_a_tls_port_without_a_folder_for_the_certificate_is_an_error() -> None:
    command = [sys.executable, "-m", "local.identity", "--token-key", "00", "--tls-port", "0"]
    with pytest.raises(processes.ChildError, match="--tls-port needs --cert-dir"):
        processes.start(command, name="identity")
