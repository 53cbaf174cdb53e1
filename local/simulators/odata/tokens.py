"""Bearer tokens of the local world: the identity endpoint issues them, the simulators check them.

A token has the outer form of those of Microsoft Entra ID, a JSON web token, but is signed with HMAC-SHA256 under a key
that the run chose. Whoever carries it takes it as opaque. What matters is that it is good for one audience, for one app
and for a limited time, and that nothing else is accepted. (Azurite with OAuth looks into the form, but not at the
signature: it takes these tokens too.)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

_ISSUER = "https://sts.windows.net/local/"
_HEADER = {"typ": "JWT", "alg": "HS256"}
_MALFORMED = "The bearer token is malformed. Ask the identity endpoint for a new one."


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
    now = int(time.time())
    claims = {"aud": audience.rstrip("/"), "iss": _ISSUER, "appid": app_id, "iat": now, "nbf": now, "exp": expires}
    signed = f"{_encode(_HEADER)}.{_encode(claims)}"
    return f"{signed}.{_base64(_sign(key, signed))}"


def verify(key: bytes, token: str, audience: str, now: float | None = None) -> Claims:
    """Return what `token` says, or raise `TokenError`.

    Refused are: a token that is no token, one signed with another key, one for another audience, one that has expired
    at `now` (Unix time; the machine's clock when left out).
    """
    signed, dot, signature = token.rpartition(".")
    header, second_dot, payload = signed.partition(".")
    if not (dot and second_dot and header and payload and signature and token.isascii()):
        raise TokenError(_MALFORMED)
    if not hmac.compare_digest(_sign(key, signed), _bytes(signature)):
        raise TokenError(
            "The bearer token's signature is wrong: it was changed, or another identity endpoint issued it."
        )
    claims = _claims(payload)
    if claims.audience != audience.rstrip("/"):
        raise TokenError(
            f"The bearer token is for {claims.audience}, not for {audience}. Ask for it with that resource or scope."
        )
    if (time.time() if now is None else now) >= claims.expires:
        raise TokenError("The bearer token has expired. Ask the identity endpoint for a new one.")
    return claims


def issued_at(token: str) -> float | None:
    """When `token` says that it was issued (Unix time, seconds), unchecked; None for one that does not say."""
    try:
        claims = json.loads(_bytes(token.split(".")[1]))
        return float(claims["iat"])
    except (TokenError, ValueError, KeyError, TypeError, IndexError):
        return None


def _claims(payload: str) -> Claims:
    try:
        found = json.loads(_bytes(payload))
        return Claims(audience=str(found["aud"]), app_id=str(found["appid"]), expires=float(found["exp"]))
    except (ValueError, KeyError, TypeError) as error:
        raise TokenError("The bearer token is signed but does not hold the expected claims.") from error


def _sign(key: bytes, signed: str) -> bytes:
    return hmac.digest(key, signed.encode(), hashlib.sha256)


def _encode(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenError(_MALFORMED) from error
