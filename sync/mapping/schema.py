"""What a mapping file may say, as strict and frozen models; every key is described here and nowhere else.

The descriptions become the JSON Schema that editors use and the tables of docs/reference/mapping-language.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Strict, StringConstraints, Tag

from sync.mapping.example_schema import Defaults, Example

type Value = str | int | bool | Decimal
type Many[T] = Annotated[tuple[T, ...], Strict(False), Field(min_length=1)]
"""A YAML list; frozen as a tuple."""

type Column = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
type Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
type Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
type SettingName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
type Direction = Literal["to_finops", "to_sales", "both"]


class Part(BaseModel):
    """The base of all models: strict, frozen, unknown keys refused."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Condition(Part):
    """Holds when a setting has one of these values."""

    setting: SettingName
    """The setting's name."""
    is_: Value | Many[Value] = Field(alias="is")
    """The value, or a list of values."""


class FromSetting(Part):
    """A value that each installation sets for itself."""

    setting: SettingName
    """The setting's name."""


class Otherwise(Part):
    """What becomes of a value that the value map lacks; exactly one of these."""

    setting: SettingName | None = None
    """It becomes the value of this setting."""
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


class SalesTable(Part):
    """The Dataverse table."""

    table: Column
    """The entity set, e.g. accounts."""
    id: Column
    """The primary key column."""
    number: Column | None = None
    """The column with the number people know a record by."""
    modified_on: Column = "modifiedon"
    """The column with the time of the last change."""
    feed: Literal["delta", "modified"] = "delta"
    """How changes are found: change tracking, or the time of the last change."""


class FinopsEntity(Part):
    """The F&O data entity."""

    entity: Column
    """The public collection name, e.g. CustomersV3."""
    key: Many[Column]
    """The key properties, in the order of the metadata; the company first."""
    number: Column | None = None
    """The property with the number people know a record by (for flows out of F&O)."""
    feed: Literal["snapshot"] = "snapshot"
    """How changes are found: F&O shows no time of change, so all rows are read and compared."""


class Filter(Part):
    """Lets a source record through, or skips it."""

    sales: Column | None = None
    """The Sales column that is tested (flows to F&O)."""
    finops: Column | None = None
    """The F&O property that is tested (flows to Sales)."""
    is_: Value | Many[Value | None] | None = Field(alias="is")
    """The value that passes, or a list of them; null is blank."""
    else_: Code = Field(alias="else")
    """The reason code of the records that do not pass."""
    only_if: Condition | None = None
    """The filter holds only under this condition."""


class AdoptTest(Part):
    """Must hold before an existing target record is adopted; the first that fails decides."""

    finops: Column
    """The property of the existing record."""
    is_: Value | None = Field(default=None, alias="is")
    """The value it must have; case is ignored."""
    same_name: bool = False
    """It must equal the mapped value in letters and digits, as far as the row's max keeps it."""
    never: bool = False
    """It never holds: no existing record is adopted."""
    else_: Code = Field(alias="else")
    """The reason code when it does not hold."""
    only_if: Condition | None = None
    """The test is made only under this condition."""


class Allocate(Part):
    """Gives a number to a Sales record that has none (flows.md 1.3)."""

    only_if: Condition
    """When numbers are given."""
    prefix: str
    """What every number begins with."""
    first: int = 1000
    """The first count."""
    digits: int = 5
    """The least number of digits of the count."""
    suffix: int = 6
    """How many characters are derived from the record's id."""


class Deactivation(Part):
    """What is written to the target when a source record is deactivated."""

    id: str
    """The id of this row."""
    reason: Code
    """The filter code that tells that a record is deactivated."""
    only_if: Condition
    """When anything is written at all."""
    hold: dict[Column, Value]
    """What is written on deactivation."""
    release: dict[Column, Value]
    """What is written on reactivation, if the app had written `hold`."""


class Setting(Part):
    """A setting that the file's rows read."""

    name: SettingName
    """Lower case with dots; as an app setting in capitals with two underscores for a dot."""
    title: str
    """What it decides, in a few words."""
    default: str = ""
    """Its initial value."""
    allowed: Many[str] | None = None
    """The only values it may have; case is ignored."""
    values: Name | None = None
    """A value map that must know the value."""


