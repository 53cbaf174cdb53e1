"""NCRONTAB, the form of a timer's schedule: what the Functions host would not take is told before it is started."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 6, _WEEKDAYS),
)
_ITEM = re.compile(r"(?:\*|(?P<first>[a-z0-9]+)(?:-(?P<last>[a-z0-9]+))?)(?:/0*[1-9][0-9]*)?", re.ASCII)
_FORM = "Write it as `second minute hour day month weekday`, such as `0 */5 * * * *` for every five minutes"


def checked_schedule(text: str) -> str:
    """The text itself. Raises ValueError that says which part is no NCRONTAB, and how to write it."""
    fields = text.lower().split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        count = "a single field" if len(fields) == 1 else f"{len(fields)} fields"
        raise ValueError(f"{text!r} is no NCRONTAB schedule: it has {count}, not six. {_FORM}")
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        if not all(_is_allowed(item, low, high, names) for item in field.split(",")):
            others = f" or {names[0]} to {names[-1]}" if names else ""
            raise ValueError(
                f"{text!r} is no NCRONTAB schedule: {field!r} is no {name}. It may be *, numbers from {low} to {high}"
                f"{others}, ascending ranges such as {low}-{low + 3}, several with commas, and steps such as */2. "
                f"{_FORM}"
            )
    return text


def _is_allowed(item: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    match = _ITEM.fullmatch(item)
    if match is None:
        return False
    if match["first"] is None:
        return True
    first = _number(match["first"], low, high, names)
    last = first if match["last"] is None else _number(match["last"], low, high, names)
    return first is not None and last is not None and first <= last


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + low
    return int(text) if re.fullmatch(r"[0-9]{1,2}", text, re.ASCII) and low <= int(text) <= high else None
