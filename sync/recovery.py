"""Creates that were announced and never remembered: whether they were done, and which row of the target came of them.

A link that is dirty and reserves a key stands for such a create, as long as it has no counterpart. The row is under the
key that was announced; or under another one, where the target numbers new rows itself and drops the number that it is
sent (flows.md 4.1). Then it is known by what the app has written there: the columns that the plan recovers by.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync.compare import Digester, draft_adoption
from sync.errors import DataError, NotReady
from sync.keys import key_text
from sync.mapping.plan import COMPANY, Facts, Mapped
from sync.matching import given_by, key_of
from sync.model import Link, Scalar, Values
from sync.outcomes import each, park
from sync.work import OTHER, RULE, Applier, Work

ANNOUNCED = "*"
"""Before the names of the digests that a link keeps of what a create was about to send; no property begins with it."""


def recover(works: Sequence[Work], tools: Applier, facts: Facts) -> None:
    """A create that was announced and never committed may have been done: then its row is this record's own.

    It is found under the key that was announced, whatever number or name the record has by now; a record that does not
    hold this key does not own the row. What is not found there is looked for by its values, if the plan says by which:
    a record whose row cannot be told from others is parked, one that cannot be mapped now stays dirty until it can.
    """
    if not works:
        return
    plan = tools.plan
    keys = {work.change.id: key_text(work.link.reserved) for work in works}
    holders = tools.links.find(plan.flow.mapping, list(keys.values()))
    own = [work for work in works if _is_of(holders.get(keys[work.change.id]), work)]
    found = tools.writer.find(plan.flow.target, [work.link.reserved for work in own], plan.target_columns)
    for work in own:
        row = found.get(keys[work.change.id])
        if row is not None:
            _take(work, row, tools)
    lost = [work for work in works if not work.link.linked]
    if plan.recovery is not None:
        _recover_by_values(lost, tools, facts)
        _hold(lost, tools)
        return
    for work in lost:
        _begin_anew(work)


def announced(values: Values, tools: Applier) -> dict[str, str]:
    """What a link keeps of a create that is about to be sent, so that its row is known although the record changes."""
    rule = tools.plan.recovery
    said = ((name, values.get(name)) for name in (rule.columns if rule else ()))
    return {f"{ANNOUNCED}{name}": tools.digester.digest(value) for name, value in said if value is not None}


def without_announced(digests: Mapping[str, str]) -> dict[str, str]:
    """The digests of what was written."""
    return {name: digest for name, digest in digests.items() if not name.startswith(ANNOUNCED)}


def refuse_unrecovered(work: Work, tools: Applier) -> None:
    """Raises DataError for a record that must not be made anew, since nobody knows whether it was made before."""
    if tools.plan.recovery is not None and work.link.dirty and work.link.reserved:
        raise _unclear(tools)


@dataclass(frozen=True)
class _Traces:
    """What the row of a create must hold: `wanted` by value, `then` by the digest of what was sent, `blank` nothing.

    It is looked for by `wanted`; `constants` tell nothing apart but the app's own rows from those of others.
    """

    wanted: Mapping[str, Scalar]
    constants: Mapping[str, Scalar]
    then: Mapping[str, str]
    blank: frozenset[str]

    def are_in(self, row: Values, digester: Digester) -> bool:
        held = {**self.wanted, **self.constants}
        return (
            all(str(row.get(name) or "").casefold() == str(value).casefold() for name, value in held.items())
            and all(digester.digest(row.get(name) or "") == digest for name, digest in self.then.items())
            and all(row.get(name) in (None, "") for name in self.blank)
        )


@dataclass
class _Lost:
    """A record that was about to be created, what it would become now, and the rows that may have come of it."""

    work: Work
    mapped: Mapped
    traces: _Traces
    rows: Sequence[Values] = ()

    def left(self, holders: Mapping[str, str], tools: Applier) -> list[Values]:
        """Those of the rows that no other record has."""
        return [row for row in self.rows if _is_of(holders.get(_key_text(row, tools), self.work.change.id), self.work)]


def _recover_by_values(works: Sequence[Work], tools: Applier, facts: Facts) -> None:
    lost = [each for each in _traced(works, tools, facts) if _searchable(each, tools, facts)]
    if not lost:
        return
    plan = tools.plan
    found = tools.writer.match(plan.flow.target, [each.traces.wanted for each in lost], plan.target_columns)
    for one, rows in zip(lost, found, strict=True):
        one.rows = [row for row in rows if one.traces.are_in(row, tools.digester)]
    keys = sorted({_key_text(row, tools) for one in lost for row in one.rows})
    holders = dict(tools.links.find(plan.flow.mapping, keys)) if keys else {}
    for choose in (_certain, _only):  # what is certain for one record is no question for the others any more
        for one in lost:
            row = None if one.work.link.linked else choose(one, holders, tools)
            if row is not None:
                _take(one.work, row, tools)
                holders[_key_text(row, tools)] = one.work.change.id
    for one in lost:
        if one.work.link.linked:
            continue
        if rows := one.left(holders, tools):
            _leave(one.work, _several(rows, tools), tools, facts)
        else:
            _begin_anew(one.work)


def _traced(works: Sequence[Work], tools: Applier, facts: Facts) -> Iterator[_Lost]:
    """What cannot be mapped now leaves no traces; it is judged as it is, and cannot be created either."""
    mapped: dict[str, Mapped] = {}

    def map_(work: Work) -> None:
        if work.record is not None:
            with contextlib.suppress(DataError, NotReady):
                mapped[work.change.id] = tools.plan.map(work.record, facts)

    each(works, tools, map_)
    for work in works:
        if work.change.id in mapped:
            yield _Lost(work, mapped[work.change.id], _traces(work.link, mapped[work.change.id], tools))


def _traces(link: Link, mapped: Mapped, tools: Applier) -> _Traces:
    """What was sent: the values of today as far as they are the same, of the others what the link keeps of them."""
    rule, now = tools.plan.recovery, {field.name: field for field in mapped.fields}
    assert rule is not None  # noqa: S101 - the caller asked
    sent = {name.removeprefix(ANNOUNCED): text for name, text in link.digests.items() if name.startswith(ANNOUNCED)}
    wanted: dict[str, Scalar] = {COMPANY: link.reserved[COMPANY]} if COMPANY in link.reserved else {}
    then: dict[str, str] = {}
    blank = set()
    for name in rule.columns:
        field = now.get(name)
        value = field.value if field else None
        if name in link.reserved:
            wanted[name] = link.reserved[name]
        elif value is not None and (not sent or sent.get(name) == tools.digester.digest(value)):
            wanted[name] = value
        elif name in sent:
            then[name] = sent[name]
        elif field is not None and field.clears:
            blank.add(name)
    constants = {name: now[name].value for name in rule.constants if name in now}
    return _Traces(wanted, {n: v for n, v in constants.items() if v is not None}, then, frozenset(blank))


def _searchable(lost: _Lost, tools: Applier, facts: Facts) -> bool:
    """Whether anything is left to look for; a record that has changed in everything is parked."""
    if lost.traces.wanted.keys() - {COMPANY}:
        return True
    _leave(lost.work, _unclear(tools), tools, facts)
    return False


def _certain(lost: _Lost, holders: Mapping[str, str], tools: Applier) -> Values | None:
    """The row whose key the record holds, or the only one that holds everything as it was sent."""
    rows = lost.left(holders, tools)
    held = [row for row in rows if _key_text(row, tools) in holders]
    whole = [row for row in rows if not draft_adoption(lost.mapped, row, tools.digester).values]
    return held[0] if held else whole[0] if len(whole) == 1 else None


def _only(lost: _Lost, holders: Mapping[str, str], tools: Applier) -> Values | None:
    rows = lost.left(holders, tools)
    return rows[0] if len(rows) == 1 else None


def _take(work: Work, row: Values, tools: Applier) -> None:
    """The row is this record's own; what it holds is proved by nothing."""
    target = key_of(row, tools)
    given = {**work.link.gives, **given_by(row, tools)}
    if key_text(target) != key_text(work.link.reserved):
        given[RULE] = OTHER
    digests = without_announced(work.link.digests)
    work.target = row
    work.link = dataclasses.replace(work.link, target=target, gives=given, digests=digests, dirty=True)


