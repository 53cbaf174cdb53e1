"""`GET accounts?sql=SELECT ...` (wire.md 5.1): a simple SELECT over the table of the address, as query options.

Known are TOP, columns or `*`, WHERE with comparisons, AND, OR, NOT, IS NULL, IN, LIKE with `%` at the ends, and ORDER
BY. Everything else (joins, functions, aliases, a second table) is refused; the documentation names no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from local.simulators.dataverse import errors
from local.simulators.dataverse.schema import Table

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\[?[A-Za-z_]\w*\]?|-?\d+(?:\.\d+)?|<>|!=|<=|>=|[=<>(),*]|\S)")
_COMPARISONS = {"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_WORDS = frozenset({"select", "top", "from", "where", "order", "by", "and", "or", "not", "is", "null", "in", "like",
                    "asc", "desc"})  # fmt: skip
_DEEPEST = 50


def query_options(table: Table, text: str) -> Mapping[str, str]:
    """The `$select`, `$filter`, `$orderby` and `$top` that a SELECT means. Raises `errors.Refusal`."""
    return _Select(table, _TOKEN.findall(text)).read()


class _Select:
    """Reads the tokens of a SELECT from the first to the last."""

    def __init__(self, table: Table, tokens: list[str]) -> None:
        self._table = table
        self._tokens = tokens
        self._at = 0

    def read(self) -> Mapping[str, str]:
        options: dict[str, str] = {}
        self._expect("select")
        if self._take("top"):
            options["$top"] = self._next()
        if not self._take("*"):
            options["$select"] = ",".join(self._columns())
        self._expect("from")
        name = self._name()
        if name != self._table.logical:
            raise errors.bad_argument(f"The table '{name}' of the SELECT is not '{self._table.logical}'.")
        if self._take("where"):
            options["$filter"] = self._either(0)
        if self._take("order"):
            self._expect("by")
            options["$orderby"] = ",".join(self._orders())
        if self._at < len(self._tokens):
            raise self._problem()
        return options

    def _columns(self) -> list[str]:
        found = [self._column()]
        while self._take(","):
            found.append(self._column())
        return found

    def _orders(self) -> list[str]:
        found: list[str] = []
        while not found or self._take(","):
            column = self._column()
            found.append(f"{column} desc" if self._take("desc") else column)
            self._take("asc")
        return found

    def _either(self, depth: int) -> str:
        parts = [self._all(depth)]
        while self._take("or"):
            parts.append(self._all(depth))
        return " or ".join(parts)

    def _all(self, depth: int) -> str:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return " and ".join(parts)

    def _one(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise errors.bad_argument(f"The WHERE is nested deeper than {_DEEPEST} levels.")
        if self._take("not"):
            return f"not ({self._one(depth + 1)})"
        if self._take("("):
            inner = self._either(depth + 1)
            self._expect(")")
            return f"({inner})"
        return self._comparison(self._column())

    def _comparison(self, column: str) -> str:
        if self._take("is"):
            verb = "ne" if self._take("not") else "eq"
            self._expect("null")
            return f"{column} {verb} null"
        if self._take("not"):
            return f"not ({self._listed(column)})"
        verb = _COMPARISONS.get(self._peek(), "")
        if not verb:
            return self._listed(column)
        self._at += 1
        return f"{column} {verb} {self._value(column)}"

    def _listed(self, column: str) -> str:
        if self._take("like"):
            return self._like(column)
        self._expect("in")
        self._expect("(")
        values = [self._value(column)]
        while self._take(","):
            values.append(self._value(column))
        self._expect(")")
        return "(" + " or ".join(f"{column} eq {value}" for value in values) + ")"

    def _like(self, column: str) -> str:
        pattern = self._value(column)
        bare = pattern[1:-1]
        inner = bare.strip("%")
        if not pattern.startswith("'") or "%" in inner or "_" in inner:
            raise self._problem()
        functions = {(True, True): "contains", (True, False): "endswith", (False, True): "startswith"}
        function = functions.get((bare.startswith("%"), bare.endswith("%")))
        return f"{function}({column},'{inner}')" if function else f"{column} eq '{inner}'"

    def _value(self, column: str) -> str:
        token = self._next()
        quoted = token.startswith("'")
        if not quoted and not token.lstrip("-")[:1].isdigit():
            raise self._problem()
        edm = self._table.edm[column]
        if edm == "Edm.Boolean":
            return {"1": "true", "0": "false"}.get(token.strip("'"), token)
        return token[1:-1] if quoted and edm != "Edm.String" else token

    def _column(self) -> str:
        name = self._name()
        for column in (name, f"_{name}_value"):
            if column in self._table.columns:
                return column
        raise errors.no_such_property(name, self._table.logical)

    def _name(self) -> str:
        token = self._next()
        name = token.strip("[]")
        if not name.isidentifier() or token.lower() in _WORDS:
            raise self._problem()
        return name

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise self._problem()
        self._at += 1
        return token

    def _take(self, word: str) -> bool:
        if self._peek().lower() != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._problem()

    def _problem(self) -> errors.Refusal:
        where = f"near '{self._peek()[:40]}'" if self._peek() else "at its end"
        return errors.bad_argument(f"The SELECT cannot be read or is not supported {where}.")
