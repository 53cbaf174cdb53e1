"""Timer schedules: the NCRONTAB grammar, checked here, its times computed by croniter (functions-host.md 2).

croniter accepts more than NCrontab does and reads some of it differently; the check allows only what both read alike:
three-letter names, ascending ranges, steps of at least 1, weekdays 0 to 6.
"""

from __future__ import annotations

import datetime
import re

from croniter import CroniterBadDateError, croniter

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("weekday", 0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
)
_ITEM = re.compile(r"(?:\*|(?P<from>[^-/*]+)(?:-(?P<to>[^-/*]+))?)(?:/(?P<step>[0-9]+))?")
_NUMBER = re.compile(r"[0-9]{1,2}", re.ASCII)
_TIME_SPAN = re.compile(r"[0-9.]+:[0-9]+(:[0-9.]+)?")
_MINUTE = datetime.timedelta(minutes=1)


class ScheduleError(ValueError):
    """A schedule that NCRONTAB does not allow; the text says which field and why."""


class Schedule:
    """A timer's schedule, in UTC."""

    def __init__(self, expression: str) -> None:
        """Raises ScheduleError for anything but five or six fields of the NCRONTAB grammar."""
        self.expression = expression
        self._fields = _checked(expression)

    def next_after(self, moment: datetime.datetime) -> datetime.datetime | None:
        """The first occurrence strictly later than `moment` (aware); None when there is none, as for 31 February."""
        try:
            times = croniter(self._fields, moment.astimezone(datetime.UTC), second_at_beginning=True, day_or=False)
            found: datetime.datetime = times.get_next(datetime.datetime)
        except CroniterBadDateError:
            return None
        return found

    def fires_within_a_minute(self) -> bool:
        """Whether it fires more than once a minute: the host then keeps no record of missed occurrences."""
        if not self._fields.endswith(" * * * * *"):
            return False
        start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        first = self.next_after(start)
        second = first and self.next_after(first)
        return bool(first and second and second - first < _MINUTE)


def _checked(expression: str) -> str:
    """Six fields, names in lower case; raises ScheduleError."""
    if _TIME_SPAN.fullmatch(expression.strip()):
        raise ScheduleError(
            f"`{expression}` is a time span, which timers have on dedicated plans only. Write it as NCRONTAB, such as "
            "`0 */5 * * * *` for every five minutes"
        )
    fields = expression.lower().split()
    if len(fields) not in (5, 6):
        raise ScheduleError(
            f"`{expression}` has {len(fields)} fields; NCRONTAB has six: second minute hour day month weekday"
        )
    if len(fields) == 5:
        fields.insert(0, "0")
    for text, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for item in text.split(","):
            _check_item(item, f"`{expression}`, field {name}", low, high, names)
    return " ".join(fields)


def _check_item(item: str, where: str, low: int, high: int, names: dict[str, int]) -> None:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise ScheduleError(f"{where}: `{item}` is not *, a number, or a range such as 1-5, with a step such as /15")
    if match["step"] is not None and int(match["step"]) < 1:
        raise ScheduleError(f"{where}: the step in `{item}` must be at least 1")
    if match["from"] is None:
        return
    first = _number(match["from"], where, low, high, names)
    last = first if match["to"] is None else _number(match["to"], where, low, high, names)
    if last < first:
        raise ScheduleError(f"{where}: the range `{item}` runs backwards; write it as two ranges")


def _number(text: str, where: str, low: int, high: int, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        allowed = f"{low} to {high}" + (f" or {', '.join(names)}" if names else "")
        raise ScheduleError(f"{where}: `{text}` is not allowed; use {allowed}")
    return int(text)
