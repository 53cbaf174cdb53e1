"""F&O's `$metadata`, read as it comes: tens of megabytes, of which a few tables are wanted (wire.md 2.1).

Which type an entity set has stands behind all types, so the document is read twice. It is fetched once and kept packed
meanwhile, in a twentieth of its size; a tree of it is never made. A document type declaration is refused: it has no
place in metadata, and entities that grow without end come in one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from sync.errors import ConfigError, Transient
from sync.systems.http import HttpClient
from sync.systems.metadata import Column, Kind, Table

UNCHECKED = (
    "The language of the user that the app is mapped to in F&O cannot be read; it decides nothing but the language "
    "in which refusals are shown.",
)
"""What a check of the set-up cannot find out by itself, to be said to the one who runs it."""

_ABOUT = "$metadata"
_PIECE = 1 << 16
_AGAIN_SECONDS = 10.0
_KINDS: Mapping[str, Kind] = {
    "Edm.String": "text",
    "Edm.Byte": "whole",
    "Edm.Int16": "whole",
    "Edm.Int32": "whole",
    "Edm.Int64": "whole",
    "Edm.Decimal": "decimal",
    "Edm.Double": "decimal",
    "Edm.Single": "decimal",
    "Edm.Boolean": "yes_no",
    "Edm.Date": "date",
    "Edm.DateTimeOffset": "moment",
    "Edm.Guid": "guid",
}

type Attributes = Mapping[str, str]


def read_tables(http: HttpClient, sets: Collection[str]) -> dict[str, Table | None]:
    """The tables with these entity sets, by set; None for one that F&O does not have (case counts).

    One request. F&O tells types, keys, nullability and the members of enums; no lengths, and not what can be written.
    Raises ConfigError when what comes is no metadata, Transient when it is cut short.
    """
    document = _Packed()
    types = _TypesOfSets(frozenset(sets))
    reading = _Reading(http, types.start)

    def take(piece: bytes) -> None:
        document.add(piece)
        reading.add(piece)

    url = f"{http.base}/data/$metadata"
    answer = http.send("GET", url, about=_ABOUT, writes=False, headers={"Accept": "application/xml"}, take=take)
    if not answer.ok:
        raise ConfigError(
            f"F&O gave no $metadata ({answer.status}).",
            where=http.base,
            remedy="Check the base address, and gateways before it.",
            details=answer.details(),
        )
    reading.end()
    found = _Types(frozenset(types.found.values()))
    if types.found:
        again = _Reading(http, found.start)
        for piece in document.pieces():
            again.add(piece)
        again.end()
    return {set: found.table(set, types.found[set]) if set in types.found else None for set in sets}


class _Packed:
    """A document that is kept packed."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(1)
        self._packed: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._packed.append(self._packer.compress(piece))

    def pieces(self) -> Iterator[bytes]:
        """The document once more, piece by piece; nothing can be added afterwards."""
        self._packed.append(self._packer.flush())
        unpacker = zlib.decompressobj()
        for packed in self._packed:
            while packed:
                yield unpacker.decompress(packed, _PIECE)
                packed = unpacker.unconsumed_tail
        yield unpacker.flush()


class _Reading:
    """The parser of one reading; `start` is told of every element by its name without the namespace."""

    def __init__(self, http: HttpClient, start: Callable[[str, Attributes], None]) -> None:
        self._http = http
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(" ")[2], attributes)
        self._parser.StartDoctypeDeclHandler = self._refuse

    def add(self, piece: bytes, *, last: bool = False) -> None:
        """Raises ConfigError for a document type declaration, Transient for what is no XML."""
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise Transient(
                f"No complete answer from F&O: its metadata are cut short or no XML (line {error.lineno}).",
                delay=_AGAIN_SECONDS,
                where=self._http.base,
                remedy="If it goes on, check that the base address is the system's own and no sign-in page's.",
            ) from None

    def end(self) -> None:
        """The document is complete; raises Transient when it is not."""
        self.add(b"", last=True)

    def _refuse(self, *_declared: object) -> None:
        raise ConfigError(
            "What F&O gave as its metadata has a document type, so it is a web page or worse.",
            where=self._http.base,
            remedy="Check that the base address is the system's own and no sign-in page's.",
        )


class _TypesOfSets:
    """The first reading: which type each wanted set has."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self.found: dict[str, str] = {}

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "EntitySet" and attributes.get("Name") in self._wanted:
            self.found[attributes["Name"]] = attributes.get("EntityType", "")


@dataclass(slots=True)
class _EntityType:
    key: list[str] = field(default_factory=list)
    properties: list[Attributes] = field(default_factory=list)


class _Types:
    """The second reading: the wanted entity types, and every enum, since an enum may stand before who uses it."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._entities = {name: _EntityType() for name in wanted}
        self._enums: dict[str, dict[str, int]] = {}
        self._namespace = ""
        self._entity: _EntityType | None = None
        self._members: dict[str, int] = {}

    def start(self, tag: str, attributes: Attributes) -> None:
        name = attributes.get("Name", "")
        match tag:
            case "Property" if self._entity is not None:
                self._entity.properties.append(attributes)
            case "PropertyRef" if self._entity is not None:
                self._entity.key.append(name)
            case "Member":
                self._members[name] = int(attributes.get("Value", max(self._members.values(), default=-1) + 1))
            case "EnumType":
                self._members = self._enums.setdefault(f"{self._namespace}.{name}", {})
            case "EntityType":
                self._entity = self._entities.get(f"{self._namespace}.{name}")
            case "ComplexType" | "EntityContainer":
                self._entity = None
            case "Schema":
                self._namespace = attributes.get("Namespace", "")

    def table(self, set: str, type: str) -> Table:
        entity = self._entities[type]
        columns = [self._column(attributes) for attributes in entity.properties]
        return Table(set, type.rpartition(".")[2], tuple(entity.key), {column.name: column for column in columns})

    def _column(self, attributes: Attributes) -> Column:
        type = attributes.get("Type", "")
        members = self._enums.get(type)
        kind: Kind = "enum" if members is not None else _KINDS.get(type, "other")
        nullable = attributes.get("Nullable", "true") == "true"
        return Column(attributes.get("Name", ""), kind, type, nullable=nullable, members=members)
