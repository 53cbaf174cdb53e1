"""The one table from status and code to what happens next.

Sources: wire.md 1.10 (throttling of Dataverse), 1.12 (statuses and codes), 2.6 and 2.7 (F&O), Part 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum, auto

from sync.systems.answers import Answer, http_date

LONGEST_PAUSE = 300.0
"""Seconds, for pauses that we choose; what the server asks for is honoured up to `_DAY`."""
_DAY = 86_400.0


class Step(Enum):
    """What an answer means for the one who asked."""

    TAKE = auto()  # an answer that the caller understands, good or bad
    SIGN_IN = auto()  # the token was refused
    NO_RIGHT = auto()  # the app's user lacks a right
    WRONG_ADDRESS = auto()  # the base address, the table or the column is not what it should be
    LEAVE_ALONE = auto()  # throttled: shut the gate
    AGAIN = auto()  # nothing was done; the same request may work later
    FEWER = auto()  # nothing was done, for it was too much at once
    UNKNOWN = auto()  # may have been done: again for a read, unsure for a write


_BY_CODE: Mapping[str, Step] = {
    # Service protection: requests, execution time, concurrency (1.10).
    "0x80072322": Step.LEAVE_ALONE,
    "0x80072321": Step.LEAVE_ALONE,
    "0x80072326": Step.LEAVE_ALONE,
    # PrivilegeDenied, AccessDenied (1.12): by code, since their status is not always 403.
    "0x80040220": Step.NO_RIGHT,
    "0x80048405": Step.NO_RIGHT,
    # Resource not found for the segment: an unknown or wrongly spelt entity set.
    "0x8006088a": Step.WRONG_ADDRESS,
    # ExpiredVersionStamp: whatever its status, the change feed knows what to do (1.7).
    "0x80044352": Step.TAKE,
    # The same row written in parallel: the transaction was rolled back (1.9).
    "0x80044150": Step.AGAIN,
    "0x80040255": Step.AGAIN,
    # SQL timeout: too many rows in one call (1.9).
    "0x80044151": Step.FEWER,
}
_BY_STATUS: Mapping[int, Step] = {
    401: Step.SIGN_IN,
    403: Step.NO_RIGHT,
    408: Step.UNKNOWN,
    429: Step.LEAVE_ALONE,
    501: Step.WRONG_ADDRESS,
    503: Step.LEAVE_ALONE,
}


def decide(answer: Answer) -> Step:
    """Code before status, never the text (1.12). Redirects are a wrong address: the APIs send none."""
    if answer.ok:
        return Step.TAKE
    by_code = _BY_CODE.get(answer.error().code)
    if by_code is not None:
        return by_code
    if answer.status in _BY_STATUS:
        return _BY_STATUS[answer.status]
    if answer.status >= 500:
        return Step.UNKNOWN
    return Step.TAKE if answer.status >= 400 else Step.WRONG_ADDRESS


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds that the server asked for, at least 1; None when it did not say, or nothing that can be read.

    Both forms: seconds, and a date, which is taken against the server's own clock when it sent one.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return min(max(float(text), 1.0), _DAY)
    until = http_date(text)
    if until is None:
        return None
    clock = http_date(headers.get("date", "")) or now or datetime.now(UTC)
    return min(max((until - clock).total_seconds(), 1.0), _DAY)


def sales_pause(times: int) -> float:
    """Seconds after the `times`-th 429 or 503 in a row that did not say for how long (1.10: 5 s + 2^n)."""
    return min(5.0 + 2.0 ** min(times, 16), LONGEST_PAUSE)


def finops_pause(_times: int) -> float:
    """Seconds after a 429 or 503 that did not say for how long (2.7: Microsoft's sample waits 30 s)."""
    return 30.0
