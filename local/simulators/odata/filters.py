"""`$filter` and `$orderby` over rows that are mappings from column name to value.

The grammar is odata-query's (see `filter_grammar`); this module gives the syntax tree its meaning. What a system does
not offer is refused: the operator `in` (wire.md 2.3), functions, paths, unknown columns, literals of another type.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from odata_query import ast

from local.simulators.odata.filter_conditions import (
    CompiledFilter,
    Getter,
    Row,
    both,
    either,
    getter,
    one_of,
    ordering,
    same,
    wildcard,
)
from local.simulators.odata.filter_grammar import EnumLiteral, FilterSyntaxError, TextList, parse
from local.simulators.odata.filter_values import (
    BOOLEAN,
    GUID,
    INSTANT,
    NUMBER,
    Kind,
    from_text,
    instant,
    kind_of,
    number,
)

__all__ = [
    "CompiledFilter",
    "Dialect",
    "FilterError",
    "UnknownAttributeError",
    "UnknownColumnError",
    "compile_filter",
    "compile_orderby",
]

_DEEPEST = 100
_ORDERINGS: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_IN = "Microsoft.Dynamics.CRM.In"


class FilterError(ValueError):
    """A filter or an order that is refused; the text says what and where."""


class UnknownColumnError(FilterError):
    """A name that is no column here (names are case sensitive); `column` is that name."""

    def __init__(self, column: str) -> None:
        super().__init__(f"Could not find a property named '{column}'.")
        self.column = column


class UnknownAttributeError(UnknownColumnError):
    """A name that query functions do not know: they go by attributes, not by the names that rows have."""


@dataclass(frozen=True)
class Dialect:
    """What one system allows in a filter."""

    allow_in: bool = False
    """The operator `in`."""
    allow_query_functions: bool = False
    """`Microsoft.Dynamics.CRM.In(...)`, contains, startswith, endswith."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Column by attribute where the two differ: query functions know `contactid`, rows have `_contactid_value`."""
    wildcard_equals: bool = False
    """`Name eq '*x*'` means contains (wire.md 2.3)."""
    enums: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Members by the whole name of the type."""
    case_insensitive_text: bool = True

    @cached_property
    def enum_kinds(self) -> frozenset[str]:
        """The names of the kinds that are enumerations: the last parts of the type names."""
        return frozenset(name.rpartition(".")[2] for name in self.enums)


@dataclass(frozen=True, slots=True)
class _Operand:
    get: Getter
    kind: Kind | None
    """None for null."""
    column: str | None = None
    literal: bool = False


def compile_filter(text: str, columns: Mapping[str, str], dialect: Dialect) -> CompiledFilter:
    """The test that `text` means, over rows with `columns` (name to Edm type or enumeration type name).

    Raises `FilterError` for what does not parse or is not offered, `UnknownColumnError` for a name that is no column.
    """
    try:
        tree = parse(text)
    except FilterSyntaxError as problem:
        raise FilterError(f"{problem} in $filter.") from problem
    return _Compiler(columns, dialect).test(tree, 0)


def compile_orderby(text: str, columns: Mapping[str, str]) -> Callable[[list[Any]], list[Any]]:
    """A function that returns rows in the order that `text` asks for ("name desc,accountid"); None comes first.

    Raises `FilterError`, `UnknownColumnError`.
    """
    steps: list[tuple[Callable[[Row], Any], bool]] = []
    for part in text.split(","):
        name, *direction = part.split() or [""]
        if name not in columns:
            raise UnknownColumnError(name)
        if direction not in ([], ["asc"], ["desc"]):
            raise FilterError(f"syntax error in $orderby near {part.strip()!r}: a column, then asc or desc.")
        steps.append((_rank_of(name, kind_of(columns[name], case_insensitive_text=True)), direction == ["desc"]))

    def order(rows: list[Any]) -> list[Any]:
        for key, descending in reversed(steps):
            rows = sorted(rows, key=key, reverse=descending)
        return rows

    return order


def _rank_of(column: str, kind: Kind) -> Callable[[Row], Any]:
    rank = kind.rank

    def key(row: Row) -> Any:
        value = row.get(column)
        return (0,) if value is None else (1, rank(value))

    return key


class _Compiler:
    def __init__(self, columns: Mapping[str, str], dialect: Dialect) -> None:
        self._columns = columns
        self._dialect = dialect

    def test(self, node: ast._Node, depth: int) -> CompiledFilter:
        if depth > _DEEPEST:
            raise FilterError(f"The $filter is nested deeper than {_DEEPEST} levels.")
        match node:
            case ast.BoolOp(op=op):
                parts = [self.test(part, depth + 1) for part in _spine(node, type(op))]
                return both(parts) if isinstance(op, ast.And) else either(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.test(operand, depth + 1).test
                return CompiledFilter(lambda row: not inner(row))
            case ast.Compare(comparator=ast.In(), left=left, right=right):
                return self._membership(left, right)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call():
                return self._call(node)
        raise FilterError(f"A condition is expected in $filter, not {_told(node)}.")

    def _comparison(self, node: ast.Compare, depth: int) -> CompiledFilter:
        left, right = self._operand(node.left, depth), self._operand(node.right, depth)
        if left.literal and not right.literal:
            raise FilterError("Write the column first and the value after the operator in $filter.")
        kind = left.kind or right.kind
        if kind is None or (left.kind and right.kind and left.kind.name != right.kind.name):
            names = " and ".join(f"'{side.kind.name if side.kind else 'null'}'" for side in (left, right))
            raise FilterError(f"A binary operator with incompatible types was detected. Found operand types {names}.")
        comparator = type(node.comparator)
        if comparator in _ORDERINGS:
            if kind.name in self._dialect.enum_kinds or BOOLEAN in (left.kind, right.kind):
                raise FilterError(f"Only eq and ne are allowed for {kind.name}.")
            return CompiledFilter(ordering(left.get, right.get, kind, _ORDERINGS[comparator]))
        equal = self._equality(left, right, kind)
        if comparator is ast.Eq:
            return equal
        return CompiledFilter(lambda row: not equal.test(row))

    def _equality(self, left: _Operand, right: _Operand, kind: Kind) -> CompiledFilter:
        if not right.literal or right.kind is None or left.column is None:
            return CompiledFilter(same(left.get, right.get, kind))
        written = right.get({})
        if self._dialect.wildcard_equals and isinstance(written, str) and "*" in written:
            return CompiledFilter(wildcard(left.get, written))
        return one_of(left.column, kind, frozenset({kind.key(written)}))

    def _membership(self, left: ast._Node, right: ast._Node) -> CompiledFilter:
        if not self._dialect.allow_in or not isinstance(right, ast.List):
            raise FilterError("The operator 'in' is not supported in $filter.")
        column = self._operand(left, 0)
        if column.column is None or column.kind is None:
            raise FilterError("The operator 'in' needs a column on its left.")
        values = [self._operand(item, 0) for item in right.val]
        return one_of(column.column, column.kind, frozenset(column.kind.key(value.get({})) for value in values))

    def _call(self, node: ast.Call) -> CompiledFilter:
        name = _name(node.func)
        if self._dialect.allow_query_functions:
            if name == _IN:
                return self._query_function_in(node.args)
            if name in _TEXT_TESTS:
                return self._text_test(name, node.args)
        raise FilterError(f"An unknown function with name '{name}' was found in $filter.")

    def _query_function_in(self, arguments: Iterable[ast._Node]) -> CompiledFilter:
        given = {argument.name.name: argument.param for argument in arguments if isinstance(argument, ast.NamedParam)}
        match given:
            case {"PropertyName": ast.String(val=name), "PropertyValues": TextList(values=texts)} if len(given) == 2:
                column = self._column_of(name)
                edm_type = self._columns[column]
                kind = self._kind(edm_type)
                try:
                    return one_of(column, kind, frozenset(kind.key(from_text(edm_type, text)) for text in texts))
                except (ValueError, KeyError) as problem:
                    raise FilterError(f"A value in PropertyValues does not fit '{name}': {problem}.") from problem
        raise FilterError(f"{_IN} takes PropertyName='<attribute>' and PropertyValues=['<value>',...].")

    def _column_of(self, attribute: str) -> str:
        column = self._dialect.attributes.get(attribute, attribute)
        if column not in self._columns or attribute in self._dialect.attributes.values():
            raise UnknownAttributeError(attribute)
        return column

    def _text_test(self, name: str, arguments: list[ast._Node]) -> CompiledFilter:
        match arguments:
            case [ast.Identifier() as column, ast.String(val=text)] if self._type_of(_name(column)) == "Edm.String":
                get, test, key = getter(_name(column)), _TEXT_TESTS[name], self._kind("Edm.String").key
                wanted = key(text)
                return CompiledFilter(lambda row: (value := get(row)) is not None and test(key(value), wanted))
        raise FilterError(f"{name} takes a text column and a text in $filter.")

    def _operand(self, node: ast._Node, depth: int) -> _Operand:
        match node:
            case ast.Identifier():
                column = _name(node)
                return _Operand(getter(column), self._kind(self._type_of(column)), column)
            case EnumLiteral(type_name=type_name, member=member):
                if member not in self._dialect.enums.get(type_name, ()):
                    raise FilterError(f"'{type_name}' has no member '{member}'.")
                return _Operand(lambda _: member, self._kind(type_name), literal=True)
            case ast.BinOp(op=op, left=left, right=right) if depth < _DEEPEST:
                return _arithmetic(self._operand(left, depth + 1), self._operand(right, depth + 1), type(op))
            case ast.UnaryOp(op=ast.USub(), operand=operand) if depth < _DEEPEST:
                return _arithmetic(_Operand(lambda _: 0, NUMBER), self._operand(operand, depth + 1), ast.Sub)
        value, kind = self._literal(node)
        return _Operand(lambda _: value, kind, literal=True)

    def _literal(self, node: ast._Node) -> tuple[Any, Kind | None]:
        match node:
            case ast.Null():
                return None, None
            case ast.String(val=text):
                return text, self._kind("Edm.String")
            case ast.Integer(val=text) | ast.Float(val=text):
                try:
                    return from_text("Edm.Int64" if isinstance(node, ast.Integer) else "Edm.Decimal", text), NUMBER
                except ValueError as problem:
                    raise FilterError(f"The number {text[:30]}... in $filter has too many digits.") from problem
            case ast.Boolean(val=text):
                return text.lower() == "true", BOOLEAN
            case ast.GUID(val=text):
                return text.lower(), GUID
            case ast.DateTime(val=text) | ast.Date(val=text):
                try:
                    instant(text)
                except ValueError as problem:
                    raise FilterError(f"{problem}.") from problem
                return text, INSTANT
        raise FilterError(f"{_told(node)} is not supported in $filter.")

    def _type_of(self, column: str) -> str:
        if column not in self._columns:
            raise UnknownColumnError(column)
        return self._columns[column]

    def _kind(self, edm_type: str) -> Kind:
        return kind_of(edm_type, case_insensitive_text=self._dialect.case_insensitive_text)


def _spine(node: ast.BoolOp, op: type) -> list[ast._Node]:
    """The terms of `a or b or c`, however many: the tree leans to one side, so this may not recurse."""
    terms: list[ast._Node] = []
    open_nodes: list[ast._Node] = [node]
    while open_nodes:
        current = open_nodes.pop()
        if isinstance(current, ast.BoolOp) and isinstance(current.op, op):
            open_nodes += (current.right, current.left)
        else:
            terms.append(current)
    return terms


def _arithmetic(left: _Operand, right: _Operand, operation: type) -> _Operand:
    if left.kind is not NUMBER or right.kind is not NUMBER:
        raise FilterError("Arithmetic in $filter needs numbers on both sides.")
    apply = _ARITHMETIC[operation]

    def get(row: Row) -> Any:
        one, other = left.get(row), right.get(row)
        if one is None or other is None:
            return None
        try:
            return apply(number(one), number(other))
        except ArithmeticError:
            return None

    return _Operand(get, NUMBER)


def _told(node: ast._Node) -> str:
    return f"an expression of the kind '{type(node).__name__}'"


def _name(identifier: ast.Identifier) -> str:
    return ".".join((*identifier.namespace, identifier.name))
