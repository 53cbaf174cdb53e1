"""Links and tallies as rows of the link table."""

from __future__ import annotations

from sync.model import Claim, LineLink, Link, Seen, Tally
from sync.stores.codec import (
    check_format,
    from_json,
    key_from_json,
    key_to_json,
    keys_from_json,
    keys_to_json,
    moment,
    moment_from,
    moment_text,
    names_from_json,
    names_to_json,
    to_json,
    trouble_from_json,
    trouble_to_json,
)
from sync.stores.keys import decode_id, decode_text, encode_id, encode_name, encode_text
from sync.stores.rules import has_left
from sync.stores.tables.table import ANY, Put, Row, Values

SEEN = ("PartitionKey", "RowKey", "format", "id", "version", "state", "reason")
"""The columns that `seen_from_row` reads."""


def partition_key(mapping: str, partition: int) -> str:
    """Of links and tallies."""
    return f"{encode_name(mapping)}-{partition:02d}"


def reverse_partition_key(mapping: str) -> str:
    """Of the reverse rows, all in one: the target keys of a chunk are then held in one transaction.

    A partition takes some 2,000 rows a second, more creates than F&O does.
    """
    return f"{encode_name(mapping)}-r"


def link_key(id: str) -> str:
    return f"s:{encode_id(id)}"


def reverse_key(key: str) -> str:
    return f"f:{encode_id(key)}"


def batch_key(batch: str) -> str:
    """The beginning of the keys of a batch's tallies."""
    return f"b:{encode_text(batch)}:"


def link_to_put(link: Link) -> Put:
    key = link_key(link.id)
    flags = {"again": link.again, "dirty": link.dirty, "held": link.held, "gone": link.gone, "shown": link.shown}
    values: Values = {
        "id": "" if decode_id(key[2:]) == link.id else link.id,
        "state": link.state,
        "reason": link.reason,
        "owed": link.owed,
        "awaits": link.awaits,
        "trouble": trouble_to_json(link.trouble),
        "seq": link.seq + 1,
        "target": key_to_json(link.target),
        "reserved": key_to_json(link.reserved),
        "hash": link.hash,
        "digests": to_json(link.digests),
        "gives": to_json(link.gives),
        "claim": f"{moment_text(link.claim.until)} {link.claim.holder}" if link.claim else "",
        "flags": " ".join(name for name, is_set in flags.items() if is_set),
        "hopes": names_to_json(link.hopes),
        "since": moment_text(link.since),
        "version": link.version,
        "parts": keys_to_json(link.parts),
        "successor": link.successor,
    }
    return Put(key, values, link.etag)


def link_from_row(row: Row) -> Link:
    """Raises ConfigError when a later version wrote the row."""
    check_format(row, f"links, {row['PartitionKey']}")
    flags = (row.get("flags") or "").split()
    until, _, holder = (row.get("claim") or "").partition(" ")
    return Link(
        id=_id(row),
        state=row.get("state") or "",
        reason=row.get("reason") or "",
        target=key_from_json(row.get("target")),
        reserved=key_from_json(row.get("reserved")),
        hash=row.get("hash") or "",
        digests=from_json(row.get("digests")),
        gives=from_json(row.get("gives")),
        claim=Claim(holder, moment(until)) if until else None,
        again="again" in flags,
        dirty="dirty" in flags,
        held="held" in flags,
        gone="gone" in flags,
        shown="shown" in flags,
        owed=row.get("owed") or "",
        awaits=row.get("awaits") or "",
        trouble=trouble_from_json(row.get("trouble")),
        hopes=names_from_json(row.get("hopes")),
        since=moment_from(row.get("since")),
        version=row.get("version") or "",
        parts=keys_from_json(row.get("parts")),
        successor=row.get("successor") or "",
        seq=row.get("seq") or 0,
        etag=row.metadata["etag"],
    )


def lines_key(id: str) -> str:
    """The beginning of the keys of a document's lines."""
    return f"l:{encode_id(id)}:"


def line_to_put(owner: str, line: LineLink) -> Put:
    """Its number is padded, so that the rows lie in the order of the numbers."""
    values: Values = {
        "id": line.id,
        "sequence": "" if line.sequence is None else line.sequence,
        "digests": to_json(line.digests),
        "flags": "gone" if line.gone else "",
    }
    return Put(f"{lines_key(owner)}{line.number:010d}", values, ANY)


def line_from_row(row: Row) -> LineLink:
    """Raises ConfigError when a later version wrote the row."""
    check_format(row, f"lines, {row['PartitionKey']}")
    return LineLink(
        number=int(row["RowKey"].rpartition(":")[2]),
        id=row.get("id") or "",
        sequence=row.get("sequence"),
        digests=from_json(row.get("digests")),
        gone="gone" in (row.get("flags") or "").split(),
    )


def seen_from_row(row: Row) -> Seen:
    """Raises ConfigError when a later version wrote the row."""
    check_format(row, f"links, {row['PartitionKey']}")
    gone = has_left(row.get("state") or "", row.get("reason") or "")
    return Seen(_id(row), row["version"], gone)


def _id(row: Row) -> str:
    return row.get("id") or decode_id(row["RowKey"][2:]) or ""


def tally_to_put(tally: Tally) -> Put:
    values: Values = {
        "flow": tally.flow,
        "run": tally.run,
        "kind": tally.kind,
        "outcomes": to_json(tally.outcomes),
        "closed": to_json(tally.closed),
        "warnings": to_json(tally.warnings),
        "void": tally.void,
    }
    return Put(f"{batch_key(tally.batch)}{encode_text(tally.chunk)}", values)


def tally_from_row(row: Row) -> Tally:
    """Raises ConfigError when a later version wrote the row."""
    check_format(row, f"tallies, {row['PartitionKey']}")
    _, batch, chunk = row["RowKey"].split(":")
    return Tally(
        flow=row.get("flow") or "",
        run=row.get("run") or "",
        batch=decode_text(batch),
        chunk=decode_text(chunk),
        kind=row.get("kind") or "",
        outcomes=from_json(row.get("outcomes")),
        closed=from_json(row.get("closed")),
        warnings=from_json(row.get("warnings")),
        void=row.get("void") or "",
    )
