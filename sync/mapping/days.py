"""Stages for days: dates as F&O takes them, and days that are computed once for a record (flows.md 1.6)."""

from __future__ import annotations

from datetime import date

from sync.errors import DataError
from sync.mapping.form import day_of
from sync.mapping.job import Job, Result, Stage
from sync.mapping.settings import SettingValues
from sync.mapping.words import FromDay
from sync.model import Scalar

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
    said = settings.text(rule.day) or "today"
    zone = (settings.text(rule.zone) if rule.zone is not None else "") or "UTC"
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
