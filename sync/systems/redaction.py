"""What must not be read by anyone: secrets are taken out of every text here, business values out of refusals.

`redact` is for texts of unknown origin (exceptions of libraries, answers of services); it knows secrets by their form,
and by their value when told. `mask` hides the values of one record in what a system says about it (promise 8).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GONE = "[redacted]"

_NAMES = (
    r"authorization|proxy-authorization|x-identity-header|set-cookie|cookie|client_secret|client_assertion|"
    r"access_token|refresh_token|id_token|password|accountkey|sharedaccesssignature|sig"
)
_FORMS = (
    # A JSON web token, wherever it stands.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), GONE),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {GONE}"),
    # name: value, name=value, "name": "value", 'name': 'value'; a header's value runs to the end of its line.
    (re.compile(rf"""(["']?)\b({_NAMES})\1(\s*[:=]\s*)(["'])(.*?)\4""", re.IGNORECASE), rf"\1\2\1\3\4{GONE}\4"),
    (
        re.compile(rf"""\b({_NAMES})(\s*[:=]\s*)(?!["'\s])(?!{re.escape(GONE)})[^\s,;&"']+""", re.IGNORECASE),
        rf"\1\2{GONE}",
    ),
)


def redact(text: str, *secrets: str) -> str:
    """`text` without tokens, authorization values, identity headers and client secrets.

    `secrets` are further values to take out wherever they occur; empty ones are ignored.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, GONE)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def mask(text: str, values: Iterable[object]) -> str:
    """`text` with `…` where one of `values` stands in it as a word or words of its own, whatever its case."""
    words = {str(value).strip() for value in values if value is not None and not isinstance(value, bool)}
    words.discard("")
    if not words:
        return text
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
    return re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", "…", text, flags=re.IGNORECASE)
