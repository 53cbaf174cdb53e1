"""YAML as people mean it: almost everything is text, nothing is written twice, everything has a place.

YAML 1.1 reads `NO` as false, `030` as 24, `12:30` as 750 and `2026-01-05` as a date. Here only null, true, false and
plain numbers are special.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import yaml

from sync.mapping.problems import Problem

type Path = tuple[str | int, ...]
type Data = bool | int | Decimal | str | list[Data] | dict[str, Data] | None

_PREFIX = "tag:yaml.org,2002:"


class StrictLoader(yaml.CSafeLoader):
    """Only null, true, false and plain numbers are special; the rest is text.

    By libyaml, which every wheel of PyYAML brings along: a host that starts reads all files six times as fast.
    """


StrictLoader.yaml_implicit_resolvers = {}
for _name, _form, _first in (
    ("null", "null|", ["n", ""]),
    ("bool", "true|false", list("tf")),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+", list("-0123456789")),
):
    StrictLoader.add_implicit_resolver(_PREFIX + _name, re.compile(rf"(?:{_form})\Z"), _first)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, and where each key and value stands. Keys are texts: `1:` is the key "1".

    `inside` is the place that paths of problems begin at.
    """

    file: str
    data: Data
    keys: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    values: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    inside: Path = ()

    def problem(self, path: Path, what: str, remedy: str, *, key: bool = False) -> Problem:
        """A problem at `path`: at its key, or at its value; what is not there is placed where it would belong."""
        path = (*self.inside, *path)
        places = (self.keys, self.values) if key else (self.values, self.keys)
        while path:
            for known in places:
                if path in known:
                    return Problem(self.file, *known[path], what, remedy)
            path = path[:-1]
        return Problem(self.file, *self.values.get((), (1, 1)), what, remedy)


def parse(file: str, text: str) -> tuple[Document, list[Problem]]:
    """The document in `text`, and its problems: broken YAML, keys written twice, tags, keys that are no text.

    `file` is the name shown in problems.
    """
    try:
        node = yaml.compose(text, Loader=StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"this is not YAML: {error.problem or error.context}"
        remedy = "Check indentation, colons and quotes here and in the line above."
        return Document(file, None), [Problem(file, line, column, what, remedy)]
    except yaml.YAMLError as error:
        what = "this is not YAML: a character that YAML does not allow"
        return Document(file, None), [Problem(file, 1, 1, what, f"Save the file as UTF-8 text ({error.args[0]}).")]
    builder = _Builder(file)
    data = builder.build(node, ()) if node is not None else None
    return Document(file, data, builder.keys, builder.values), builder.problems


class _Builder:
    """Turns the tree of nodes into data, noting places and problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._open: list[yaml.Node] = []

    def build(self, node: yaml.Node, path: Path) -> Data:
        self.values[path] = _place(node)
        if any(node is outer for outer in self._open):
            self._problem(node, "this alias contains itself", "Write the content out instead.")
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Data:
        found: dict[str, Data] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            here = (*path, key)
            if here in self.keys:
                line = self.keys[here][0]
                self._problem(key_node, f'"{key}" is written twice, line {line}', "Keep one of the two.")
                continue
            self.keys[here] = _place(key_node)
            found[key] = self.build(value_node, here)
        return found

    def _key(self, node: yaml.Node) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == _PREFIX + "null" and not node.value:
            self._problem(node, "a key is missing before the colon", 'Write "" for the blank value.')
            return None
        if not isinstance(node, yaml.ScalarNode):
            self._problem(node, "a key must be a text", "Write lists and mappings as values only.")
            return None
        return str(node.value)

    def _scalar(self, node: yaml.Node) -> Data:
        value = str(node.value)
        kind = node.tag.removeprefix(_PREFIX)
        if kind == "str" or node.tag == "!":
            return value
        if kind == "null":
            return None
        if kind == "bool" and value in ("true", "false"):
            return value == "true"
        if kind == "int" and re.fullmatch(r"-?[0-9]+", value):
            return int(value)
        if kind == "float" and re.fullmatch(r"-?[0-9]+\.[0-9]+", value):
            return Decimal(value)
        self._problem(node, f"the tag {node.tag} is not allowed", "Write the value as it is; put text in quotes.")
        return None

    def _problem(self, node: yaml.Node, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, *_place(node), what, remedy))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
