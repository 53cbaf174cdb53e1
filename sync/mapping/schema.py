"""What a mapping file may say, as strict and frozen models; every key is described here and in `row_schema`.

The descriptions become the JSON Schema that editors use and the tables of docs/reference/mapping-language.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sync.mapping.example_schema import Defaults, Example
from sync.mapping.lines_schema import DocumentLines, Entry, FinopsLines, LineAmount, LineTest, SalesLines
from sync.mapping.row_schema import Block, Exists, Lookup, Otherwise, Reference, Resolve, Row
from sync.mapping.words import (
    Code,
    Column,
    Condition,
    FromSetting,
    Listed,
    Many,
    Name,
    OnlyIf,
    Part,
    SettingName,
    Value,
)

__all__ = [
    "AdoptTest",
    "Allocate",
    "AlsoMatch",
    "Block",
    "Condition",
    "Deactivation",
    "DocumentLines",
    "Entry",
    "Exists",
    "Filter",
    "FinopsAlternative",
    "FinopsEntity",
    "FinopsLines",
    "FromSetting",
    "LineAmount",
    "LineTest",
    "Lookup",
    "MappingFile",
    "Otherwise",
    "Reference",
    "Referring",
    "Resolve",
    "Revisions",
    "Row",
    "SalesLines",
    "SalesTable",
    "Setting",
    "Step",
    "TriggerRows",
]


class SalesTable(Part):
    """The Dataverse table."""

    table: Column
    """The entity set, e.g. accounts."""
    id: Column
    """The primary key column."""
    number: Column | None = None
    """The column with the number people know a record by."""
    modified_on: Column = "modifiedon"
    """The column with the time of the last change; what changes during a full read is found by it."""
    feed: Literal["delta"] = "delta"
    """How changes are found: by change tracking, which must be switched on for the table."""


class FinopsEntity(Part):
    """The F&O data entity."""

    entity: Column
    """The public collection name, e.g. CustomersV3."""
    key: Many[Column]
    """The key properties, in the order of the metadata; the company first."""
    enums: Listed[Column] = ()
    """The key properties that are enums: the address of a row names them in another way than texts."""
    number: Column | None = None
    """The property with the number people know a record by, where the Sales table has no column for it. In flows to
    F&O it is part of the key."""
    feed: Literal["snapshot"] = "snapshot"
    """How changes are found: F&O shows no time of change, so all rows are read and compared."""
    company: FromSetting | None = None
    """The one company that is read (flows to Sales)."""
    when_refused: str | None = None
    """What people are told besides when F&O refuses a new record, about how it must be set up: whole sentences."""


class FinopsAlternative(FinopsEntity):
    """Another data entity, in place of the first one."""

    only_if: OnlyIf
    """When it is used."""


class Referring(Part):
    """Rows of another Sales table that refer to the record."""

    table: Column
    """The entity set, e.g. quotes."""
    column: Column
    """Its lookup column."""
    where: dict[Column, Many[int]] | None = None
    """One column, and the values that such a row must have there."""
    where_not: dict[Column, Many[int]] | None = None
    """One column, and the values that such a row must not have there."""


class Filter(Part):
    """Lets a source record through, or skips it; tests one thing."""

    sales: Column | None = None
    """The Sales column that is tested (flows to F&O)."""
    finops: Column | None = None
    """The F&O property that is tested (flows to Sales)."""
    is_: Value | Many[Value | None] | None = Field(default=None, alias="is")
    """The value that passes, or a list of them; null is blank. For `referred_by` and `link_of` true (initially) or
    false."""
    table: Name | None = None
    """The Sales column is a lookup that must point to this table (its logical name, e.g. account)."""
    referred_by: Many[Referring] | None = None
    """Tests whether rows of other Sales tables refer to the record: one of these is enough."""
    link_of: Name | None = None
    """Tests whether another file has linked the same record."""
    else_: Code = Field(alias="else")
    """The reason code of the records that do not pass."""
    linked: Literal["refuse", "pass", "warn"] = "refuse"
    """What the filter means for a linked record: it is refused, too; it passes; or it goes on with the code as a
    warning."""
    replaced_by: Column | None = None
    """The Sales lookup that holds which record has taken the place of one that is refused, such as `masterid` of an
    account that was merged into another one. What people read about it, and about records that wait for it, names that
    record."""
    warns: bool = False
    """It refuses no record: the code is a warning."""
    only_if: OnlyIf | None = None
    """The filter holds only under this condition, or these conditions."""


class AdoptTest(Part):
    """Must hold before an existing target record is adopted; the first that fails decides."""

    finops: Column | None = None
    """The property of the existing record (flows to F&O)."""
    sales: Column | None = None
    """The column of the existing record (flows to Sales)."""
    is_: Value | Many[Value] | None = Field(default=None, alias="is")
    """The value it must have, or a list of them; case is ignored."""
    same: bool = False
    """It must equal the mapped value; case is ignored."""
    same_text: bool = False
    """It must equal the mapped value as far as the row's max keeps it; case is ignored."""
    same_name: bool = False
    """The same in letters and digits alone."""
    never: bool = False
    """It never holds: no existing record is adopted."""
    always: bool = False
    """The row of a linked record must pass, too, before it is written to."""
    else_: Code = Field(alias="else")
    """The reason code when it does not hold."""
    title: str | None = None
    """What is wrong with the existing record then, in a few words, such as `it is a bundle`."""
    remedy: str | None = None
    """What people are told to do about it: whole sentences."""
    only_if: OnlyIf | None = None
    """The test is made only under this condition, or these conditions."""


