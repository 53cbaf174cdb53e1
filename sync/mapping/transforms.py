"""Named functions that rows may use, and the file where users add their own."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from sync.errors import DataError
from sync.mapping.problems import Problem
from sync.mapping.text import clean
from sync.model import Scalar

type Transform = Callable[[Any], Scalar | None]


def lower(text: str) -> str:
    """In lower case."""
    return text.lower()


def upper(text: str) -> str:
    """In upper case."""
    return text.upper()


def first_line(text: str) -> str:
    """The text before the first line feed."""
    return text.strip().partition("\n")[0]


def single_spaces(text: str) -> str:
    """Every run of white space as one space."""
    return " ".join(text.split())


def first_filled(values: Sequence[Scalar | None]) -> Scalar | None:
    """The first of several values that is not blank."""
    return next((value for value in values if value is not None), None)


def only_last_filled(values: Sequence[Scalar | None]) -> Scalar | None:
    """Whether the last of several values is the only one that is not blank."""
    *others, last = values
    return last is not None and all(value is None for value in others)


def discount_of_unit(values: Sequence[Scalar | None]) -> Decimal:
    """The discount of one unit, of a line whose manual discount is one amount for all of it (flows.md 6.6).

    Of manual discount, volume discount (of one unit), quantity and the currency's decimals; half away from zero.
    """
    manual, volume, quantity, places = _amounts(values)
    if not quantity:
        return Decimal(0)
    return _rounded((manual + volume * quantity) / quantity, places)


def charge_of_rounding(values: Sequence[Scalar | None]) -> Decimal:
    """What rounding the discount of one unit has taken from the line, or added to it, as a charge (flows.md 6.6)."""
    manual, volume, quantity, places = _amounts(values)
    if not quantity:
        return Decimal(0)
    whole = manual + volume * quantity
    return _rounded(_rounded(whole / quantity, places) * quantity - whole, places)


def sum_of_discounts(values: Sequence[Scalar | None]) -> Decimal:
    """The discount of one unit, where manual and volume discount are both of one unit (flows.md 6.6)."""
    manual, volume, quantity, _ = _amounts(values)
    return manual + volume if quantity else Decimal(0)


def _amounts(values: Sequence[Scalar | None]) -> tuple[Decimal, Decimal, Decimal, int]:
    manual, volume, quantity, places = (Decimal(0 if value is None else value) for value in values)
    return manual, volume, quantity, int(places)


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def digest_16(text: str) -> str:
    """The first 16 characters (A-Z, 2-7) of the base32 text of SHA-256 over the text in lower case (flows.md 1.3)."""
    return base64.b32encode(hashlib.sha256(text.lower().encode()).digest()).decode("ascii")[:16]


def day_of(text: str) -> int:
    """The day of a date, 1 to 31."""
    return date.fromisoformat(text[:10]).day


def month_of(text: str) -> str:
    """The month of a date by its English name, as F&O's MonthsOfYear has it."""
    return _MONTHS[date.fromisoformat(text[:10]).month - 1]


def year_of(text: str) -> int:
    """The year of a date."""
    return date.fromisoformat(text[:10]).year


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class Transforms:
    """The functions by name: `of_one` value, `of_many`; `source` is the text of the users' file, for definitions."""

    of_one: Mapping[str, Transform]
    of_many: Mapping[str, Transform]
    source: str = ""


BUILT_IN = Transforms(
    of_one={
        function.__name__: function
        for function in (lower, upper, first_line, single_spaces, digest_16, day_of, month_of, year_of)
    },
    of_many={
        function.__name__: function
        for function in (first_filled, only_last_filled, discount_of_unit, charge_of_rounding, sum_of_discounts)
    },
)


def load_transforms(path: Path, shown: str) -> tuple[Transforms, list[Problem]]:
    """The built-in functions and those of the users' file, which may be absent.

    Every function of the file whose name does not begin with an underscore can be named in `transform` (it is given one
    value) and in `combine` (it is given a list of them). A file that cannot be run is a problem.
    """
    if not path.exists():
        return BUILT_IN, []
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = f"the file cannot be read ({type(error).__name__})"
        return BUILT_IN, [Problem(shown, 0, 0, what, "Save it as UTF-8 text that the app may read.")]
    spec = importlib.util.spec_from_file_location("mapping_transforms", path)
    if spec is None or spec.loader is None:
        return BUILT_IN, [Problem(shown, 0, 0, "the file is no Python module", "Name it transforms.py.")]
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a user's file does wrong is told with its line, not raised
        what = f"the file cannot be run: {type(error).__name__}: {error}"
        return BUILT_IN, [Problem(shown, _line(error, path), 1, what, "Mend this line of Python.")]
    own = {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    return Transforms({**BUILT_IN.of_one, **own}, {**BUILT_IN.of_many, **own}, source), []


def guarded(function: Transform, target: str, *, multiline: bool) -> Callable[[object], Scalar | None]:
    """Calls a function that users may have written: what it does wrong is the record's trouble, not the batch's."""

    def call(value: object) -> Scalar | None:
        try:
            found: object = function(value)
        except Exception as error:  # a user's function may raise anything
            what = f"The function {function.__name__} failed with {type(error).__name__}."
            raise DataError("transform-failed", what, column=target, remedy="Mend mappings/transforms.py.") from error
        if isinstance(found, str):
            return clean(found, multiline=multiline) or None
        if found is None or isinstance(found, (bool, int, Decimal)):
            return found
        what = f"The function {function.__name__} gave a {type(found).__name__}."
        remedy = "Let it give text, a whole number, a Decimal, true, false or None."
        raise DataError("transform-failed", what, column=target, remedy=remedy)

    return call


def _line(error: Exception, path: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return (frames[-1].lineno or 1) if frames else 1
