"""Stages for days: dates as F&O takes them, and days that are computed once for a record (flows.md 1.6)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sync.errors import DataError
from sync.mapping.job import Job, Result, Stage
from sync.mapping.settings import SettingValues
from sync.mapping.words import FromDay
from sync.model import Scalar

TIME_ZONE = "time_zone"
"""The setting with the zone in which it is today."""

_TODAY = re.compile(r"today(?:([+-]\d{1,4})d)?")
_NOON = "T12:00:00Z"


def as_day(target: str) -> Stage:
    """The day of a date, as noon UTC: the form in which F&O itself answers. Raises DataError `not-a-date`."""

    def stage(value: Scalar | None, _: Job) -> Result:
        if value is None:
            return None
        try:
            return f"{date.fromisoformat(str(value)[:10])}{_NOON}"
        except ValueError:
            remedy = "Mend it in the source: a date begins like 2026-05-01."
            raise DataError("not-a-date", "The value is not a date.", column=target, remedy=remedy) from None

    return stage


def first_needed(rule: FromDay, settings: SettingValues) -> Stage:
    """The day that a record got when it first needed one; where it has none yet, it is computed, and kept."""
    said, zone = settings.text(rule.day), settings.text(TIME_ZONE) or "UTC"
    name = f"*{rule.day}"

    def stage(_: Scalar | None, job: Job) -> Result:
        if job.linked and rule.when == "create":
            return None
        kept = job.kept.get(name) or job.keeps.get(name)
        if kept is None:
            kept = job.keeps[name] = day_of(said, job.facts.today(zone)).isoformat()
            job.warn(rule.warn or "")
        return kept

    return stage


def day_of(said: str, today: date) -> date:
    """The day that a setting says: today, today+5d, or a date. Raises ValueError."""
    relative = _TODAY.fullmatch(said.strip().lower())
    if relative is None:
        return date.fromisoformat(said.strip())
    return today + timedelta(days=int(relative[1] or 0))


def check_day(said: str) -> str | None:
    """What is wrong with the value of such a setting, None when nothing is."""
    try:
        day_of(said, date(2026, 1, 1))
    except ValueError:
        return f'"{said}" is no day'
    return None


def check_zone(name: str) -> str | None:
    """What is wrong with the name of a time zone, None when nothing is."""
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return f'"{name}" is no time zone'
    return None