class AlsoMatch(Part):
    """A further search for a record that was not found by its key, in the same company. Of several rows that are found
    none is taken: the record is parked as `ambiguous-match`."""

    by: Annotated[dict[Column, Column], Field(min_length=1)]
    """Target columns, and the mapped columns whose values they must have."""
    only_if: OnlyIf | None = None
    """The search is made only under this condition, or these conditions."""


class Allocate(Part):
    """Gives a number to a Sales record that has none, and writes it there before the record goes on.

    ACC-01000-BVRCPS is the prefix `ACC-`, the count 1000 in five digits, and six characters made of the record's id.
    """

    only_if: OnlyIf
    """When numbers are given."""
    prefix: str
    """What every number begins with."""
    first: int = 1000
    """The first count."""
    digits: int = 5
    """The count has at least so many digits."""
    suffix: int = 6
    """How many characters are derived from the record's id."""


class Deactivation(Part):
    """What is written to the target when a source record is deactivated, or has left the source."""

    id: str
    """Its id, as rows have one."""
    reason: Code | None = None
    """The filter code that tells that a record is deactivated; without it only a record that is gone is meant."""
    only_if: OnlyIf | None = None
    """When anything is written at all; always, if it is not said."""
    hold: dict[Column, Value]
    """What is written on deactivation."""
    release: dict[Column, Value] = Field(default_factory=dict)
    """What is written on reactivation, if the app had written `hold` over nothing that a person had set."""
    gone: Code | None = None
    """The warning when a linked record has left the source, whatever `only_if` says."""
    when_gone: bool = False
    """`hold` is written then, too."""


class Revisions(Part):
    """Several source records with one number, of which the one with the highest revision counts (flows to F&O)."""

    sales: Column
    """The column with the revision, a whole number."""
    older: Code
    """The reason code of a record whose revision is not above that of the one that is linked."""


class TriggerRows(Part):
    """Rows of another tracked Sales table: a change of one is a change of the record that it refers to."""

    table: Column
    """The entity set, e.g. quotes."""
    id: Column
    """Its primary key column."""
    column: Column
    """Its lookup column that holds the record."""
    only_if: OnlyIf | None = None
    """They are read only under this condition, or these conditions."""


