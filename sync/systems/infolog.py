"""What F&O says when it refuses a record: the Infolog, made fit for people (wire.md 2.6).

Texts come in the language of F&O's user, so nothing is decided by them but what wire.md calls a known text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sync.model import Scalar
from sync.ports import Refused
from sync.systems.answers import Answer
from sync.systems.redaction import mask, redact

_PIECE = re.compile(r";\s+(?=(?:Info|Warning|Error):)")
_KIND = re.compile(r"^(?:Info|Warning|Error):\s*")
_NOISE = re.compile(r"^(?:validateField\b|validateWrite\b|Update has been canceled)")
_FAILED_FIELD = re.compile(r"\bvalidateField\b[^']*'\w+\.(\w+)'")
_NAMED_FIELD = re.compile(r"\b(?:field|property) (?:named )?'(\w+)'", re.IGNORECASE)
_UPDATE_CONFLICT = "An update conflict occurred due to another user process"
_LONGEST = 500


def refusal(answer: Answer, values: Mapping[str, Scalar | None], details: Mapping[str, str]) -> Refused:
    """The refusal of one record. What people have entered is `…` in its text.

    `column` is the property that the text names, if it is one of `values`' or the one whose validation failed.
    """
    message = answer.error().message
    text = redact(mask(cleaned(message), values)) or f"The answer was {answer.status}, without a reason."
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return Refused(text, _column(message, values), {**answer.details(), **details})


def cleaned(message: str) -> str:
    """The useful pieces of an error message: without type names, kinds and noise; all of it when nothing is left."""
    head, found, log = message.partition("Infolog: ")
    pieces = [_KIND.sub("", piece.strip()) for piece in _PIECE.split(log if found else head)]
    useful = [piece.replace("..", ".") for piece in pieces if piece and not _NOISE.match(piece)]
    return " ".join(useful) or message


def is_update_conflict(answer: Answer) -> bool:
    """Another user process changed the row meanwhile: the same write may be sent again (a known text of wire.md)."""
    return answer.status in (409, 412) or _UPDATE_CONFLICT in answer.error().message


def _column(message: str, values: Mapping[str, Scalar | None]) -> str:
    failed = _FAILED_FIELD.search(message)
    if failed:
        return failed.group(1)
    return next((name for name in _NAMED_FIELD.findall(message) if name in values), "")
