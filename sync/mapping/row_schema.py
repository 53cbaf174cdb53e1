"""What a row of a mapping file may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sync.mapping.words import (
    Code,
    Column,
    FromDay,
    FromRow,
    FromSetting,
    Known,
    Listed,
    Many,
    Name,
    OnlyIf,
    Part,
    SettingName,
    Source,
    Value,
)


class Otherwise(Part):
    """What becomes of a value that the value map lacks; exactly one of these."""

    setting: SettingName | None = None
    """It becomes the value of this setting."""
    value: Value | None = None
    """It becomes this value, with a warning (see `warn`)."""
    leave_out_block: Code | None = None
    """The whole address block is left out, with this warning."""
    park: Code | None = None
    """The record is parked with this code, and tried again when reference data may have been mended."""


class Lookup(Part):
    """Takes a value from reference data of the source system, by its key."""

    set: Column
    """The entity set, e.g. transactioncurrencies."""
    key: Column
    """Its key column, which the row's column refers to."""
    give: Column
    """The column whose value is taken."""
    of: Column | None = None
    """Which of several columns is looked up; `combine` is given what is found in its place."""


class Exists(Part):
    """Demands that the value exists in reference data of the target system; it is sent as spelled there."""

    set: Column
    """The entity set, e.g. Currencies."""
    column: Column
    """The column that must hold the value; case is ignored."""
    code: Code
    """The reason code with which a record is parked whose value does not exist."""
    by_company: bool = False
    """Whether the set differs from company to company."""


class Reference(Part):
    """Takes a value from the link of a record that another file maps; the row's Sales column holds that record's id."""

    mapping: Name | dict[Name, Name]
    """The other file, e.g. accounts; for a lookup of several tables the file of each, by the table's logical name."""
    give: Column
    """The value: one that the other file `gives`, or a part of its target key."""
    waiting: Code | None = None
    """The record waits with this code until the other one is linked."""
    optional: bool = False
    """It does not wait: the value is blank, and the record is taken up once more when the other one is linked."""
    decides: bool = False
    """How the record is created depends on the other one's link: it is looked at once more right before the create."""
    by_target: Column | None = None
    """The row's column holds the key of the row that the other file's record has become, e.g. of a product that was
    made in Sales; this is the key column of that row."""
    same_company: Code | None = None
    """The code with which the record is parked when the other one is linked in another company."""

    @property
    def by_table(self) -> dict[str, str]:
        """The files by table; the only one under ""."""
        return {"": self.mapping} if isinstance(self.mapping, str) else dict(self.mapping)


class Resolve(Part):
    """Finds the row of the target's reference data that the record shall refer to, and gives its key.

    Several that fit: the first by name, case ignored, the key breaking ties. A lookup column of Sales is bound to it.
    """

    set: Column
    """The entity set, e.g. uoms."""
    give: Column
    """Its key column."""
    by: Column | None = None
    """The column that must have the value (compared by letters and digits). Without it the row needs no source."""
    within: dict[Column, Known] = Field(default_factory=dict)
    """Columns of the set and the target columns of this record that they must equal; those stand before this row."""
    where: dict[Column, Value] = Field(default_factory=dict)
    """Columns of the set and the values that they must have."""
    valid: Many[Column] | None = None
    """The two columns with the first and the last day: today must lie between them, blank is open."""
    name: Column | None = None
    """Where there is no `by`: the column with the name, by which one of several rows is chosen."""
    named: FromSetting | None = None
    """The name that is taken if it is among them."""
    code: Code | None = None
    """When there is none, the record is parked with this code, and tried again."""
    waiting: Code | None = None
    """When there is none, the record waits with this code."""


