"""The values that a row can send whatever a record says, and who gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sync.live.findings import Finding, Severity
from sync.live.flow import LiveFlow, PlacedRow
from sync.mapping.row_schema import Otherwise, Row
from sync.mapping.settings import app_setting
from sync.mapping.values import ValueMap, key_text
from sync.mapping.words import FromSetting, Value
from sync.model import Scalar, System


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known before any record is read. `place` is the setting or the value map that has it, "" for the
    row itself; `remedy` says how to change it."""

    value: Value
    place: str = ""
    remedy: str = "Change the row"


def known_values(flow: LiveFlow, placed: PlacedRow) -> Iterator[Known]:
    """Constants, settings, defaults, and what a value map of pairs leads to; each in the form in which it is sent."""
    row, side = placed.row, placed.side
    if row.constant is not None:
        yield Known(row.constant)
        return
    given: list[Value | FromSetting | None] = [FromSetting(setting=row.setting) if row.setting else None, row.default]
    table = side.values_of(row)
    if table is not None:
        if isinstance(row.otherwise, Otherwise):
            given.append(FromSetting(setting=row.otherwise.setting) if row.otherwise.setting else row.otherwise.value)
        place = map_place(flow, row)
        for value in pairs(table, side.source).values():
            yield Known(_transformed(placed, value), place, "Change the pair in the value map")
    for each in given:
        found = side.settings.value(each)
        if found is not None and isinstance(each, FromSetting):
            remedy = f"Change {app_setting(each.setting)}"
            yield Known(_transformed(placed, _mapped(placed, found)), setting_place(each.setting), remedy)
        elif found is not None:
            yield Known(_transformed(placed, _mapped(placed, found)))


def told(flow: LiveFlow, severity: Severity, placed: PlacedRow, known: Known, what: str, remedy: str) -> Finding:
    """A finding about a known value, at the place where it is to be changed."""
    if known.place:
        return flow.elsewhere(severity, known.place, what, remedy)
    return flow.found(severity, placed.path, what, remedy)


def pairs(table: ValueMap, source: System) -> dict[str, Value]:
    """The pairs of a value map in the direction from `source`: the texts that are looked up, and what they lead to.

    Tables of names, such as those of countries, are no pairs.
    """
    content = table.content if isinstance(table.content, dict) else {}
    written: dict[str, Value] = content.get("pairs", {})
    if table.left == source:
        return dict(written)
    return {key_text(value): back for value in written.values() if (back := table.back(value)) is not None}


def setting_place(setting: str) -> str:
    """How a setting is named as the place of a problem."""
    return f"setting {setting} ({app_setting(setting)})"


def map_place(flow: LiveFlow, row: Row) -> str:
    """The file of a row's value map, "" when the row spells its pairs out."""
    folder = flow.loaded.document.file.rpartition("/")[0]
    return f"{folder}/values/{row.values}.yaml" if isinstance(row.values, str) else ""


def _mapped(placed: PlacedRow, value: Value) -> Value:
    """A value map applies to defaults, too."""
    table = placed.side.values_of(placed.row)
    if table is None or table.grouped:
        return value
    found = table.find(value) if table.left == placed.side.source else table.back(value)
    return value if found is None else found


def _transformed(placed: PlacedRow, value: Value) -> Value:
    """What the row's functions make of it; companies are in lower case, say."""
    made: Scalar | None = value
    for name in placed.row.transform or ():
        try:
            made = placed.side.transforms.of_one[name](made)
        except Exception:  # a user's function; the record's own run tells what it did wrong
            return value
    return value if made is None else made
