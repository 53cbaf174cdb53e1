"""From the text of a `$filter` to a syntax tree: the grammar of odata-query, with the lexer mended for Dynamics.

Six things differ from the library's lexer. Operators, keywords and names have one case, as OData 4.0 has it, and digits
are ASCII. A keyword ends where the word ends, so that a column may begin with one
(`AllowOnAccount` begins with `all`). `not(` is a negation. `divby` divides as `div` does. A type name right before a
quoted member is an enumeration literal (`Microsoft.Dynamics.DataEntities.NoYes'Yes'`). A list of quoted texts in square
brackets is one literal, as Dataverse's query functions take it (`PropertyValues=["a","b"]`, single quotes as well).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

_SINGLE_QUOTED = re.compile(r"'((?:[^']|'')*)'")


class FilterSyntaxError(ValueError):
    """The text is no filter expression; says where reading stopped."""


@dataclass(frozen=True)
class EnumLiteral(ast._Literal):
    """`<type>'<member>'`."""

    type_name: str
    member: str


@dataclass(frozen=True)
class TextList(ast._Literal):
    """The texts of a list in square brackets."""

    values: tuple[str, ...]


class FilterLexer(ODataLexer):
    """The library's lexer with the six changes that the module's text names."""

    # A literal of its own keeps the token type of a text: the grammar allows it wherever a text may stand.
    tokens = {"TEXTS"}  # noqa: RUF012  (the library declares it so)
    reflags = re.ASCII
    _: Callable[..., Callable[[Any], Any]]  # given by the library's metaclass: the pattern of a rule

    # Where a pattern alone is set, the library's rule of that name keeps making the value.
    GUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"  # type: ignore[assignment]
    DECIMAL = r"[+-]?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)"  # type: ignore[assignment]
    BOOLEAN = r"(?:true|false)\b"  # type: ignore[assignment]
    NULL = r"null\b"  # type: ignore[assignment]
    ANY = r"any\b"  # type: ignore[assignment]
    ALL = r"all\b"  # type: ignore[assignment]
    NOT = r"not(?:\s+|(?=\())"  # type: ignore[assignment]
    DIV = r"\s+div(?:by)?\s+"  # type: ignore[assignment]

    @_(r"[_A-Za-z](?:\.?\w){0,127}(?:'(?:[^']|'')*')?")  # noqa: F821
    def ODATA_IDENTIFIER(self, token: Any) -> Any:  # noqa: N802  (the library finds rules by token name)
        """A name, or an enumeration literal when a quoted member follows at once."""
        name, quote, rest = token.value.partition("'")
        if not quote:
            *namespace, last = name.split(".")
            token.value = ast.Identifier(last, tuple(namespace))
            return token
        token.type, token.value = "STRING", EnumLiteral(name, rest[:-1].replace("''", "'"))
        return token

    # Unrolled loops: a list may hold a thousand texts, and an alternative tried for each character is ten times slower.
    @_(r"""\[\s*(?:(?:"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*(?:''[^']*)*')\s*,?\s*)*\]""")  # noqa: F821
    def TEXTS(self, token: Any) -> Any:  # noqa: N802
        """A list of texts in square brackets."""
        token.type, token.value = "STRING", TextList(_texts(token.value))
        return token


def _texts(written: str) -> tuple[str, ...]:
    if "'" not in written:
        return tuple(json.loads(written))
    return tuple(text.replace("''", "'") for text in _SINGLE_QUOTED.findall(written))


def parse(text: str) -> ast._Node:
    """The syntax tree of a filter expression; raises `FilterSyntaxError`."""
    try:
        tree = ODataParser().parse(FilterLexer().tokenize(text.strip()))
    except (ODataException, json.JSONDecodeError) as problem:
        raise FilterSyntaxError(_where(problem, text)) from problem
    if tree is None:
        raise FilterSyntaxError("the expression is empty")
    return cast("ast._Node", tree)


def _where(problem: Exception, text: str) -> str:
    token = getattr(problem, "token", None)
    if token is None:
        return "the expression ends too early" if getattr(problem, "eof", False) else str(problem)
    return f"syntax error at position {token.index} near {text.strip()[token.index : token.index + 30]!r}"
