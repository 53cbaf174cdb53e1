"""Text as both systems take it: cleaning, UTF-16 lengths, cuts, names compared (flows.md 1.4, R2)."""

from __future__ import annotations

import re
import unicodedata

UNSAFE = frozenset('/\\?#%&:<>*+"')
"""Characters a number must not have when it becomes part of a key in a URL (flows.md 1.3)."""

_TO_SPACE = re.compile("[\t\n\r\u00a0]")
# Control characters, and lone surrogates, which no UTF-8 text can carry.
_REMOVED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_REMOVED_BUT_LF = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str, *, multiline: bool = False) -> str:
    """`text` without control characters and trimmed; cleaning twice changes nothing (R2).

    On one line, tab, line feed, carriage return and no-break space become a space; several lines keep their line
    feeds. Format characters (a zero-width joiner holds an emoji together) stay.
    """
    if text.isprintable():
        return text.strip()
    if multiline:
        return _REMOVED_BUT_LF.sub("", text).strip()
    return _REMOVED.sub("", _TO_SPACE.sub(" ", text)).strip()


def width(text: str) -> int:
    """The length both systems count: UTF-16 code units."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The first `limit` UTF-16 code units, never half a character, trimmed again at the end."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * limit:
        return text
    return units[: 2 * limit].decode("utf-16-le", "ignore").rstrip()


def is_unsafe(number: str) -> bool:
    """Whether a number cannot stand in a key URL (flows.md 1.3)."""
    return not UNSAFE.isdisjoint(number) or number.endswith(".")


def same_text(ours: str, theirs: str, limit: int | None) -> bool:
    """Whether two texts agree without case as far as `limit` keeps them (flows.md 4)."""
    if limit is not None:
        ours, theirs = cut(ours, limit), cut(theirs, limit)
    return unicodedata.normalize("NFC", ours).casefold() == unicodedata.normalize("NFC", theirs).casefold()


def same_name(ours: str, theirs: str, limit: int | None) -> bool:
    """Whether two names agree in letters and digits, case ignored, as far as `limit` keeps them (flows.md 3).

    Names without any letter or digit are compared as they are, since "!!" and "??" are not one name.
    """
    if limit is not None:
        ours, theirs = cut(ours, limit), cut(theirs, limit)
    ours, theirs = (unicodedata.normalize("NFC", name).casefold() for name in (ours, theirs))
    folded = "".join(filter(str.isalnum, ours))
    if not folded:
        return clean(ours) == clean(theirs)
    return folded == "".join(filter(str.isalnum, theirs))
