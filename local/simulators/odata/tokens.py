"""Bearer tokens of the local world: the identity endpoint issues them, the simulators check them.

A token is opaque to whoever carries it: ``<payload>.<signature>``, both base64url without padding, where the payload
is a small JSON document and the signature its HMAC-SHA256 under a key that the run chose. It stands in for the
signed tokens of Microsoft Entra ID; what matters is that a token is good for one audience, for one app and for a
limited time, and that nothing else is accepted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass


class TokenError(ValueError):
    """A token that must be refused; the text says why and never repeats the token."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: for which resource, for which app, until when (Unix time, seconds)."""

    audience: str
    app_id: str
    expires: float


def issue(key: bytes, audience: str, app_id: str, expires: float) -> str:
    """Make a token for `audience` (a base address; a slash at the end does not count) and the app `app_id`.

    `expires` is Unix time in seconds.
    """
    claims = {"aud": audience.rstrip("/"), "appid": app_id, "exp": expires}
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{payload}.{_encode(_sign(key, payload))}"


def verify(key: bytes, token: str, audience: str, now: float | None = None) -> Claims:
    """Return what `token` says, or raise `TokenError`.

    Refused are: a token that is no token, one signed with another key, one for another audience, one that has expired
    at `now` (Unix time; the machine's clock when left out).
    """
    payload, dot, signature = token.partition(".")
    if not dot or not payload or not signature:
        raise TokenError("The bearer token is malformed. Ask the identity endpoint for a new one.")
    if not hmac.compare_digest(_sign(key, payload), _decode(signature)):
        raise TokenError(
            "The bearer token's signature is wrong: it was issued by another identity endpoint or changed."
        )
    claims = _claims(payload)
    if claims.audience != audience.rstrip("/"):
        raise TokenError(
            f"The bearer token is for {claims.audience}, not for {audience}. Ask for it with that resource or scope."
        )
    if (time.time() if now is None else now) >= claims.expires:
        raise TokenError("The bearer token has expired. Ask the identity endpoint for a new one.")
    return claims


def _claims(payload: str) -> Claims:
    try:
        found = json.loads(_decode(payload))
        return Claims(audience=str(found["aud"]), app_id=str(found["appid"]), expires=float(found["exp"]))
    except (ValueError, KeyError, TypeError) as error:
        raise TokenError("The bearer token is signed but does not hold the expected claims.") from error


def _sign(key: bytes, payload: str) -> bytes:
    return hmac.digest(key, payload.encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenError("The bearer token is malformed. Ask the identity endpoint for a new one.") from error
