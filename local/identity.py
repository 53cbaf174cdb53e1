"""The local identity endpoint: it signs the app in as Azure would, so that the app needs no code for local runs.

Two doors, both as msal 1.39 knocks on them:

* managed identity of App Service and Functions, plain http: `GET /?api-version=2019-08-01&resource=<resource>` with
  `X-IDENTITY-HEADER`; the app finds it through `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`;
* client secret, TLS: `/<tenant>/v2.0/.well-known/openid-configuration` and `/<tenant>/oauth2/v2.0/token`; the app finds
  it through its authority, with instance discovery switched off.

Both issue tokens that the simulators check (`local.simulators.odata.tokens`). Start it with
`python -m local.identity --port 0 --token-key HEX`; it prints `READY <http address> [<https address> <CA file>]`.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.certificates import make_certificate
from local.serving import Serving
from local.simulators.odata import tokens

TENANT = "11111111-2222-4333-8444-555555555555"
APP_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
_API_VERSION = "2019-08-01"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who may sign in, and what they get.

    `secret` is both the value of `X-IDENTITY-HEADER` and the client secret. `lifetime` of a token is in seconds.
    """

    token_key: bytes
    secret: str
    tenant: str = TENANT
    app_id: str = APP_ID
    lifetime: int = 3600

    def token(self, resource: str, app_id: str) -> tuple[str, int]:
        """A token for `resource` and `app_id`, and the Unix time at which it ends."""
        expires = int(time.time()) + self.lifetime
        return tokens.issue(self.token_key, resource, app_id, expires), expires


def create_app(identity: Identity) -> Starlette:
    """The ASGI app with both doors."""

    async def managed_identity(request: Request) -> Response:
        return _managed_identity(identity, request.query_params, request.headers.get("x-identity-header"))

    async def configuration(request: Request) -> Response:
        return _configuration(identity, request.path_params["tenant"], str(request.base_url).rstrip("/"))

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return _client_credentials(identity, request.path_params["tenant"], form)

    return Starlette(
        routes=[
            Route("/", managed_identity, methods=["GET"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", configuration, methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
        ]
    )


def _managed_identity(identity: Identity, query: Mapping[str, str], header: str | None) -> Response:
    if header is None or not secrets.compare_digest(header.encode(), identity.secret.encode()):
        return _refused(401, "The X-IDENTITY-HEADER is missing or wrong. Send the value of IDENTITY_HEADER.")
    if query.get("api-version") != _API_VERSION:
        return _refused(400, f"The api-version is missing or not served here. Ask with api-version={_API_VERSION}.")
    resource = query.get("resource", "")
    if not _is_address(resource):
        return _refused(400, "The resource is missing or no address. Ask with resource=<the system's base address>.")
    client_id = query.get("client_id", identity.app_id)
    access_token, expires = identity.token(resource, client_id)
    return JSONResponse(
        {
            "access_token": access_token,
            "expires_on": str(expires),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": client_id,
        }
    )


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())}, status)


def _configuration(identity: Identity, tenant: str, base: str) -> Response:
    if tenant != identity.tenant:
        return _unknown_tenant(tenant)
    root = f"{base}/{tenant}"
    return JSONResponse(
        {
            "issuer": f"{root}/v2.0",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "scopes_supported": ["openid"],
        }
    )


def _client_credentials(identity: Identity, tenant: str, form: Mapping[str, str]) -> Response:
    client_id, scope = form.get("client_id", ""), form.get("scope", "")
    if tenant != identity.tenant:
        return _unknown_tenant(tenant)
    if form.get("grant_type") != "client_credentials":
        return _entra_error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if client_id != identity.app_id:
        what = f"Application with identifier '{client_id}' was not found in the directory '{tenant}'."
        return _entra_error(400, "unauthorized_client", 700016, what)
    if not secrets.compare_digest(form.get("client_secret", "").encode(), identity.secret.encode()):
        what = f"Invalid client secret provided. Ensure the secret being sent belongs to app '{client_id}'."
        return _entra_error(401, "invalid_client", 7000215, what)
    resource = scope.removesuffix("/.default")
    if resource == scope or not _is_address(resource):
        what = f"The provided value for scope {scope} is not valid. It must be <resource>/.default."
        return _entra_error(400, "invalid_scope", 1002012, what)
    access_token, _ = identity.token(resource, client_id)
    lifetime = identity.lifetime - 1
    return JSONResponse(
        {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": access_token,
        }
    )


def _unknown_tenant(tenant: str) -> Response:
    what = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    return _entra_error(400, "invalid_request", 90002, what)


def _entra_error(status: int, error: str, number: int, message: str) -> Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    now = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    return JSONResponse(
        {
            "error": error,
            "error_description": f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {now}",
            "error_codes": [number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        },
        status,
    )


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://")) and len(text) > len("https://")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status."""
    options = _parse(arguments)
    identity = Identity(options.token_key, options.secret, options.tenant, options.app_id, options.lifetime)
    app = create_app(identity)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    servings = [Serving(app, options.port)]
    ready = f"READY {servings[0].url}"
    if options.tls_port is not None:
        certificate = make_certificate(options.cert_dir)
        servings.append(Serving(app, options.tls_port, certificate))
        ready += f" {servings[1].url} {certificate.cert}"
    print(ready, flush=True)
    stop.wait()
    for serving in servings:
        serving.stop()
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.identity", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="port for managed identity (0: any free one)")
    parser.add_argument("--token-key", type=bytes.fromhex, required=True, help="key that signs tokens, hexadecimal")
    parser.add_argument("--secret", default="local-secret", help="identity header and client secret")
    parser.add_argument("--tls-port", type=int, help="port for the client-secret path over TLS (0: any free one)")
    parser.add_argument("--cert-dir", type=Path, help="folder for the certificate made for this run")
    parser.add_argument("--tenant", default=TENANT, help="the only tenant that exists")
    parser.add_argument("--app-id", default=APP_ID, help="the only app that may sign in with the secret")
    parser.add_argument("--lifetime", type=int, default=3600, help="seconds a token is good for")
    options = parser.parse_args(arguments)
    if options.tls_port is not None and options.cert_dir is None:
        parser.error("--tls-port needs --cert-dir, the folder for the certificate")
    return options


if __name__ == "__main__":
    sys.exit(main())
