"""Compare: what of a mapped record must be written, decided by keyed digests of what was written last.

A link keeps no value (promise 8). It keeps a short keyed digest per property, and one hash over all of them, so that
the common case, nothing changed, is one comparison.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sync.mapping.plan import Field, Mapped
from sync.model import LineLink, Link, Scalar, Values


@dataclass(frozen=True, slots=True)
class LineDraft:
    """What to send of one line: its number, and the values beside its key."""

    kind: Literal["create", "update", "delete"]
    number: int
    values: Values


@dataclass(frozen=True, slots=True)
class LinesDraft:
    """What to send of a document's lines, by ascending number, and the line links that say otherwise from then on."""

    writes: tuple[LineDraft, ...] = ()
    links: tuple[LineLink, ...] = ()


NO_LINES = LinesDraft()


@dataclass(frozen=True, slots=True)
class Draft:
    """What to send (key values not included), and what the link knows once the target has taken it."""

    values: Values
    digests: Mapping[str, str]
    hash: str
    lines: LinesDraft = NO_LINES

    @property
    def sends(self) -> bool:
        """Something is to be written to a row that is there."""
        return bool(self.values or self.lines.writes)


class Digester:
    """Short digests of values under the app's own key: equal values give equal digests, nothing else can be read."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32).digest()

    def digest(self, value: Scalar) -> str:
        """16 hexadecimal digits."""
        return hashlib.blake2b(_canonical(value).encode(), digest_size=8, key=self._key).hexdigest()

    def row(self, values: Values, columns: Iterable[str]) -> str:
        """One digest for these columns of a row, 16 hexadecimal digits."""
        said = "\x1f".join(_canonical(values.get(column)) for column in columns)
        return self.digest(said)

    def digests(self, fields: Iterable[Field]) -> dict[str, str]:
        """The digest of each field that is not blank."""
        return {field.name: self.digest(field.value) for field in fields if field.value is not None}


def whole(digests: Mapping[str, str]) -> str:
    """One hash over the digests of a payload: 32 hexadecimal digits."""
    text = "\n".join(f"{name}={digest}" for name, digest in sorted(digests.items()))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def changed(mapped: Mapped, link: Link, digester: Digester) -> bool:
    """Whether the record, its lines included, is not what was written last, as far as is known."""
    return link.dirty or _hash(_updated(mapped, digester), mapped, digester) != link.hash


def draft_create(mapped: Mapped, digester: Digester, lines: LinesDraft = NO_LINES) -> Draft:
    """Everything that is to be sent, and what the link keeps of it."""
    values = to_create(mapped.fields)
    kept = digester.digests(field for field in mapped.fields if field.when == "both" and field.name in values)
    return Draft(values, kept | _fixed(mapped, digester), _hash(kept, mapped, digester), lines)


def draft_update(mapped: Mapped, link: Link, digester: Digester, lines: LinesDraft = NO_LINES) -> Draft | None:
    """What changed since it was last sent (flows.md 1.2), blocks whole (1.8), blanks cleared (1.5); None when nothing.

    A dirty link proves nothing: everything is sent.
    """
    fields = [field for field in mapped.fields if field.when != "create"]
    hash_ = _hash(_updated(mapped, digester), mapped, digester)
    if hash_ == link.hash and not link.dirty:
        return None
    values, digests = to_update(fields, link.digests, digester, dirty=link.dirty)
    return Draft(values, digests, hash_, lines) if values or lines.writes or lines.links else None


def _updated(mapped: Mapped, digester: Digester) -> dict[str, str]:
    return digester.digests(field for field in mapped.fields if field.when != "create")


def _hash(digests: Mapping[str, str], mapped: Mapped, digester: Digester) -> str:
    """One hash over what is kept of a record, and over its lines with their ids and places."""
    lines = {
        f"{line.id} {line.sequence} {name}": digest
        for line in mapped.lines
        for name, digest in digester.digests(line.fields).items()
    }
    return whole({**digests, **lines})


def to_create(fields: Sequence[Field]) -> dict[str, Scalar | None]:
    """Everything that is not blank, but what only an update may send (flows.md 1.5)."""
    return {field.name: field.value for field in fields if field.when != "update" and field.value is not None}


def to_update(
    fields: Sequence[Field], known: Mapping[str, str], digester: Digester, *, dirty: bool
) -> tuple[dict[str, Scalar | None], dict[str, str]]:
    """What is to be sent of these fields (none of which only a create may send), and the digests from then on.

    `known` are the digests of what was sent last; where they are `dirty` they prove nothing.
    """
    wanted = digester.digests(fields)

    def sendable(field: Field) -> bool:
        """A value can be sent; a blank only to clear what was sent before."""
        return field.value is not None or (field.clears and (dirty or field.name in known))

    changed = {
        field.name for field in fields if (dirty or wanted.get(field.name) != known.get(field.name)) and sendable(field)
    }
    return _with_blocks(fields, changed, sendable), _after(known, fields, wanted)


def draft_adoption(mapped: Mapped, target: Values, digester: Digester, lines: LinesDraft = NO_LINES) -> Draft:
    """What differs from the row that is adopted; what is blank in the source stays there as it is.

    What must stay as it is from now on is filled in where the row has none yet.
    """
    given = [field for field in mapped.fields if field.value is not None]
    fields = [field for field in given if field.when != "create"]
    filled = [field for field in given if _fills(field, target)]
    wanted = digester.digests(fields)
    changed = {field.name for field in (*fields, *filled) if not same(target.get(field.name), field.value)}
    values = _with_blocks([*fields, *filled], changed, lambda _: True)
    return Draft(values, wanted | _fixed(mapped, digester), _hash(wanted, mapped, digester), lines)


def moved(mapped: Mapped, link: Link, target: Values | None, digester: Digester) -> Field | None:
    """The first field that must stay what it was when the record was linked (or is in the row to adopt), and is not."""
    for field in mapped.fields:
        if field.fixed is None or field.fixed.value is None:
            continue
        known = link.digests.get(field.name) if link.linked else None  # a create that was announced proves nothing
        if known is not None and known != digester.digest(field.fixed.value):
            return field
        theirs = (target or {}).get(field.name)
        if known is None and theirs not in _BLANK and field.value is not None and not same(theirs, field.value):
            return field
    return None


_BLANK = (None, "")


def same(theirs: Scalar | None, ours: Scalar | None) -> bool:
    """Two values that a target holds as one."""
    return _canonical(theirs) == _canonical(ours)


def _fills(field: Field, target: Values) -> bool:
    return field.when == "create" and field.fixed is not None and target.get(field.name) in _BLANK


def _fixed(mapped: Mapped, digester: Digester) -> dict[str, str]:
    fixed = {field.name: field.fixed.value for field in mapped.fields if field.fixed is not None}
    return {name: digester.digest(value) for name, value in fixed.items() if value is not None}


def _with_blocks(
    fields: Sequence[Field], changed: set[str], sendable: Callable[[Field], bool]
) -> dict[str, Scalar | None]:
    blocks = {field.block for field in fields if field.block and field.name in changed}
    values: dict[str, Scalar | None] = {}
    for field in fields:
        sent = field.name in changed or (field.block in blocks and sendable(field))
        if sent and (field.value is not None or field.clears):
            values[field.name] = field.clear if field.value is None else field.value
    return values


def _after(known: Mapping[str, str], fields: Sequence[Field], wanted: Mapping[str, str]) -> dict[str, str]:
    """A block that is left out keeps what was sent of it; a cleared property is forgotten."""
    present = {field.name for field in fields if field.value is not None or field.clears}
    return {name: digest for name, digest in known.items() if name not in present} | dict(wanted)


def _canonical(value: Scalar | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return format(Decimal(value).normalize(), "f")
        case _:
            return value
