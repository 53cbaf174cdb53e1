"""The tokens in links: paging cookies (wire.md 1.6) and delta tokens (wire.md 1.7). To a client both are opaque."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from local.simulators.dataverse import errors

_COOKIE = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="(True|False)" />')
_INNER = re.compile(r'<cookie page="\d+"><(\w+) ([^<>]*)/></cookie>')
_PAIR = re.compile(r'(\w+)="([^"]*)"')
_MALFORMED = "Malformed XML in the paging cookie of $skiptoken."
_MOST_DIGITS = 10
_ISSUED_FORMAT = "%m/%d/%Y %H:%M:%S"


@dataclass(frozen=True, slots=True)
class PagingCookie:
    """Which page comes next and where it starts; `place` is written by whoever reads it again."""

    page: int
    tracking: bool
    place: Mapping[str, str]

    def number(self, name: str) -> int:
        """A number of the place, 0 when it is not there. Raises `errors.Refusal`."""
        value = self.place.get(name, "0")
        if not value.isdecimal() or len(value) > _MOST_DIGITS:
            raise errors.bad_argument(_MALFORMED)
        return int(value)

    def link_value(self) -> str:
        """The value of `$skiptoken` in a link: encoded twice inside, once outside."""
        pairs = " ".join(f'{name}="{value}"' for name, value in self.place.items())
        inner = quote(f'<cookie page="{self.page - 1}"><place {pairs} /></cookie>', safe="")
        cookie = f'<cookie pagenumber="{self.page}" pagingcookie="{inner}" istracking="{self.tracking}" />'
        return quote(cookie, safe="")


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """Everything up to `version` is known to the client; `issued` decides when the token expires."""

    version: int
    issued: datetime

    def link_value(self) -> str:
        """The value of `$deltatoken` in a link."""
        return quote(f"{self.version}!{self.issued.astimezone(UTC).strftime(_ISSUED_FORMAT)}", safe="")


def read_cookie(text: str) -> PagingCookie:
    """The cookie in a decoded `$skiptoken`. Raises `errors.Refusal`."""
    outer = _COOKIE.fullmatch(text)
    inner = outer and _INNER.fullmatch(unquote(outer[2]))
    if not outer or not inner:
        raise errors.bad_argument(_MALFORMED)
    return PagingCookie(int(outer[1]), outer[3] == "True", dict(_PAIR.findall(inner[2])))


def read_token(text: str) -> DeltaToken:
    """The token in a decoded `$deltatoken`. Raises `errors.Refusal`."""
    version, _, issued = text.partition("!")
    try:
        return DeltaToken(int(version), datetime.strptime(issued, _ISSUED_FORMAT).replace(tzinfo=UTC))
    except ValueError as problem:
        raise errors.bad_argument(f"The delta token '{text}' is malformed.") from problem