class Row(Part):
    """One pair of columns, or a value for one column."""

    id: str
    """The row's id, unique in the file; flows.md names it."""
    sales: Column | Many[Column] | None = None
    """The Sales column, a lookup without its `_..._value`; several columns need `join` or `combine`."""
    finops: Column | None = None
    """The F&O property."""
    constant: Value | None = None
    """A fixed value, instead of a source column."""
    setting: SettingName | None = None
    """A value fixed for each installation, instead of a source column."""
    type: Literal["text", "whole", "decimal", "yes_no"] = "text"
    """What the target takes. Text is cleaned; `yes_no` turns true and false into Yes and No and back."""
    join: str | None = None
    """Joins the non-blank columns with this text between them."""
    combine: str | None = None
    """Makes one value of several columns by a named function."""
    lookup: Lookup | None = None
    """Takes the value from reference data."""
    values: Name | dict[str, Value] | None = None
    """A value map by name, or its pairs: Sales on the left, F&O on the right. "" on the left is blank."""
    within: Column | None = None
    """For a value map by groups: the target column of the same record whose value names the group."""
    otherwise: Value | Otherwise | None = None
    """What a value becomes that the value map lacks: `keep`, `omit` (left out with a warning), `block` (parked as
    value-not-mapped, the initial rule), `blank`, or another value."""
    default: Value | FromSetting | None = None
    """What a blank becomes; a value map applies to it too."""
    transform: Many[str] | None = None
    """Named functions that change the value, in this order."""
    required: Code | None = None
    """A record whose value is blank is parked with this code."""
    block_required: Code | None = None
    """The address block is left out with this warning when the value is blank."""
    exists: Exists | None = None
    """The value must exist in the target system."""
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
    """A number that cannot stand in a key URL is parked as `unsafe-number`."""
    unsafe_unless: Condition | None = None
    """Under this condition such a number is sent all the same."""
    when: Literal["create", "update", "both"] = "both"
    """Whether the value is sent on create, on update, or on both."""
    only_on_create: bool = False
    """The same as `when: create`."""
    clear_when_empty: Value | None = None
    """What an update sends when the value became blank; initially "" for a text and 0 for a number. false: nothing.
    Nothing is sent either for rows with a default and for rows sent on create only."""
    match: Annotated[int, Field(gt=0)] | None = None
    """The order in which records without a link are looked for in the target by this column."""
    warn_if_changed: Code | None = None
    """The warning when the value of a key column no longer is the one under which the record is linked."""
    direction: Direction = "both"
    """The only direction the row is for."""
    only_if: Condition | None = None
    """The row holds only under this condition."""
    enabled: bool = True
    """false switches the row off."""


class Block(Part):
    """An address: its rows are sent together or not at all (flows.md 1.8)."""

    block: Name
    """Its name."""
    sent_when: Many[Column]
    """The block is sent when one of these target columns has a value."""
    rows: Many[Row]
    """Its rows."""


def _kind(value: Any) -> str:
    return "<block>" if isinstance(value, dict) and "block" in value else "<row>"


type Entry = Annotated[Annotated[Row, Tag("<row>")] | Annotated[Block, Tag("<block>")], Discriminator(_kind)]


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
    direction: Direction
    """Which way data flows; `both` makes two flows."""
    settings: Annotated[tuple[Setting, ...], Strict(False)] = ()
    """Settings of this file; those that several files read stand in settings.yaml."""
    only: Annotated[tuple[Filter, ...], Strict(False)] = ()
    """Filters; the first that refuses gives the reason."""
    duplicates: Code | None = None
    """Numbers must be unique in a company among the records that pass the filters; the code of those that are not."""
    allocate: Allocate | None = None
    """Gives numbers to records without one."""
    adopt: Annotated[tuple[AdoptTest, ...], Strict(False)] = ()
    """What must hold before an existing target record is adopted."""
    gives: Annotated[tuple[Column, ...], Strict(False)] = ()
    """Target columns whose values other flows take from the link."""
    on_deactivate: Deactivation | None = None
    """What is written when a source record is deactivated."""
    fields: Many[Entry]
    """The rows."""
    example_defaults: Defaults | None = None
    """What every example is given."""
    examples: Many[Example]
    """Examples, which the check command and the tests run."""
