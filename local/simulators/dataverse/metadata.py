"""What the service says about its tables: `$metadata`, `EntityDefinitions` and what hangs below it, option sets, and
which messages a table has (wire.md 1.9 and 1.15)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from local.simulators.dataverse import errors
from local.simulators.dataverse.addresses import Address
from local.simulators.dataverse.calls import Call, Reply, json_reply
from local.simulators.dataverse.metadata_attributes import CAST, attributes
from local.simulators.dataverse.metadata_document import document
from local.simulators.dataverse.metadata_entries import Entry, definition, key_entry, message_filters
from local.simulators.dataverse.metadata_query import (
    MESSAGE_COLUMNS,
    METADATA_COLUMNS,
    chosen,
    options,
    passing,
    without_paths,
)
from local.simulators.dataverse.metadata_relations import collection_relations, lookup_relations
from local.simulators.dataverse.schema import Key, Table
from local.simulators.odata.filter_values import guid_text

SEGMENTS = frozenset({"$metadata", "EntityDefinitions", "RelationshipDefinitions", "sdkmessagefilters"})
"""The first segments of the addresses that are answered here."""
_ANNOTATIONS = "annotations"

type KeysOf = Callable[[Table], Iterable[Key]]


def _declared(table: Table) -> Iterable[Key]:
    return table.keys


class Metadata:
    """The definitions of all tables, with the alternate keys as they are when somebody asks."""

    def __init__(self, tables: Mapping[str, Table], keys: KeysOf = _declared) -> None:
        self._tables = tables
        self._keys = keys
        self._definitions = [definition(table) for table in tables.values()]
        self._documents: dict[bool, bytes] = {}

    def answer(self, call: Call, address: Address) -> Reply:
        """The answer to a GET of an address whose name is one of `SEGMENTS`. Raises `errors.Refusal`."""
        match address.name:
            case "$metadata":
                return self._document(call)
            case "RelationshipDefinitions":
                return self._relations(call, address)
            case "sdkmessagefilters":
                return self._messages(call, address)
        if address.key is None:
            return self._list(call, "EntityDefinitions", self._definitions, self._expanded)
        table = self._table(address.key)
        if address.rest:
            return self._below(call, table, address.rest)
        entry = chosen(definition(table), options(call.query), self._expanded)
        return json_reply({"@odata.context": f"{call.base}$metadata#EntityDefinitions/$entity", **entry})

    def _document(self, call: Call) -> Reply:
        told = options(call.query).get(_ANNOTATIONS, "").lower() == "true"
        if told not in self._documents:
            self._documents[told] = document(self._tables, annotated=told).encode()
        return Reply(200, self._documents[told], {"Content-Type": "application/xml"})

    def _table(self, key: str) -> Table:
        """The table that `LogicalName='x'` or its metadata id names."""
        name, equals, value = key.partition("=")
        wanted = {"LogicalName": value.strip().strip("'")} if equals else {"MetadataId": _guid(key)}
        if equals and name.strip() == "MetadataId":
            wanted = {"MetadataId": _guid(value)}
        for table, entry in zip(self._tables.values(), self._definitions, strict=True):
            if wanted.items() <= entry.items():
                return table
        raise errors.Refusal(404, "0x80060888", f"Could not find an entity with {key}.")

    def _below(self, call: Call, table: Table, rest: str) -> Reply:
        """A list that belongs to a table, or one entry of it."""
        part, _, cast = rest.partition("/")
        name, bracket, key = part.partition("(")
        entries = self._part(table, name, cast)
        context = f"EntityDefinitions('{table.logical}')/{rest}"
        if not bracket:
            return self._list(call, context, entries)
        wanted = key.removesuffix(")").removeprefix("LogicalName=").strip("'")
        for entry in entries:
            if wanted in (entry.get("LogicalName"), entry["MetadataId"]):
                return json_reply({"@odata.context": f"{call.base}$metadata#{context}/$entity",
                                   **chosen(entry, options(call.query))})  # fmt: skip
        raise errors.Refusal(404, "0x80060888", f"Could not find {part} of the entity '{table.logical}'.")

    def _part(self, table: Table, name: str, cast: str) -> Iterable[Entry]:
        if name == "Attributes":
            return attributes(table, self._tables, cast)
        if cast:
            raise errors.no_such_segment(cast)
        parts: Mapping[str, Callable[[], Iterable[Entry]]] = {
            "Keys": lambda: [key_entry(table, key) for key in self._keys(table)],
            "OneToManyRelationships": lambda: collection_relations(table, self._tables),
            "ManyToOneRelationships": lambda: lookup_relations(table, self._tables),
            "ManyToManyRelationships": list,
        }
        if name not in parts:
            raise errors.no_such_segment(name)
        return parts[name]()

    def _expanded(self, entry: Entry, name: str) -> Iterable[Entry] | None:
        """What `$expand` puts below a table, or None when it offers no such thing."""
        table = next(one for one in self._tables.values() if one.logical == entry["LogicalName"])
        try:
            return self._part(table, name, "")
        except errors.Refusal:
            return None

    def _relations(self, call: Call, address: Address) -> Reply:
        cast = address.rest.removeprefix(CAST)
        if address.key is not None or cast not in ("", "OneToManyRelationshipMetadata"):
            raise errors.no_such_segment(address.rest or address.name)
        entries = [one for table in self._tables.values() for one in collection_relations(table, self._tables)]
        return self._list(call, "RelationshipDefinitions", entries)

    def _messages(self, call: Call, address: Address) -> Reply:
        """Which of the messages that are asked for which table has (wire.md 1.9)."""
        if address.key is not None or address.rest:
            raise errors.no_such_segment(address.rest or address.name)
        wanted = options(call.query)
        entries = [one for table in self._tables.values() for one in message_filters(table)]
        found = passing(entries, without_paths(wanted), MESSAGE_COLUMNS)
        expand = wanted.get("$expand", "").startswith("sdkmessageid")
        value = [
            {
                "sdkmessagefilterid": entry["sdkmessagefilterid"],
                **({"primaryobjecttypecode": entry["primaryobjecttypecode"]} if "$select" not in wanted else {}),
                **({"sdkmessageid": {"name": entry["sdkmessageid.name"], "sdkmessageid": entry["sdkmessageid"]}}
                   if expand else {}),
            }
            for entry in found
        ]  # fmt: skip
        return json_reply({"@odata.context": f"{call.base}$metadata#sdkmessagefilters", "value": value})

    def _list(
        self,
        call: Call,
        context: str,
        entries: Iterable[Entry],
        expanded: Callable[[Entry, str], Iterable[Entry] | None] | None = None,
    ) -> Reply:
        wanted = options(call.query)
        value = [chosen(entry, wanted, expanded) for entry in passing(entries, wanted, METADATA_COLUMNS)]
        return json_reply({"@odata.context": f"{call.base}$metadata#{context}", "value": value})


def _guid(text: str) -> str:
    try:
        return str(UUID(guid_text(text.strip())))
    except ValueError as problem:
        raise errors.bad_argument(f"'{text}' names no entity: send LogicalName='...' or a Guid.") from problem
