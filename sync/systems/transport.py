"""What went wrong below HTTP, and whether the request can have reached the server."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests import exceptions
from urllib3 import exceptions as low

# urllib3 logs whole addresses when asked for debug lines, and addresses hold numbers of customers (promise 8).
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no complete answer came. `never_sent` is True only when no byte of the request can have arrived."""

    text: str
    never_sent: bool = False


def read_body(response: requests.Response, deadline: float) -> bytes:
    """The whole body; a server that trickles it past `deadline` (monotonic seconds) is cut off with ReadTimeout."""
    pieces: list[bytes] = []
    pass_body_on(response, deadline, pieces.append)
    return b"".join(pieces)


def pass_body_on(response: requests.Response, deadline: float, take: Callable[[bytes], object]) -> None:
    """Give the body to `take` as it comes; a server that trickles it past `deadline` is cut off with ReadTimeout."""
    with response:
        for piece in response.iter_content(_CHUNK):
            take(piece)
            if time.monotonic() > deadline:
                raise exceptions.ReadTimeout("the answer took too long to arrive")


def failure_of(error: exceptions.RequestException) -> Failure:
    """The failure behind what `requests` raised. Its text names no address beyond the host."""
    reason = _reason(error)
    if isinstance(reason, low.NameResolutionError):
        return Failure("its host name is not known", never_sent=True)
    # NewConnectionError is a kind of ConnectTimeoutError in urllib3, so it comes first.
    if isinstance(reason, low.NewConnectionError):
        cause = getattr(reason.__cause__, "strerror", None) or "no connection"
        return Failure(f"it takes no connection ({cause})", never_sent=True)
    if isinstance(error, exceptions.ConnectTimeout) or isinstance(reason, low.ConnectTimeoutError):
        return Failure("no connection in time", never_sent=True)
    if isinstance(error, exceptions.ProxyError):
        return Failure("the proxy does not lead to it", never_sent=True)
    if isinstance(error, exceptions.SSLError):
        return _tls_failure(reason)
    if isinstance(error, exceptions.Timeout) or isinstance(reason, low.ReadTimeoutError):
        return Failure("the time was up")
    if isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        return Failure("the answer was cut short")
    if isinstance(error, exceptions.ConnectionError):
        return Failure("the connection was lost")
    return Failure(f"the request failed ({type(error).__name__})")


def _reason(error: exceptions.RequestException) -> object:
    """What urllib3 said; it wraps what happened before a request was sent in MaxRetryError."""
    first = error.args[0] if error.args else None
    return getattr(first, "reason", None) or first


def _tls_failure(reason: object) -> Failure:
    """Only what ends the handshake for certain counts as never sent: TLS 1.3 may refuse after the request."""
    cause = reason.args[0] if isinstance(reason, low.SSLError) and reason.args else reason
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure(f"its certificate is not trusted ({cause.verify_message})", never_sent=True)
    if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
        return Failure("it does not speak TLS at this port", never_sent=True)
    return Failure("the TLS connection failed")
