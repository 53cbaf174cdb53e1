"""Facts: what mapping asks of the world, read for a whole batch at once before it is judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sync.errors import Contested, NotReady
from sync.mapping.plan import Plan, Tables
from sync.model import Link, Record, Scalar, System, Use, Values
from sync.ports import Clock, Links, Reader

ASK_AGAIN = 2.0
"""Seconds until another flow may have decided about the same record; a write takes less, mostly."""


class BatchFacts:
    """The Facts of one judgement: reference data, other mappings' links, and uses of records in other tables.

    What `prepare` did not foresee is read when it is asked for. Raises what the ports raise.
    """

    def __init__(self, tables: Tables, links: Links, reader: Reader, clock: Clock) -> None:
        self._tables = tables
        self._links = links
        self._reader = reader
        self._clock = clock
        self._known: dict[tuple[str, str], Link | None] = {}
        self._owners: dict[tuple[str, str], str | None] = {}
        self._used: dict[tuple[Use, str], bool] = {}

    def prepare(self, plan: Plan, records: Sequence[Record]) -> None:
        """Read the links and the uses that these records will be judged by, in few requests."""
        self._read_asked(plan, records)
        ids = list(dict.fromkeys(record.id for record in records))
        for use in plan.uses if ids else ():
            found = {id.casefold() for id in self._reader.referring(use, ids)}
            self._used.update(((use, id), id.casefold() in found) for id in ids)

    def prepare_lines(self, plan: Plan, records: Sequence[Record]) -> None:
        """Read the links that the lines of these documents ask for, in few requests."""
        self._read_asked(plan, [record for record in records if record.lines])

    def _read_asked(self, plan: Plan, records: Sequence[Record]) -> None:
        self._find(dict.fromkeys(asked for record in records for asked in plan.owners_asked(record)))
        self.read(dict.fromkeys(asked for record in records for asked in plan.links_asked(record)))

    def read(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read these links, by mapping and id, anew."""
        groups: dict[tuple[str, int], list[str]] = defaultdict(list)
        for mapping, id in wanted:
            groups[mapping, self._links.partition(id)].append(id)
        for (mapping, partition), ids in groups.items():
            found = self._links.read(mapping, partition, ids)
            self._known.update(((mapping, id), found.get(id)) for id in ids)

    def _find(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read the links that hold these target keys, by mapping and key."""
        groups: dict[str, list[str]] = defaultdict(list)
        for mapping, key in wanted:
            groups[mapping].append(key)
        for mapping, keys in groups.items():
            holders = self._links.find(mapping, keys)
            self._owners.update(((mapping, key), holders.get(key)) for key in keys)
            self.read((mapping, id) for id in holders.values())

    def lookup(self, system: System, set: str, id: str, give: str) -> Scalar | None:
        return self._tables.lookup(system, set, id, give)

    def exists(self, system: System, set: str, column: str, value: str, company: str | None) -> str | None:
        return self._tables.exists(system, set, column, value, company)

    def rows(
        self, system: System, set: str, column: str, value: str, fits: Callable[[Values], bool]
    ) -> Sequence[Values]:
        return self._tables.rows(system, set, column, value, fits)

    def link(self, mapping: str, id: str) -> Link | None:
        if (mapping, id) not in self._known:
            self.read([(mapping, id)])
        return self._known[mapping, id]

    def owner(self, mapping: str, key: str) -> Link | None:
        if (mapping, key) not in self._owners:
            self._find([(mapping, key)])
        id = self._owners[mapping, key]
        return self.link(mapping, id) if id is not None else None

    def referred(self, use: Use, id: str) -> bool:
        if (use, id) not in self._used:
            found = {each.casefold() for each in self._reader.referring(use, [id])}
            self._used[use, id] = id.casefold() in found
        return self._used[use, id]

    def today(self, zone: str = "UTC") -> date:
        return self._clock.now().astimezone(ZoneInfo(zone)).date()

    def deciding(self, plan: Plan, record: Record) -> dict[tuple[str, str], str | None]:
        """The versions of the links that decide whether and how this record is created.

        Raises Contested when another flow is about to create its own row for one of them: that is over in
        seconds. Where it takes longer, the batch is cut so that its other records need not wait (`blame`). Raises
        NotReady when a delivery has died over that: whether there is a row is known when that flow takes it up again.
        """
        versions: dict[tuple[str, str], str | None] = {}
        for mapping, id in plan.links_asked(record) if plan.watches else ():
            if mapping not in plan.watches:
                continue
            link = self.link(mapping, id)
            if link is not None and not link.linked:
                self._refuse_undecided(plan, mapping, link)
            versions[mapping, id] = link.etag if link is not None else None
        return versions

    def _refuse_undecided(self, plan: Plan, mapping: str, link: Link) -> None:
        """A create of the other flow that is under way, or that was announced and never remembered."""
        if link.claim and link.claim.until > self._clock.now():
            raise Contested(
                "another flow is deciding about the same record", delay=ASK_AGAIN, where=f"{mapping} {link.id}"
            )
        if link.reserved and (link.claim or link.dirty):
            raise NotReady(
                "reference-unknown",
                f"{mapping} {link.id} may have been written, and nobody has remembered it yet.",
                # It may come to nothing, so its link is not what releases this record: the sweep looks again.
                awaits=f"{plan.flow.target.system}:{mapping}:{link.id.lower()}",
                remedy=f"This record goes on by itself when {mapping} has gone on.",
            )
