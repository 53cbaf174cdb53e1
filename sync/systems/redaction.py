"""What must not be read by anyone: secrets are taken out of every text here, business values out of refusals.

`redact` is for texts of unknown origin (exceptions of libraries, answers of services); it knows secrets and addresses
of mail by their form, and secrets by their value when told. `mask` hides what people have entered in what a system
says about a record (promise 8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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


_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_QUOTED = re.compile(r"""(?<!\w)(['"])(.{1,200}?)\1(?!\w)""")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def redact(text: str, *secrets: str) -> str:
    """`text` without tokens, authorization values, identity headers, client secrets and addresses of mail.

    `secrets` are further values to take out wherever they occur; empty ones are ignored.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, GONE)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return _MAIL.sub(GONE, text)


def mask(text: str, record: Mapping[str, object]) -> str:
    """`text` with `…` for what is somebody's: each value of the record, by column, that stands in it as a word or words
    of its own, whatever its case; and what stands in quotes, unless it is an id or a column's name, as its label is.

    A refusal may be about other rows than the record's: what it quotes of them is no less theirs.
    """
    columns = [column.casefold() for column in record]
    words = {str(value).strip() for value in record.values() if value is not None and not isinstance(value, bool)}
    words.discard("")
    if words:
        longest_first = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
        text = re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", "…", text, flags=re.IGNORECASE)
    return _QUOTED.sub(lambda quoted: quoted[0] if _is_name(quoted[2], columns) else f"{quoted[1]}…{quoted[1]}", text)


def _is_name(quoted: str, columns: Sequence[str]) -> bool:
    """ "Customer groups" is what people call CustomerGroupId; `_pricelevelid_value` is pricelevelid to others."""
    if _GUID.fullmatch(quoted):
        return True
    name = re.sub(r"[\W_]", "", quoted).casefold().removesuffix("s")
    return len(name) > 2 and any(name in column.replace("_", "") for column in columns)
