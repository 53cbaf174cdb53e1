"""What a fault does to a request: its description as JSON, and the checks that say how to mend a bad one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Literal

_LONGEST = 1_000_000


class FaultError(ValueError):
    """A fault that cannot be set up as asked; the text says how to mend it."""


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a matching request. `delay` (seconds, before anything else) goes with any of the others."""

    delay: float = 0.0
    status: int | None = None
    """Answer this status at once, in the system's error shape (`code` and `message` replace the usual ones)."""
    retry_after: int | None = None
    html: bool = False
    """With `status`: a gateway's page instead of the error shape."""
    code: str | None = None
    message: str | None = None
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the work was done."""
    hang: Literal["before", "after"] | None = None
    """Never answer, before or after the work was done: the connection stays open until the client gives up."""
    cut: int | None = None
    """Send only so many bytes of the body, although Content-Length says more."""
    repeat: bool = False
    """The page begins with the last record of the page before it."""
    read_only: bool = False
    """Every write is refused, those in a batch each by itself; reads go on. `status` (503 if left out), `code` and
    `message` say how: no documentation tells the form, so a client must bear with any."""

    def as_json(self) -> dict[str, Any]:
        """The description again, without what was left out."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) != one.default}


_ENDINGS = ("status", "drop", "hang", "cut", "repeat")
"""Ways for a request to end, of which an action has one."""


def read_action(wanted: Any) -> Action:
    """An action from its JSON form. Raises `FaultError`."""
    known = [one.name for one in fields(Action)]
    if not isinstance(wanted, Mapping) or not wanted:
        raise FaultError(f"'action' is an object with some of {', '.join(known)}, such as {{\"status\": 503}}.")
    only_known(wanted, known, "'action'")
    action = Action(
        delay=number(wanted, "delay", 0.0),
        status=_status(wanted),
        retry_after=whole(wanted, "retry_after", None, least=0),
        html=_flag(wanted, "html"),
        code=_text(wanted, "code"),
        message=_text(wanted, "message"),
        drop=_moment(wanted, "drop"),
        hang=_moment(wanted, "hang"),
        cut=whole(wanted, "cut", None, least=0),
        repeat=_flag(wanted, "repeat"),
        read_only=_flag(wanted, "read_only"),
    )
    _check(action)
    return action


def _check(action: Action) -> None:
    if action == Action():
        raise FaultError("The 'action' does nothing: give it a status, a delay or another of its effects.")
    chosen = [name for name in _ENDINGS if name in action.as_json()]
    if len(chosen) > 1:
        raise FaultError(f"{' and '.join(chosen)} exclude one another: set up one fault for each.")
    for name in ("html", "retry_after", "code", "message"):
        if name in action.as_json() and action.status is None and not action.read_only:
            raise FaultError(f"'{name}' needs a 'status'.")
    if action.read_only and chosen not in ([], ["status"]):
        raise FaultError(f"'read_only' refuses writes, it cannot {chosen[0]} too: set up one fault for each.")
    for name in ("delay", "html", "retry_after"):
        if action.read_only and name in action.as_json():
            raise FaultError(f"'read_only' takes 'status', 'code' and 'message', not '{name}'.")


def only_known(wanted: Mapping[Any, Any], known: list[str], what: str) -> None:
    """Raises `FaultError` when there is a key that nobody reads."""
    if unknown := [str(name) for name in wanted if name not in known]:
        raise FaultError(f"{what} has no {', '.join(sorted(unknown))}; it takes {', '.join(known)}.")


def number(wanted: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A number that is not negative. Raises `FaultError`."""
    value = wanted.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 <= value < _LONGEST:
        raise FaultError(f"'{name}' is a number from 0 to {_LONGEST}, not {value}.")
    return float(value)


def whole[T](wanted: Mapping[str, Any], name: str, otherwise: T, *, least: int) -> int | T:
    """A whole number of at least `least`, or `otherwise` when it was left out. Raises `FaultError`."""
    if name not in wanted:
        return otherwise
    value = wanted[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise FaultError(f"'{name}' is a whole number of {least} or more, not {value}.")
    return value


def _status(wanted: Mapping[str, Any]) -> int | None:
    status = whole(wanted, "status", None, least=200)
    if status is not None and status > 599:
        raise FaultError(f"'status' is an HTTP status from 200 to 599, not {status}.")
    return status


def _moment(wanted: Mapping[str, Any], name: str) -> Literal["before", "after"] | None:
    value = wanted.get(name)
    if value not in (None, "before", "after"):
        raise FaultError(f"'{name}' is 'before' or 'after' (the work), not {value!r}.")
    found: Literal["before", "after"] | None = value
    return found


def _flag(wanted: Mapping[str, Any], name: str) -> bool:
    value = wanted.get(name, False)
    if not isinstance(value, bool):
        raise FaultError(f"'{name}' is true or false, not {value!r}.")
    return value


def _text(wanted: Mapping[str, Any], name: str) -> str | None:
    value = wanted.get(name)
    if value is not None and not isinstance(value, str):
        raise FaultError(f"'{name}' is a text, not {value!r}.")
    return value
