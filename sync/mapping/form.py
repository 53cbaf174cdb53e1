"""Days and time zones as settings write them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

_TODAY = re.compile(r"today(?:([+-]\d{1,4})d)?")


def day_of(said: str, today: date) -> date:
    """The day that a setting says: today, today+5d, or a date. Raises ValueError."""
    relative = _TODAY.fullmatch(said.strip().lower())
    if relative is None:
        return date.fromisoformat(said.strip())
    return today + timedelta(days=int(relative[1] or 0))


def is_day(said: str) -> bool:
    """Whether a setting's value says a day."""
    try:
        day_of(said, date(2026, 1, 1))
    except (ValueError, OverflowError):
        return False
    return True


def is_time_zone(name: str) -> bool:
    """Whether a time zone has this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
