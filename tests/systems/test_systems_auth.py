"""Signing in through msal's two real paths, against the local identity endpoint; failures come with their remedy."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from local import identity
from local.certificates import make_certificate
from local.serving import Serving
from local.simulators.dataverse.app import create_app as dataverse
from local.simulators.finops.app import create_app as finops
from local.simulators.odata import tokens
from local.simulators.odata.serve import serve_in_thread
from sync.errors import ConfigError, Transient
from sync.systems.auth import ClientSecretSignIn, ManagedIdentitySignIn, SignIn
from sync.systems.finops import FinOpsSystem
from sync.systems.sales import SalesSystem
from tests.systems.systems_world import gates

KEY = bytes(range(32))
SECRET = "very-secret-value"
RESOURCE = "https://contoso.crm4.dynamics.com"


class Authority:
    """Both doors of the identity endpoint."""

    def __init__(self, http: str, https: str, certificate: Path, app: Counted) -> None:
        self.http, self.https, self.certificate, self.app = http, https, str(certificate), app

    def secret(self, tenant: str = identity.TENANT, app: str = identity.APP_ID, secret: str = SECRET) -> SignIn:
        return ClientSecretSignIn(
            tenant, app, secret, authority=self.https, instance_discovery=False, ca_bundle=self.certificate
        )


class Counted:
    """An application and how many requests it got."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    certificate = make_certificate(tmp_path_factory.mktemp("cert"))
    app = Counted(identity.create_app(identity.Identity(KEY, SECRET)))
    with Serving(app) as plain, Serving(app, certificate=certificate) as tls:
        yield Authority(plain.url, tls.url, certificate.cert, app)
        # Sign-ins keep their connections; an open TLS connection would hold up the server's end by seconds.
        gc.collect()


@pytest.fixture
def managed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", authority.http)
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)


def test_a_client_secret_gives_a_token_for_the_system(authority: Authority) -> None:
    sign_in = authority.secret()
    token = sign_in.token(RESOURCE)

    assert tokens.verify(KEY, token.value, RESOURCE).app_id == identity.APP_ID
    assert 3000 < token.expires - time.time() <= 3600
    assert sign_in.token(RESOURCE).value == token.value
    assert token.value not in repr(token)
    assert SECRET not in repr(sign_in)


def test_a_ca_file_of_the_environment_does_not_take_the_place_of_ours(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.cert))
    assert authority.secret().token(RESOURCE).value


@pytest.mark.usefixtures("managed")
def test_managed_identities_give_tokens_for_their_own_app(authority: Authority) -> None:
    mine = "c0ffee00-0000-4000-8000-000000000001"
    assert tokens.verify(KEY, ManagedIdentitySignIn().token(RESOURCE).value, RESOURCE).app_id == identity.APP_ID
    assert tokens.verify(KEY, ManagedIdentitySignIn(mine).token(RESOURCE).value, RESOURCE).app_id == mine


@pytest.mark.usefixtures("managed")
def test_a_token_is_asked_for_once_until_it_is_forgotten(authority: Authority) -> None:
    for sign_in in (ManagedIdentitySignIn(), authority.secret()):
        sign_in.token(RESOURCE)
        before = authority.app.requests
        sign_in.token(RESOURCE)
        assert authority.app.requests == before
        sign_in.forget()
        sign_in.token(RESOURCE)
        assert authority.app.requests > before


def test_a_wrong_tenant_is_told_with_its_remedy(authority: Authority) -> None:
    with pytest.raises(ConfigError, match="no tenant 'contoso-typo'") as caught:
        authority.secret(tenant="contoso-typo").token(RESOURCE)
    assert "tenant id" in caught.value.remedy


def test_a_wrong_secret_is_told_with_its_remedy_and_without_the_secret(authority: Authority) -> None:
    with pytest.raises(ConfigError, match="AADSTS7000215") as caught:
        authority.secret(secret="wrong-secret").token(RESOURCE)
    assert "client secret" in caught.value.remedy
    assert "wrong-secret" not in str(caught.value) + str(caught.value.details)
    assert "Trace ID" not in str(caught.value)
    assert caught.value.details["correlation_id"]


def test_an_unknown_app_is_told_with_its_remedy(authority: Authority) -> None:
    with pytest.raises(ConfigError, match="AADSTS700016") as caught:
        authority.secret(app="00000000-0000-0000-0000-000000000000").token(RESOURCE)
    assert "client id" in caught.value.remedy


def test_a_wrong_identity_header_is_a_matter_of_set_up(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", authority.http)
    monkeypatch.setenv("IDENTITY_HEADER", "guess")
    with pytest.raises(ConfigError) as caught:
        ManagedIdentitySignIn().token(RESOURCE)
    assert "managed identity" in caught.value.remedy
    assert "guess" not in str(caught.value)


def test_an_identity_service_that_is_not_there_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/")
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)
    secret = ClientSecretSignIn("t", "a", SECRET, authority="https://127.0.0.1:9", instance_discovery=False)
    for sign_in in (ManagedIdentitySignIn(), secret):
        with pytest.raises(Transient) as caught:
            sign_in.token(RESOURCE)
        assert caught.value.remedy
        assert SECRET not in str(caught.value)


def test_a_certificate_that_is_not_trusted_is_transient_and_told(authority: Authority) -> None:
    untrusting = ClientSecretSignIn(identity.TENANT, identity.APP_ID, SECRET, authority=authority.https,
                                    instance_discovery=False)  # fmt: skip
    with pytest.raises(Transient, match="SSLError") as caught:
        untrusting.token(RESOURCE)
    assert "certificate" in caught.value.remedy


def test_a_system_behind_an_untrusted_certificate_is_unreachable(authority: Authority) -> None:
    sales = SalesSystem(authority.https, authority.secret(), gates()[0])
    with pytest.raises(Transient, match="certificate is not trusted"):
        sales.organization_id()


@pytest.mark.usefixtures("managed")
def test_both_systems_take_the_tokens_that_are_theirs() -> None:
    sign_in, (gate, _) = ManagedIdentitySignIn(), gates()
    with serve_in_thread(dataverse(token_key=KEY)) as sales_base, serve_in_thread(finops(token_key=KEY)) as finops_base:
        assert SalesSystem(sales_base, sign_in, gate).organization_id()
        assert FinOpsSystem(finops_base, sign_in, gate, company="usmf").rows("finops", "Currencies", ["Name"]) == []


@pytest.mark.usefixtures("managed")
def test_a_token_for_another_address_is_refused_with_a_remedy() -> None:
    class Elsewhere:
        """A sign-in that asks for the wrong resource."""

        def __init__(self) -> None:
            self._sign_in = ManagedIdentitySignIn()
            self.token = lambda resource: self._sign_in.token("https://other.example")
            self.forget = self._sign_in.forget

    with serve_in_thread(dataverse(token_key=KEY)) as base, pytest.raises(ConfigError) as caught:
        SalesSystem(base, Elsewhere(), gates()[0]).organization_id()
    assert "application user" in caught.value.remedy
