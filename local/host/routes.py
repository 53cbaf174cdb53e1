"""Routes of HTTP functions: `items/{id:int}`, `{part?}`, `{*rest}` (functions-host.md 3)."""

from __future__ import annotations

import re
from urllib.parse import unquote

_CONSTRAINTS = {
    "int": r"-?[0-9]+",
    "long": r"-?[0-9]+",
    "guid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "alpha": r"[a-zA-Z]+",
    "bool": r"(?i:true|false)",
}
_PARAMETER = re.compile(r"\{(?P<star>\*{0,2})(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<kind>[a-z]+))?(?P<optional>\??)\}")
_RESERVED = ("admin", "runtime")


class RouteError(ValueError):
    """A route that cannot be served; the text says why."""


class Route:
    """One route, compiled. `order` sorts routes so that the most specific is asked first."""

    def __init__(self, template: str, prefix: str) -> None:
        """Raises RouteError for a reserved start or a parameter that is not understood."""
        template = template.strip("/")
        if template.split("/")[0].lower() in _RESERVED:
            raise RouteError(
                f"the route `{template}` starts with a name that belongs to the host ({', '.join(_RESERVED)})"
            )
        self.path = "/".join(part for part in (prefix, template) if part)
        pattern, order = "", []
        for segment in self.path.split("/"):
            text, rank = _segment(segment, template)
            pattern += text
            order.append(rank)
        self.order = tuple(order)
        self._pattern = re.compile(pattern, re.IGNORECASE)

    def match(self, raw_path: str) -> dict[str, str] | None:
        """The route's values if it matches a path as sent (percent-encoded), else None.

        Literals match whatever their case; an optional part that is absent has no value.
        """
        found = self._pattern.fullmatch("/" + raw_path.strip("/") if raw_path.strip("/") else "")
        if found is None:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value is not None}


def _segment(segment: str, template: str) -> tuple[str, int]:
    """The pattern of one segment and its rank: literal 0, mixed 1, constrained 2, parameter 3, catch-all 4."""
    whole = _PARAMETER.fullmatch(segment)
    if whole and whole["star"]:
        return rf"(?:/(?P<{whole['name']}>.*))?", 4
    if whole:
        part = rf"/(?P<{whole['name']}>{_constraint(whole['kind'], template)})"
        return (f"(?:{part})?" if whole["optional"] else part), 2 if whole["kind"] else 3
    pattern, position, rank = "/", 0, 0
    for match in _PARAMETER.finditer(segment):
        if match["star"] or match["optional"]:
            raise RouteError(f"the route `{template}`: `{match[0]}` must be a segment of its own")
        pattern += re.escape(segment[position : match.start()])
        pattern += rf"(?P<{match['name']}>{_constraint(match['kind'], template)})"
        position, rank = match.end(), 1
    rest = segment[position:]
    if "{" in rest or "}" in rest:
        raise RouteError(f"the route `{template}`: `{segment}` is not understood")
    return pattern + re.escape(rest), rank


def _constraint(kind: str | None, template: str) -> str:
    if kind is None:
        return "[^/]+"
    if kind not in _CONSTRAINTS:
        raise RouteError(
            f"the route `{template}`: the constraint `{kind}` is not offered; use {', '.join(_CONSTRAINTS)}"
        )
    return _CONSTRAINTS[kind]
