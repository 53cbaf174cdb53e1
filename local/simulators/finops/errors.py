"""How the service says no: the refusal, and its JSON in the two shapes of wire.md 2.6."""

from __future__ import annotations

from typing import Any

WRITE = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
READING = "Microsoft.OData.ODataException"


class Refusal(Exception):
    """An operation that is not done.

    `type` is the name of the exception inside F&O; with it the useful text stands in `innererror.message` under a
    generic outer message, without it in `error.message`.
    """

    def __init__(self, status: int, message: str, type: str | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code

    def body(self) -> dict[str, Any]:
        """The JSON document of the answer."""
        if self.type is None:
            return error(self.message, code=self.code)
        return error(
            "An error has occurred.",
            code=self.code,
            inner={
                "message": self.message,
                "type": self.type,
                "stacktrace": f"   at {self.type.rpartition('.')[0]}.Simulated()",
            },
        )


def error(message: str, inner: dict[str, str] | None = None, code: str = "") -> dict[str, Any]:
    """The error document; F&O's own `code` is always empty."""
    return {"error": {"code": code, "message": message, **({"innererror": inner} if inner else {})}}


def unreadable(message: str) -> Refusal:
    """A body, key or query option that the service cannot make sense of."""
    return Refusal(400, message, READING)


def no_resource(uri: str) -> Refusal:
    """An address that leads nowhere: an unknown or wrongly spelt set or key name."""
    return Refusal(404, f"No HTTP resource was found that matches the request URI '{uri}'.")
