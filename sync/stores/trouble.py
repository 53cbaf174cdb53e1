"""What storage refuses, in the engine's words: Unavailable, Unsure or ConfigError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceResponseError,
)

from sync.errors import ConfigError, Unavailable, Unsure
from sync.stores.account import CONNECTION
from sync.stores.operations import UnreachedError

_DELAY = 10.0
_BUSY = (408, 429, 500, 502, 503, 504)
_REFUSED = (401, 403)
_GONE = ("TableNotFound", "QueueNotFound", "AccountIsDisabled")
_GOING = ("TableBeingDeleted", "QueueBeingDeleted")


@contextmanager
def told(where: str, *, writing: bool = False) -> Iterator[None]:
    """Raise storage's errors as the engine's.

    No answer to a write is Unsure, to a read Unavailable, as is a service that is busy or cannot be reached; a refused
    sign-in or a table that is gone is a ConfigError. Conflicts (404, 409, 412 of a row) pass through to the caller, as
    does what can only be a bug. Of addresses only the host is told: the rest may hold a signature.
    """
    try:
        yield
    except UnreachedError as error:
        raise Unavailable(
            f"the storage service at {error.host} cannot be reached.",
            delay=_DELAY,
            where=where,
            remedy=f"If this lasts, check {CONNECTION}, name resolution, the network and the account's network rules.",
            details={"cause": type(error.inner_exception or error).__name__},
        ) from None
    except (ServiceResponseError, DecodeError) as error:
        cause = {"cause": type(getattr(error, "inner_exception", None) or error).__name__}
        kind = Unsure if writing else Unavailable
        raise kind(
            "the storage service gave no answer.",
            delay=_DELAY,
            where=where,
            remedy=f"If this lasts, check {CONNECTION}: whether storage is what answers there.",
            details=cause,
        ) from None
    except ClientAuthenticationError as error:
        raise _refused(where, error) from error
    except HttpResponseError as error:
        code = code_of(error)
        if error.status_code in _REFUSED:
            raise _refused(where, error) from error
        if code in _GONE:
            raise ConfigError(
                f"it is gone from the storage account ({code}) while the app was running.",
                where=where,
                remedy="Restore the account from its backup, or restart the app to begin anew with empty tables.",
            ) from error
        if error.status_code in _BUSY or code in _GOING:
            raise Unavailable(
                f"the storage service is busy ({error.status_code} {code}).", delay=_DELAY, where=where
            ) from error
        raise


def code_of(error: HttpResponseError) -> str:
    """Storage's error code, such as `EntityAlreadyExists`; "" when it told none."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _refused(where: str, error: HttpResponseError) -> ConfigError:
    status = f"{error.status_code} {code_of(error)}".strip() if error.status_code else type(error).__name__
    return ConfigError(
        f"the storage account refused the app ({status}).",
        where=where,
        remedy="With a managed identity give it the roles Storage Table Data Contributor and Storage Queue Data "
        f"Contributor on the account; with a connection string check its key, in {CONNECTION}; check the account's "
        "network rules.",
    )
