"""What the keys of one row must be to each other."""

from __future__ import annotations

from collections.abc import Iterator

from sync.mapping.around import Place
from sync.mapping.findcheck import check_finding
from sync.mapping.problems import did_you_mean
from sync.mapping.schema import Block, MappingFile, Otherwise, Row
from sync.mapping.sourcecheck import Finding, check_source
from sync.mapping.text import width
from sync.mapping.transforms import Transforms


def check_row(place: Place, file: MappingFile, transforms: Transforms) -> Iterator[Finding]:
    """All problems of a row by itself."""
    row = place.row
    yield from check_source(row, file, place.step)
    yield from check_finding(row, file)
    yield from _functions(row, transforms)
    yield from _blanks(row)
    yield from _value_map(row, place.block)
    yield from _length(row)
    yield from _numbers(row)
    yield from _key(row, file)


def _functions(row: Row, transforms: Transforms) -> Iterator[Finding]:
    for index, name in enumerate(row.transform or ()):
        if name not in transforms.of_one:
            remedy = did_you_mean(name, transforms.of_one, "function") + " Add it to transforms.py."
            yield ("transform", index), f'there is no function "{name}"', remedy
    if row.combine is not None and row.combine not in transforms.of_many:
        remedy = did_you_mean(row.combine, transforms.of_many, "function") + " Add it to transforms.py."
        yield ("combine",), f'there is no function "{row.combine}"', remedy


def _blanks(row: Row) -> Iterator[Finding]:
    if row.only_on_create and row.when == "update":
        yield ("when",), "the row is sent on create only, and on update", "Keep one of the two."
    if row.clear_when_empty is not None and row.clear_when_empty is not False:
        if row.default is not None:
            yield ("clear_when_empty",), "a row with a default is never blank", "Take clear_when_empty away."
        elif row.only_on_create or row.when == "create":
            yield ("clear_when_empty",), "no update sends this row", "Take clear_when_empty away."
    if row.clear_when_empty is True:
        yield ("clear_when_empty",), "true is no value to send", 'Write what an update sends, such as "" or 0.'


def _value_map(row: Row, block: Block | None) -> Iterator[Finding]:
    if row.values is None:
        for key in ("otherwise", "within"):
            if getattr(row, key) is not None:
                yield (key,), f"{key} needs a value map", "Add values:, or take it away."
    leaves_out = row.block_required is not None
    if isinstance(row.otherwise, Otherwise):
        rules = (row.otherwise.setting, row.otherwise.value, row.otherwise.leave_out_block, row.otherwise.park)
        if sum(rule is not None for rule in rules) != 1:
            yield ("otherwise",), "otherwise needs one rule", "Write setting, value, leave_out_block or park."
        leaves_out = leaves_out or row.otherwise.leave_out_block is not None
    if leaves_out and block is None:
        yield (), f"the row {row.id} leaves out a block but stands in none", "Move it into a block."
    if row.within is not None and block is not None:
        others = {other.finops for other in block.rows if other is not row} - {None}
        if row.within not in others:
            remedy = did_you_mean(row.within, (str(name) for name in others), "row")
            yield ("within",), f"the block {block.block} has no row for {row.within}", remedy
        elif any(other.finops == row.within and other.within for other in block.rows):
            yield ("within",), f"{row.within} is itself looked up within another", "One step is possible."
    elif row.within is not None:
        yield ("within",), "within needs a block", "Put both rows into one block."


def _length(row: Row) -> Iterator[Finding]:
    if row.max is None:
        if row.fit is not None:
            yield ("fit",), "fit needs a length", "Add max: and the longest text the target takes."
    elif isinstance(row.constant, str) and width(row.constant) > row.max:
        yield ("constant",), f"the constant is longer than {row.max}", "Shorten it."
    if row.fit == "omit" and row.required is not None:
        yield ("fit",), "a value that is required cannot be left out", "Write fit: refuse, or take required away."


def _numbers(row: Row) -> Iterator[Finding]:
    for key in ("least", "most"):
        if getattr(row, key) is not None and row.type not in ("whole", "decimal"):
            yield (key,), f"{key} is for numbers", "Add type: whole or type: decimal."
    if row.least is not None and row.most is not None and row.least > row.most:
        yield ("most",), "most is below least", "Exchange the two."
    if row.prefix is not None and row.type != "text":
        yield ("prefix",), "a prefix makes a text", "Take type away."


def _key(row: Row, file: MappingFile) -> Iterator[Finding]:
    is_key = any(row.finops in entity.key for entity in (file.finops, *file.finops_instead))
    for key in ("unsafe", "warn_if_changed"):
        if getattr(row, key) is not None and not is_key:
            yield (key,), f"{key} is for key properties", f"Take it away; the key is {', '.join(file.finops.key)}."
    if row.unsafe_unless is not None and row.unsafe is None:
        yield ("unsafe_unless",), "unsafe_unless needs unsafe", "Add unsafe: refuse."