class Row(Part):
    """One pair of columns, or a value for one column.

    A row of which a system lacks a column is off, and so are the rows that build on it. A row that says what a blank
    becomes (`default`, `required` or `block_required`) stays on when it is a source column that is lacking, and takes
    it as blank for every record. `status`, `issues` and `check --live` tell all of them; they are on again within an
    hour after the column is there.
    """

    id: str
    """The row's id, unique in the file: problems, `status` and `check --live` name the row by it."""
    sales: Source | Many[Source] | FromSetting | None = None
    """The Sales column, a lookup without its `_..._value`, or `<lookup>@name`, the name of the row that it leads to;
    several source columns need `join` or `combine`. A source column may be named by a setting."""
    finops: Column | Many[Column] | None = None
    """The F&O property; several, in flows to Sales, need `join` or `combine`."""
    remember: Name | None = None
    """Instead of a target column: the value is not sent, other rows take it by this name."""
    constant: Value | None = None
    """A fixed value, instead of a source column."""
    setting: SettingName | None = None
    """A value fixed for each installation, instead of a source column."""
    same_as: Known | None = None
    """The value that another row gave, instead of a source column: its target column, <step>.<column>, or, in the lines
    of a document, header.<column>."""
    parent: bool = False
    """The record itself, instead of a source column: for rows of a child table."""
    type: Literal["text", "whole", "decimal", "yes_no", "date"] = "text"
    """What the target takes. Text is cleaned; `yes_no` turns true and false into Yes and No and back; of a date only
    the day counts, sent as noon UTC."""
    join: str | None = None
    """Joins the non-blank columns with this text between them."""
    combine: str | None = None
    """Makes one value of several columns by a named function."""
    lookup: Lookup | None = None
    """Takes the value from reference data of the source."""
    reference: Reference | None = None
    """Takes the value from the link of another file's record."""
    values: Name | dict[str, Value] | None = None
    """A value map by name, or its pairs: Sales on the left, F&O on the right. "" on the left is blank."""
    within: Column | None = None
    """For a value map by groups: the target column of the same record whose value names the group."""
    unless_clear: Known | None = None
    """A value map that is read backwards may leave open which of several values is meant: the one that another row gave
    is taken, if it is one of them."""
    not_clear: Code | None = None
    """The code with which a record is parked where it is not."""
    otherwise: Value | Otherwise | None = None
    """What a value becomes that the value map lacks: `keep`, `omit` (left out with a warning), `block` (parked as
    value-not-mapped, the initial rule), `blank`, or another value."""
    default: Value | FromSetting | None = None
    """What a blank becomes; a value map applies to it too."""
    or_else: Listed[FromRow | FromDay] = ()
    """Where a blank that has no `default` is filled from: the first that is not blank."""
    transform: Many[str] | None = None
    """Named functions that change the value, in this order."""
    prefix: str | None = None
    """Stands before every value that is not blank."""
    least: int | None = None
    """A smaller number becomes this one."""
    most: int | None = None
    """A greater number becomes this one."""
    required: Code | None = None
    """A record whose value is blank is parked with this code."""
    block_required: Code | None = None
    """The address block is left out with this warning when the value is blank."""
    exists: Exists | None = None
    """The value must exist in the target system."""
    resolve: Resolve | None = None
    """The value is the key of a row of the target's reference data."""
    own: bool = False
    """A record that exists in the target keeps the value it has there; a later row's `within` means that value, too."""
    fixed: Code | None = None
    """A linked record whose value (of a reference: whose referenced record) is no longer the same is parked with this
    code."""
    bind_as: Column | None = None
    """The navigation property under which a lookup is written; initially the column."""
    max: Annotated[int, Field(gt=0)] | None = None
    """The longest text the target takes, in UTF-16 code units."""
    fit: Literal["cut", "omit", "refuse"] | None = None
    """What happens to a longer text: cut, left out, or the record parked. Initially keys are refused, looked-up and
    mapped values left out, other texts cut."""
    too_long: Code = "number-too-long"
    """The code with which `fit: refuse` parks the record."""
    warn: Code | Literal[False] | None = None
    """The warning when a value is cut or left out, instead of truncated, too-long or not-mapped with the property's
    name; false for none."""
    multiline: bool = False
    """Line feeds in the text are kept."""
    unsafe: Literal["refuse"] | None = None
    """A number that cannot stand in the address of a row (with / # ? % & or the like) is parked as `unsafe-number`."""
    unsafe_unless: OnlyIf | None = None
    """Under this condition such a number is sent all the same."""
    when: Literal["create", "update", "both"] = "both"
    """Whether the value is sent on create, on update, or on both."""
    only_on_create: bool = False
    """The same as `when: create`."""
    clear_when_empty: Value | None = None
    """What an update of F&O sends when the value became blank; initially "" for a text and 0 for a number (Sales takes
    null). false: nothing. Nothing is sent either for rows with a default and for rows sent on create only."""
    match: Annotated[int, Field(gt=0)] | None = None
    """Flows to Sales: records without a link are looked for by this column; of several, in this order. Flows to F&O
    look for the key by itself."""
    warn_if_changed: Code | None = None
    """The warning when the value of a key column no longer is the one under which the record is linked."""
    direction: Literal["to_finops", "to_sales", "both"] = "both"
    """The only direction the row is for."""
    only_if: OnlyIf | None = None
    """The row holds only under this condition, or these conditions."""
    enabled: bool = True
    """false switches the row off."""


class Block(Part):
    """An address: its rows are sent together or not at all, since F&O makes a new address of what it is sent."""

    block: Name
    """Its name."""
    sent_when: Many[Column]
    """The block is sent when one of these target columns has a value."""
    unless: Column | None = None
    """A yes/no column of Sales: the block is not sent when it is true."""
    unless_same: Listed[Column] = ()
    """Columns of Sales, in the lines of a document: the block is not sent when all say what the document's say."""
    rows: Many[Row]
    """Its rows."""
