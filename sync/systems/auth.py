"""Sign-in through msal: client secret or managed identity (wire.md Part 3).

msal keeps the tokens, renews them in their last five minutes and is asked for each request. It reports a failed sign-in
as a dictionary, a wrong tenant as a ValueError and a network failure as what its HTTP client raised; here all of them
become ConfigError (with the remedy) or Transient. One sign-in object serves both systems and all threads.
"""

from __future__ import annotations

import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msal
import requests
from requests.auth import AuthBase

from sync.errors import ConfigError, Unavailable
from sync.systems.answers import Answer
from sync.systems.decisions import retry_after
from sync.systems.redaction import redact

ENTRA = "https://login.microsoftonline.com"
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_DELAY = 30.0

_REMEDIES: Mapping[str, str] = {
    "AADSTS7000215": "The client secret is wrong: give the secret's value (not its id), and check that it has not been "
    "replaced.",
    "AADSTS7000222": "The client secret has expired: make a new one in the app registration.",
    "AADSTS90002": "The tenant does not exist: check the tenant id.",
    "AADSTS900023": "The tenant id is no tenant id or domain name: check it.",
    "AADSTS700016": "The app is not known in this tenant: check the client id, and that the tenant is the right one.",
    "AADSTS500011": "The tenant knows no such system: check the base address.",
    "AADSTS1002012": "The address asked for is none that tokens are given for: check the base address.",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the Unix time at which it ends. Its value shows in no repr."""

    value: str = field(repr=False)
    expires: float


class SignIn(Protocol):
    """Who gives tokens for a system, named by its base address."""

    def token(self, resource: str) -> Token:
        """A token that is good now. Raises ConfigError or Transient."""
        ...

    def forget(self) -> None:
        """Drop the tokens that are kept: one of them was refused."""
        ...


class BearerAuth(AuthBase):
    """Puts a token on each request as it is prepared.

    An auth object rather than a header: requests replaces a bare Authorization header by an entry of a netrc file.
    """

    def __init__(self, sign_in: SignIn, resource: str) -> None:
        self._sign_in = sign_in
        self._resource = resource

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._sign_in.token(self._resource).value}"
        return request


class _MsalSignIn(ABC):
    """What both ways have in common: one msal client, made on first use, one caller at a time."""

    def __init__(self, where: str, ca_bundle: str | None, secrets: tuple[str, ...]) -> None:
        self._where = where
        self._secrets = secrets
        self._session = _SignInSession(where, ca_bundle)
        self._lock = threading.Lock()
        self._client: Any = None

    def token(self, resource: str) -> Token:
        """A token for `resource`, from memory while it is good. Raises ConfigError or Transient."""
        with self._lock:
            try:
                if self._client is None:
                    self._client = self._make()
                answer = self._ask(resource)
            except (KeyError, ValueError) as error:
                raise self._unusable(str(error)) from None
            now = time.time()
        if not answer or "access_token" not in answer:
            raise self._refused(answer or {})
        return Token(str(answer["access_token"]), now + float(answer.get("expires_in", 0)))

    def forget(self) -> None:
        """Sign in afresh next time."""
        with self._lock:
            self._client = None

    @abstractmethod
    def _make(self) -> Any:
        """The msal client."""

    @abstractmethod
    def _ask(self, resource: str) -> dict[str, Any] | None:
        """msal's answer for `resource`."""

    @abstractmethod
    def _unusable(self, text: str) -> ConfigError:
        """The error for an identity service that answers, but not as one."""

    def _refused(self, answer: Mapping[str, Any]) -> ConfigError:
        text = redact(str(answer.get("error_description") or answer.get("error") or "no reason given"), *self._secrets)
        number = re.search(r"AADSTS\d+", text)
        remedy = _REMEDIES.get(number.group() if number else "", self._general_remedy())
        first = re.split(r" Trace ID:|\r?\n", text, maxsplit=1)[0].strip().rstrip(".")
        details = {"error": str(answer.get("error", "")), "correlation_id": str(answer.get("correlation_id", ""))}
        return ConfigError(
            f"Sign-in was refused: {first}.",
            where=self._where,
            remedy=remedy,
            details={name: value for name, value in details.items() if value},
        )

    @abstractmethod
    def _general_remedy(self) -> str:
        """What to check when the reason is none of the known ones."""


class ClientSecretSignIn(_MsalSignIn):
    """An app registration with a secret."""

    def __init__(
        self,
        tenant: str,
        client_id: str,
        secret: str,
        *,
        authority: str = ENTRA,
        instance_discovery: bool = True,
        ca_bundle: str | None = None,
    ) -> None:
        """`authority` is the address before the tenant; `instance_discovery` asks Entra whether it knows it."""
        self._authority = f"{authority.rstrip('/')}/{tenant}"
        super().__init__(f"Sign-in at {self._authority}", ca_bundle, (secret,))
        self._tenant = tenant
        self._client_id = client_id
        self._secret = secret
        self._instance_discovery = instance_discovery

    def __repr__(self) -> str:
        return f"ClientSecretSignIn({self._authority!r}, client_id={self._client_id!r})"

    def _make(self) -> Any:
        return msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=self._secret,
            authority=self._authority,
            instance_discovery=self._instance_discovery,
            http_client=self._session,
        )

    def _ask(self, resource: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = self._client.acquire_token_for_client(scopes=[f"{resource}/.default"])
        return answer

    def _unusable(self, text: str) -> ConfigError:
        # msal keeps back what the authority said (AADSTS90002 for a tenant that does not exist).
        return ConfigError(
            f"The authority knows no tenant {self._tenant!r}.",
            where=self._where,
            remedy="Check the tenant id, and the authority's address if it is not the usual one.",
            details={"msal": redact(text, self._secret)[:300]},
        )

    def _general_remedy(self) -> str:
        return "Check tenant id, client id and client secret of the app registration."


class ManagedIdentitySignIn(_MsalSignIn):
    """The identity that Azure gives the app: the system-assigned one, or the user-assigned one with `client_id`."""

    def __init__(self, client_id: str | None = None) -> None:
        super().__init__("Sign-in by managed identity", None, ())
        self._client_id = client_id

    def __repr__(self) -> str:
        return f"ManagedIdentitySignIn(client_id={self._client_id!r})"

    def _make(self) -> Any:
        identity = (
            msal.UserAssignedManagedIdentity(client_id=self._client_id)
            if self._client_id
            else msal.SystemAssignedManagedIdentity()
        )
        return msal.ManagedIdentityClient(identity, http_client=self._session)

    def _ask(self, resource: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = self._client.acquire_token_for_client(resource=resource)
        return answer

    def _unusable(self, text: str) -> ConfigError:
        return ConfigError(
            "The identity endpoint answered with something that is no token.",
            where=self._where,
            remedy=self._general_remedy(),
            details={"msal": redact(text)[:300]},
        )

    def _general_remedy(self) -> str:
        return (
            "Check that the app's managed identity is switched on (and, for a user-assigned one, that it is assigned "
            "to the app and its client id is right), and that the base address is the system's own."
        )


class _SignInSession(requests.Session):
    """msal's HTTP client: time-outs on every call, network failures and outages as Unavailable."""

    def __init__(self, where: str, ca_bundle: str | None) -> None:
        super().__init__()
        self._where = where
        if ca_bundle:
            self.verify = ca_bundle
        # An auth that adds nothing: without one, requests would look for the host in a netrc file.
        self.auth = _no_auth

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = (_CONNECT_SECONDS, _READ_SECONDS)
        # A CA file of the environment would take the place of the session's own (a peculiarity of requests).
        kwargs.setdefault("verify", self.verify if isinstance(self.verify, str) else None)
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.exceptions.RequestException as error:
            raise Unavailable(
                f"The identity service cannot be reached ({type(error).__name__}).",
                delay=_DELAY,
                where=self._where,
                remedy="Check the address of the authority, name resolution, firewall and certificate; for a managed "
                "identity, that it is switched on for the app.",
            ) from None
        if response.status_code == 429 or response.status_code >= 500:
            headers = {name.lower(): value for name, value in response.headers.items()}
            raise Unavailable(
                f"The identity service answered {response.status_code}.",
                delay=retry_after(headers) or _DELAY,
                where=self._where,
                remedy="If it goes on, check the base address of the system: a managed identity answers 500 for an "
                "address it gives no tokens for.",
                details=Answer(response.status_code, headers, b"").details(),
            )
        return response


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
