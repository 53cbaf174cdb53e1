"""What a system answered: status, headers, body, and what its error document says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sync.systems.jsontext import read_json


@dataclass(frozen=True, slots=True)
class ServiceError:
    """The error document of an answer (wire.md 1.12, 2.6); both members may be empty, as may be their meaning.

    `code` is in lower case; `message` is the inner one where there is one, since F&O's outer one says nothing.
    """

    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. Header names are in lower case; `request_id` is the one the client chose."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def multipart(self) -> bool:
        return self.headers.get("content-type", "").lower().startswith("multipart/mixed")

    def json(self) -> Any:
        """The document in the body; raises ValueError when it is none or is cut short."""
        return read_json(self.body)

    def error(self) -> ServiceError:
        """What the error document says; nothing when the body is none (a gateway's HTML page, say)."""
        if self.ok or b"{" not in self.body[:64]:
            return ServiceError()
        try:
            document = self.json()
        except ValueError:
            return ServiceError()
        return error_of(document)

    @property
    def server_time(self) -> datetime | None:
        """The server's clock when it answered, from the `Date` header."""
        return http_date(self.headers.get("date", ""))

    def details(self) -> dict[str, str]:
        """Status and request ids, for the engineer; no values."""
        known = {
            "status": str(self.status),
            "client_request_id": self.request_id,
            "code": self.error().code,
            "service_request_id": self.headers.get("x-ms-service-request-id") or self.headers.get("req_id", ""),
            "activity_id": self.headers.get("ms-dyn-aid", ""),
        }
        return {name: value for name, value in known.items() if value}


def error_of(document: object) -> ServiceError:
    """Reads {"error": {"code", "message", "innererror": {"message"}}}, whatever of it is there."""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return ServiceError()
    inner = error.get("innererror")
    message = (inner.get("message") if isinstance(inner, dict) else None) or error.get("message") or ""
    return ServiceError(str(error.get("code") or "").lower(), str(message))


def http_date(text: str) -> datetime | None:
    """A date as HTTP writes it, aware; None when it is none."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
