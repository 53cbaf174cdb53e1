"""The steps of a compiled row: what happens to a value between its source column and its field.

A stage takes a value (None is blank) and gives one, or says that the field, or its whole block, is left out. It raises
DataError or NotReady when the record cannot go on. Stages are closures, made once, that do no more than they must.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from sync.errors import DataError
from sync.mapping.columns import as_text
from sync.mapping.job import Job, LeftOut, Result, Stage
from sync.mapping.text import cut, is_unsafe, width
from sync.mapping.transforms import Transform, guarded
from sync.model import Scalar

type Find = Callable[[Scalar, str], Scalar | None]


def map_value(find: Find, within: str | None, otherwise: Stage) -> Stage:
    """The value that a value map leads to, or what `otherwise` makes of a value it lacks. A map may know blank, too."""

    def stage(value: Scalar | None, job: Job) -> Result:
        group = str(job.known.get(within) or "") if within else ""
        if value is None:
            return find("", group)
        found = find(value, group)
        return otherwise(value, job) if found is None else found

    return stage


def backwards(
    all_back: Callable[[Scalar], Sequence[Scalar]], other: str, target: str, code: str, mapped: Stage
) -> Stage:
    """A map that is read backwards: where several values lead to the record's, the one that another row gave.

    Raises DataError `code` when that is none of them. All others go through `mapped`.
    """

    def stage(value: Scalar | None, job: Job) -> Result:
        several = all_back(value) if value is not None else ()
        if len(several) < _SEVERAL:
            return mapped(value, job)
        own = str(job.known.get(other) or "").casefold()
        found = next((each for each in several if str(each).casefold() == own), None)
        if found is None:
            what = f"The value map has {len(several)} values for {target}, and none of them is the one of {other}."
            remedy = "Keep one of these pairs in the value map, or mend the record."
            raise DataError(code, what, column=target, retryable=True, remedy=remedy)
        return found

    return stage


_SEVERAL = 2


def fall_back(default: Scalar) -> Stage:
    """What a blank becomes."""
    return lambda value, _: default if value is None else value


def transform(functions: Sequence[Transform], target: str, *, multiline: bool) -> Stage:
    """The value through named functions."""
    calls = [guarded(function, target, multiline=multiline) for function in functions]

    def stage(value: Scalar | None, _: Job) -> Result:
        for call in calls:
            if value is None:
                return None
            value = call(value)
        return value

    return stage


def put_before(prefix: str) -> Stage:
    """A prefix before every value that is not blank."""
    return lambda value, _: None if value is None else f"{prefix}{as_text(value)}"


def clamp(least: int | None, most: int | None) -> Stage:
    """A number no smaller and no greater than these."""

    def stage(value: Scalar | None, _: Job) -> Result:
        if isinstance(value, str) or value is None:
            return value
        if least is not None and value < least:
            return least
        return most if most is not None and value > most else value

    return stage


def as_yes_no(value: Scalar | None, _: Job) -> Result:
    """A flag as F&O's NoYes; blank is No (value-maps.md 2)."""
    return "Yes" if value in (True, "true", "Yes") else "No"


def as_flag(value: Scalar | None, _: Job) -> Result:
    """F&O's NoYes as a flag; blank is false (value-maps.md 2)."""
    return value in (True, "true", "Yes")


def as_number(target: str, *, whole: bool) -> Stage:
    """A number; text is read as one. Raises DataError `not-a-number`."""

    def stage(value: Scalar | None, _: Job) -> Result:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        number = _decimal(value)
        if number is None:
            raise DataError(
                "not-a-number", "The value is not a number.", column=target, remedy="Mend it in the source."
            )
        if not whole:
            return number
        if number != number.to_integral_value() or abs(number) >= _FAR:
            raise DataError("not-a-number", "The number is not whole.", column=target, remedy="Mend it in the source.")
        return int(number)

    return stage


_FAR = Decimal(2) ** 63


def _decimal(value: Scalar) -> Decimal | None:
    """A finite number, or None."""
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def refuse_unsafe(target: str) -> Stage:
    """Numbers that cannot stand in a key URL are parked (flows.md 1.3)."""

    def stage(value: Scalar | None, _: Job) -> Result:
        if isinstance(value, str) and is_unsafe(value):
            raise DataError(
                "unsafe-number",
                "The number has a character that cannot stand in a key.",
                column=target,
                remedy='Remove / \\ ? # % & : < > * + " and a dot at the end, or set UNSAFE_NUMBERS to try.',
            )
        return value

    return stage


def fit(limit: int, longer: Callable[[str, Job], Result]) -> Stage:
    """Texts of at most `limit` UTF-16 code units pass."""

    def stage(value: Scalar | None, job: Job) -> Result:
        if not isinstance(value, str) or 2 * len(value) <= limit or width(value) <= limit:
            return value
        return longer(value, job)

    return stage


def cut_to(limit: int, warning: str) -> Callable[[str, Job], Result]:
    """What is too long is cut, with a warning."""

    def longer(value: str, job: Job) -> Result:
        job.warn(warning)
        return cut(value, limit) or None

    return longer


def omit(warning: str) -> Stage:
    """The field is left out, with a warning."""

    def stage(_: Scalar | None, job: Job) -> Result:
        job.warn(warning)
        return LeftOut.FIELD

    return stage


def warned(value: Scalar, warning: str) -> Stage:
    """Another value, with a warning."""

    def stage(_: Scalar | None, job: Job) -> Result:
        job.warn(warning)
        return value

    return stage


def leave_out_block(warning: str) -> Stage:
    """The whole block is left out, with a warning."""

    def stage(_: Scalar | None, job: Job) -> Result:
        job.warn(warning)
        return LeftOut.BLOCK

    return stage


def park(code: str, target: str, what: str, remedy: str, *, retryable: bool = False) -> Stage:
    """The record is parked."""

    def stage(_: Scalar | None, __: Job) -> Result:
        raise DataError(code, what, column=target, retryable=retryable, remedy=remedy)

    return stage


def if_blank(then: Stage) -> Stage:
    """A step for blank values only."""

    def stage(value: Scalar | None, job: Job) -> Result:
        return then(None, job) if value is None or value == "" else value

    return stage


def remember(name: str) -> Stage:
    """Keeps the value for other rows."""

    def stage(value: Scalar | None, job: Job) -> Result:
        job.known[name] = value
        return value

    return stage


def same_as(name: str) -> Stage:
    """The value that another row gave; what kept its step from giving one keeps this row, too."""
    step = name.rpartition(".")[0]

    def stage(_: Scalar | None, job: Job) -> Result:
        if step in job.troubles:
            raise job.troubles[step]
        return job.known.get(name)

    return stage


def parent(_: Scalar | None, job: Job) -> Result:
    """The key of the record's own row in the target."""
    return job.own
