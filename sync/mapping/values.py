"""Value maps as look-ups: texts compare by letters and digits alone (value-maps.md 1, 7 and 8)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from sync.mapping.value_schema import Target, ValueMapFile
from sync.mapping.words import Value
from sync.model import System

# Letters that carry no accent which could be taken away, and that people write without it all the same.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae"})
_REMEMBERED = 4096


def normalise(text: str) -> str:
    """Letters and digits in lower case without accents, everything else one space (value-maps.md 1)."""
    if not text.isascii():
        letters = (char for char in unicodedata.normalize("NFKD", text) if not _is_mark(char))
        folded = unicodedata.normalize("NFKD", "".join(letters).casefold())
        text = "".join(char for char in folded if not _is_mark(char)).translate(_PLAIN)
    return " ".join("".join(char if char.isalnum() else " " for char in text.casefold()).split())


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def name_key(normalised: str) -> str:
    """A name as the rule for countries compares it: without "and" and "the", "st" read as "saint" (value-maps.md 7)."""
    words = (word for word in normalised.split() if word not in ("and", "the"))
    return " ".join("saint" if word == "st" else word for word in words)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two entries of a value map that one text leads to; `path` is where the second stands in the file."""

    path: tuple[str | int, ...]
    text: str
    first: Value
    second: Value


@dataclass(frozen=True, slots=True)
class Table:
    """The texts of one group that lead to a value; codes go before names."""

    codes: Mapping[str, Value]
    names: Mapping[str, Value]


@dataclass
class ValueMap:
    """A compiled value map. `find` is what rows call; the rest tells checks and definitions what is in it.

    `own` are its pairs; `backward` leads from target values to the text that is written for them, `named` does so
    without the pairs.
    """

    name: str
    own: Mapping[str, Value]
    tables: Mapping[str, Table]
    compare: Literal["text", "names"]
    grouped: bool
    left: System
    backward: Mapping[str, Value]
    named: Mapping[str, Value]
    clashes: tuple[Clash, ...] = ()
    ambiguous: tuple[Clash, ...] = ()
    content: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._remembered = lru_cache(_REMEMBERED)(self._find_text)

    @property
    def empty(self) -> bool:
        return not self.own and not any(table.codes or table.names for table in self.tables.values())

    def find(self, value: Value, group: str = "") -> Value | None:
        """The target value that `value` leads to, or None. `group` matters for a map with groups only."""
        return self._remembered(value if isinstance(value, str) else key_text(value), group)

    def with_pairs(self, pairs: Mapping[str, Value]) -> ValueMap:
        """The same map with these pairs in place of its own."""
        own = {normalise(text): value for text, value in pairs.items()}
        back = {key_text(value).casefold(): _as_written(text) for text, value in pairs.items()}
        return replace(self, own=own, backward={**self.named, **back})

    def _find_text(self, text: str, group: str) -> Value | None:
        key = normalise(text)
        if not key and text:
            return None
        if key in self.own:
            return self.own[key]
        table = self.tables.get(group)
        if table is None:
            return None
        if key in table.codes:
            return table.codes[key]
        return table.names.get(name_key(key) if self.compare == "names" else key)

    def all_back(self, value: Value) -> tuple[Value, ...]:
        """Every source text that leads to a target value, as values of the source."""
        wanted = str(key_text(value)).casefold()
        return tuple(_as_written(text) for text, target in self.own.items() if key_text(target).casefold() == wanted)

    def back(self, value: Value) -> Value | None:
        """The source text for a target value (the other direction), or None."""
        return self.backward.get(str(key_text(value)).casefold())


def finder(table: ValueMap, source: System) -> Callable[[Value, str], Value | None]:
    """The look-up of a map for values of this system: forwards from its left side, else backwards."""
    return table.find if table.left == source else lambda value, _: table.back(value)


def key_text(value: Value) -> str:
    """A value as a key of a value map: 1 as "1", true as "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def inline_map(name: str, pairs: Mapping[str, Value]) -> ValueMap:
    """The map of pairs that a row spells out."""
    return compile_map(ValueMapFile(map="inline", title=name, pairs=dict(pairs)))


def compile_map(file: ValueMapFile) -> ValueMap:
    """The look-ups of a value map file; what contradicts itself is in `clashes` (and `ambiguous`, backwards)."""
    clashes: list[Clash] = []
    own: dict[str, Value] = {}
    for text, value in file.pairs.items():
        _enter(own, normalise(text), value, ("pairs", text), text, clashes)
    groups = {"": file.targets} if file.targets else {}
    tables = {
        group: _table(targets, ("targets",) if not group else ("groups", group), file.compare, clashes)
        for group, targets in (groups | file.groups).items()
    }
    named = _named(file)
    backward, ambiguous = _backward(file, named)
    return ValueMap(
        name=file.map,
        own=own,
        tables=tables,
        compare=file.compare,
        grouped=bool(file.groups),
        left=file.left,
        backward=backward,
        named=named,
        clashes=tuple(clashes),
        ambiguous=ambiguous,
        content=file.model_dump(mode="json", exclude={"title"}, exclude_defaults=True),
    )


def _table(
    targets: Mapping[str, Target | str],
    path: tuple[str | int, ...],
    compare: str,
    clashes: list[Clash],
) -> Table:
    codes: dict[str, Value] = {}
    names: dict[str, Value] = {}
    for target, entry in targets.items():
        for text in (target, entry.code if isinstance(entry, Target) else None):
            if text is not None:
                _enter(codes, normalise(text), target, (*path, target), text, clashes)
    for target, entry in targets.items():
        for text in _texts(entry):
            key = normalise(text)
            _enter(names, name_key(key) if compare == "names" else key, target, (*path, target), text, clashes)
            # A name that is another entry's code would never be reached.
            if codes.get(key, target) != target:
                clashes.append(Clash((*path, target), text, codes[key], target))
    return Table(codes, names)


def _texts(entry: Target | str) -> Iterable[str]:
    if isinstance(entry, str):
        return (entry,)
    return (*((entry.name,) if entry.name else ()), *entry.also)


def _enter(
    table: dict[str, Value], key: str, value: Value, path: tuple[str | int, ...], text: str, clashes: list[Clash]
) -> None:
    if table.setdefault(key, value) != value:
        clashes.append(Clash(path, text, table[key], value))


def _as_written(key: str) -> Value:
    """The value that a key of a value map stands for: Sales has option values as numbers, and flags."""
    if key in ("true", "false"):
        return key == "true"
    return int(key) if re.fullmatch(r"-?(?:0|[1-9][0-9]*)", key) else key


def _named(file: ValueMapFile) -> dict[str, Value]:
    """Target value to its name."""
    names = {target: entry if isinstance(entry, str) else entry.name for target, entry in file.targets.items()}
    return {target.casefold(): name for target, name in names.items() if name is not None}


def _backward(file: ValueMapFile, named: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[Clash, ...]]:
    """Target value to the text that is written for it, and the pairs that leave open which."""
    backward: dict[str, Value] = {}
    ambiguous: list[Clash] = []
    for text, value in file.pairs.items():
        _enter(backward, key_text(value).casefold(), _as_written(text), ("pairs", text), key_text(value), ambiguous)
    return {**named, **backward}, tuple(ambiguous)
