"""What actors ask and write, in a few words, for the stories of small worlds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sync.keys import key_text
from sync.model import ChangeBatch, Link, Record, Tally
from sync.ports import Write


def told_call(port: str, method: str, args: Sequence[Any], result: Any) -> str:
    """What was asked or written, and what came of it; "" for calls that tell a reader nothing."""
    match f"{port}.{method}":
        case "links.read":
            return f"reads links: {_some(map(_link, result.values()))}"
        case "links.write":
            tally = next((f"; counts {_tally(arg)}" for arg in args if isinstance(arg, Tally)), "")
            return f"stores links: {_some(map(_link, args[2]))}{tally}"
        case "links.tallies":
            return f"asks for counts of {args[2]}: {_some(f'{name} {_tally(each)}' for name, each in result.items())}"
        case "links.reserve":
            return f"holds {_some(args[1])}{f', held by others: {dict(result)}' if result else ''}"
        case "links.take_over":
            return f"takes {args[1]} over for {_short(args[2])}: {'done' if result else 'refused'}"
        case "links.find":
            return f"asks who holds {_some(args[1])}: {dict(result) or 'nobody'}"
        case "reader.fetch":
            return f"fetches {_some(_record(id, result.get(id)) for id in args[1])}"
        case "writer.write":
            done = [f"{_write(write)}: {type(each).__name__}" for write, each in zip(args[1], result, strict=True)]
            return f"writes {_some(done)}"
        case "writer.find" | "writer.match":
            return f"looks for {_some(map(_key, args[1]))}: {_some(str(bool(row)) for row in result)}"
        case "outbox.post":
            return f"posts {_some(map(_batch, args[0]))}"
        case "feed.page":
            return f"reads a page: {_some(_change(change) for change in result.changes)}"
        case "waiting.put" | "waiting.remove" | "issues.put" | "issues.close":
            return f"{port} {method}: {len(args[-1])}"
    return ""


def _some(texts: Iterable[str]) -> str:
    return "; ".join(texts) or "none"


def _short(id: str) -> str:
    """Ids of the explorer differ in their first and last characters."""
    return f"{id[:4]}..{id[-3:]}" if len(id) > 30 else id


def _link(link: Link) -> str:
    flags = [name for name in ("again", "dirty", "gone", "held") if getattr(link, name)]
    claim = [f"claim of {link.claim.holder} until {link.claim.until:%H:%M:%S}"] if link.claim else []
    target = [f"-> {key_text(link.target)}"] if link.linked else []
    reserved = [f"reserves {key_text(link.reserved)}"] if link.reserved else []
    state = f"{link.state or 'new'} {link.reason}".strip()
    return ", ".join([f"{_short(link.id)} {state}", *target, *reserved, *claim, *flags])


def _tally(tally: Tally) -> str:
    return tally.void or ", ".join(f"{name} {count}" for name, count in tally.outcomes.items())


def _record(id: str, record: Record | None) -> str:
    return f"{_short(id)} {record.version if record else 'not there'}"


def _write(write: Write) -> str:
    return f"{write.kind} {key_text(write.key)}{f' with {len(write.lines)} lines' if write.lines else ''}"


def _key(values: Mapping[str, Any]) -> str:
    return ", ".join(str(value) for value in values.values())


def _batch(batch: ChangeBatch) -> str:
    changes = _some(_change(change) for chunk in batch.chunks for change in chunk.changes)
    return f"{batch.batch} ({changes})"


def _change(change: Any) -> str:
    return f"{_short(change.id)}{' deleted' if change.deleted else ''}"
