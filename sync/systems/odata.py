"""OData addresses and pages: quoting, keys, filters of bounded length, and links followed as received.

Everything here gives text that is already percent-encoded, ready to stand in an address. Rules: wire.md 1.3, 1.4, 1.6,
2.2, 2.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from sync.errors import ConfigError, Transient
from sync.model import Scalar, Values
from sync.systems.answers import Answer
from sync.systems.deadline import Deadline
from sync.systems.http import HttpClient
from sync.systems.trouble import refused_read

_AGAIN_SECONDS = 10.0


def literal(value: Scalar) -> str:
    """A value in an address: text in quotes, its apostrophes doubled and then percent-encoded; numbers as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    # Half a surrogate pair has no encoding; as "?" it finds nothing.
    return f"'{quote(value.replace("'", "''"), safe='', errors='replace')}'"


def select(columns: Iterable[str]) -> str:
    """`$select=...`, each column once."""
    return f"$select={','.join(quote(column) for column in dict.fromkeys(columns))}"


def equals(column: str, value: Scalar) -> str:
    """`column eq value`."""
    return f"{column}%20eq%20{literal(value)}"


def any_of(terms: Sequence[str]) -> str:
    """The terms joined with `or`, in brackets when there are several."""
    return terms[0] if len(terms) == 1 else f"({'%20or%20'.join(terms)})"


def all_of(terms: Sequence[str]) -> str:
    """The terms joined with `and`."""
    return "%20and%20".join(terms)


def packs[T](items: Iterable[tuple[T, Sized]], *, room: int, between: int, most: int) -> Iterator[list[T]]:
    """The items in packs of at most `most`, whose texts with `between` characters between them fit into `room`.

    An item that does not fit by itself makes a pack of its own: whether it is too long is for the server to say.
    """
    pack: list[T] = []
    used = 0
    for item, text in items:
        needed = len(text) + (between if pack else 0)
        if pack and (used + needed > room or len(pack) >= most):
            yield pack
            pack, used, needed = [], 0, len(text)
        pack.append(item)
        used += needed
    if pack:
        yield pack


def rows_of(
    http: HttpClient, url: str, *, about: str, headers: Mapping[str, str], until: Deadline | None = None
) -> Iterator[dict[str, Any]]:
    """Every row behind `url`, page after page, each link exactly as received and with the same headers.

    Raises ConfigError when the system refuses the read, repeats a link, or leads to another origin; what
    `HttpClient.send` raises besides.
    """
    answer = http.send("GET", url, about=about, writes=False, headers=headers, until=until)
    return rows_from(http, answer, url, about=about, headers=headers, until=until)


def rows_from(
    http: HttpClient,
    answer: Answer,
    url: str,
    *,
    about: str,
    headers: Mapping[str, str],
    until: Deadline | None = None,
) -> Iterator[dict[str, Any]]:
    """As `rows_of`, when the first page was read already: `answer` to `url`."""
    seen = {url}
    while True:
        document = document_of(http, answer, about)
        yield from document.get("value", ())
        link = document.get("@odata.nextLink")
        if not link:
            return
        if link in seen:
            raise repeated_link(http, about)
        seen.add(link)
        answer = http.send("GET", link, about=about, writes=False, headers=headers, until=until)


def document_of(http: HttpClient, answer: Answer, about: str) -> dict[str, Any]:
    """The JSON object of an answer to a read.

    Raises ConfigError when the read was refused, Transient when the document is cut short or no JSON.
    """
    if not answer.ok:
        raise refused_read(http.words, http.base, about, answer)
    try:
        document = answer.json()
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    raise Transient(
        f"No complete answer from {http.words.name}: the document is cut short or no JSON.",
        delay=_AGAIN_SECONDS,
        where=http.base,
        remedy="If it goes on, check that the base address is the system's own and no sign-in page's.",
        details=answer.details(),
    )


def repeated_link(http: HttpClient, about: str) -> ConfigError:
    """The server's pages go in a circle: stop rather than read for ever (wire.md 1.6)."""
    return ConfigError(
        f"{http.words.name} gave the same page link of {about} twice; reading it would never end.",
        where=http.base,
        remedy="Report it to the system's support with the request ids of the log.",
    )


def columns_of(row: Mapping[str, Any]) -> Values:
    """The columns of a row, without annotations."""
    return {name: value for name, value in row.items() if "@" not in name}
