"""What a mapping file may say about the lines of documents."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from sync.mapping.row_schema import Block, Row
from sync.mapping.words import Code, Column, Listed, Many, Name, OnlyIf, Part, SettingName, Value


def _kind(value: Any) -> str:
    return "<block>" if isinstance(value, Block) or (isinstance(value, dict) and "block" in value) else "<row>"


type Entry = Annotated[Annotated[Row, Tag("<row>")] | Annotated[Block, Tag("<block>")], Discriminator(_kind)]


class SalesLines(Part):
    """The Dataverse table of the lines."""

    table: Column
    """The entity set, e.g. quotedetails."""
    id: Column
    """The primary key column."""
    parent: Column
    """The lookup column with the document, e.g. quoteid."""
    sequence: Column | None = None
    """The column with the line's place in its document; its number in F&O, where that is free."""
    order: Listed[Column] = ()
    """By what lines of one place, or of none, are put in order; then by id. Blanks come last."""


class FinopsLines(Part):
    """The F&O data entity of the lines."""

    entity: Column
    """The public collection name, e.g. CDSSalesQuotationLines."""
    key: Many[Column]
    """The key properties, in the order of the metadata: the number, and the properties of the document's key."""
    number: Column
    """The key property with the line's number."""


class LineTest(Part):
    """A line that does not pass keeps its document from being sent; all lines that fail the same test are named."""

    sales: Column
    """The Sales column that is tested."""
    lookup: bool = False
    """The column is a lookup; `filled` is all that can be asked of it."""
    is_: Value | Many[Value | None] | None = Field(default=None, alias="is")
    """The value that passes, or a list of them; null is blank."""
    filled: bool = False
    """Any value passes, a blank does not."""
    else_: Code = Field(alias="else")
    """The reason code of the document."""
    title: str
    """What is wrong with such a line, in words that follow "the line ..."."""
    last: bool = False
    """The test is made when all rows have found what they need."""
    only_if: OnlyIf | None = None
    """The test is made only under this condition, or these conditions."""


class LineAmount(Part):
    """An amount that F&O computes, compared with that of Sales when a line was written."""

    finops: Column
    """The property, e.g. LineAmount."""
    sales: Column
    """The Sales column with the amount."""
    less: Column | None = None
    """A Sales column that is taken away from it, e.g. tax."""
    places: Name
    """The name under which a row remembers the currency's decimals: one unit of the last place may be missing."""
    warning: Code
    """The warning when the two differ by more."""


class DocumentLines(Part):
    """The lines of a document: written with it, all of it or nothing (flows to F&O)."""

    sales: SalesLines
    """The Sales side."""
    finops: FinopsLines
    """The F&O side."""
    another: Many[Column]
    """Target columns: a line with other values there is another line, with another number."""
    alike: Listed[Column] = ()
    """Target columns by which, with `another`, lines are known again whose ids and places are new."""
    remove: SettingName | None = None
    """A setting: "false" leaves the rows of lines that are gone. Without it they are deleted."""
    amount: LineAmount | None = None
    """What F&O must come to."""
    only: Listed[LineTest] = ()
    """What a line must pass; the first test that a line fails gives the reason."""
    fields: Many[Entry]
    """The rows. `same_as: header.<column>` takes the document's value."""