def _hold(works: Sequence[Work], tools: Applier) -> None:
    """Rows under other keys than were announced are theirs also where nothing is to be written to them now."""
    keys = {key_text(work.link.target): work.change.id for work in works if work.link.linked}
    if keys:
        tools.links.reserve(tools.plan.flow.mapping, keys)


def _begin_anew(work: Work) -> None:
    work.link = dataclasses.replace(work.link, dirty=False)


def _leave(work: Work, error: DataError, tools: Applier, facts: Facts) -> None:
    """Nobody knows: parked, unless the filters refuse the record anyway. Its link stays dirty, so it is asked again."""
    if work.record is not None and tools.plan.verdict(work.record, facts, linked=False).reason is None:
        park(work, error, tools)


def _several(rows: Sequence[Values], tools: Applier) -> DataError:
    target, columns = tools.plan.flow.target, _columns(tools)
    return DataError(
        "ambiguous-match",
        f"The record was being created when the app was stopped, and {len(rows)} rows of {target.set} that belong to "
        f"no record hold what was sent as {columns}.",
        column=_last_column(tools),
        retryable=True,  # mending them changes nothing in the source
        remedy=f"Find out which of them is this record's. Give each other one another {_last_column(tools)}, or delete "
        "it if nobody needs it; the record then goes on by itself.",
        details={"others": ",".join(_key_text(row, tools) for row in rows[:20])},
    )


def _unclear(tools: Applier) -> DataError:
    target, columns = tools.plan.flow.target, _columns(tools)
    return DataError(
        "ambiguous-match",
        f"The record was being created when the app was stopped, and has changed since: nobody can tell whether "
        f"{target.set} has its row.",
        column=_last_column(tools),
        retryable=True,
        remedy=f"Give it back, for a moment, what it had for {columns}: then its row is found, or made.",
    )


def _columns(tools: Applier) -> str:
    return ", ".join(tools.plan.recovery.columns) if tools.plan.recovery else ""


def _last_column(tools: Applier) -> str:
    return tools.plan.recovery.columns[-1] if tools.plan.recovery else ""


def _key_text(row: Values, tools: Applier) -> str:
    return key_text(key_of(row, tools))


def _is_of(holder: str | None, work: Work) -> bool:
    return holder is not None and holder.casefold() == work.change.id.casefold()