class Setting(Part):
    """A setting that the file's rows read."""

    name: SettingName
    """Lower case with dots; as an app setting in capitals with two underscores for a dot."""
    title: str
    """What it decides, in a few words."""
    default: str = ""
    """Its initial value."""
    same_as: SettingName | None = None
    """Without a value of its own it has that of this other setting."""
    allowed: Many[str] | None = None
    """The only values it may have; case is ignored."""
    values: Name | None = None
    """A value map that must know the value."""
    takes: Literal["day", "time_zone"] | None = None
    """What the value must be: a day (today, today+5d, 2026-05-01), or the name of a time zone."""
    required: bool = False
    """The flow stops when it has no value."""


class Step(Part):
    """One more write to Sales behind the record's own, in the order of the file. One that must wait, or is refused,
    keeps those behind it back, and what is written already stays; a new record is not begun before each can be done."""

    step: Name
    """Its name."""
    table: Column | None = None
    """The child table that is written, e.g. productpricelevels; without it the record itself."""
    id: Column | None = None
    """The child table's primary key column."""
    match: Many[Column] | None = None
    """The columns by which the child row is looked for."""
    replaced: Code | None = None
    """The warning when the child row is another one than before; the old one stays."""
    keep: bool = False
    """Columns that somebody else has filled are left alone."""
    only_when: dict[Column, Value | Many[Value | None]] = Field(default_factory=dict)
    """Columns of the record's own row, and the values that they must have for the step to be done."""
    refused: Code = "target-refused"
    """The code when Sales refuses the write."""
    only_if: OnlyIf | None = None
    """The step is done only under this condition, or these conditions."""
    fields: Many[Row]
    """Its rows."""


class MappingFile(Part):
    """One pair of tables."""

    entity: Name
    """What a record is called, in the singular."""
    title: str
    """What people call the flow."""
    sales: SalesTable
    """The Sales side."""
    finops: FinopsEntity
    """The F&O side."""
    finops_instead: Listed[FinopsAlternative] = ()
    """Other F&O sides; the first whose condition holds replaces `finops`."""
    direction: Literal["to_finops", "to_sales", "both"]
    """Which way data flows; `both` makes two flows."""
    settings: Listed[Setting] = ()
    """Settings of this file; those that several files read stand in settings.yaml."""
    only: Listed[Filter] = ()
    """Filters; the first that refuses gives the reason."""
    duplicates: Code | None = None
    """No two records of a company that pass the filters may have one number: the code with which they are parked."""
    allocate: Allocate | None = None
    """Gives numbers to records without one."""
    adopt: Listed[AdoptTest] = ()
    """What must hold before an existing target record is adopted."""
    also_match: Listed[AlsoMatch] = ()
    """How else a record is looked for that is not found by its key, in this order."""
    recover_by: Listed[Column] = ()
    """Target columns that together tell whose row it is, for an F&O that may give new rows numbers of its own. When a
    create was sent and the app was stopped before it knew the number, its row is found by them, and not made twice."""
    gives: Listed[Column] = ()
    """Target columns whose values are kept for `reference` rows of other files."""
    gives_source: Listed[Column] = ()
    """Source columns whose values other flows take from the link."""
    revisions: Revisions | None = None
    """A record takes over the link of an earlier revision of itself."""
    triggers: Listed[TriggerRows] = ()
    """Other tables whose changes concern this file's records."""
    on_deactivate: Deactivation | None = None
    """What is written when a source record is deactivated."""
    fields: Many[Entry]
    """The rows."""
    steps: Listed[Step] = ()
    """Writes behind the first (flows to Sales)."""
    lines: DocumentLines | None = None
    """The lines, where the records are documents."""
    example_defaults: Defaults | None = None
    """What every example is given."""
    examples: Many[Example]
    """Examples, which the check command and the tests run."""
