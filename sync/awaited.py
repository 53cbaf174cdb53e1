"""What records wait for, and who waits: `python -m sync waiting`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.mapping.plan import BY_TARGET
from sync.model import Link, Waiter
from sync.ports import Links
from sync.remember import REFERENCE_DATA

_THERE = "linked; those who wait go on soon"


@dataclass(frozen=True, slots=True)
class Awaited:
    """One thing that is waited for: its name (`NotReady.awaits`), how it stands, and who waits, for which codes."""

    name: str
    stands: str
    waiters: tuple[Waiter, ...]

    @property
    def mapping(self) -> str:
        """Of which mapping a record is waited for; "" for reference data."""
        return "" if self.name.startswith(REFERENCE_DATA) else self.name.partition(":")[0].removesuffix(BY_TARGET)

    @property
    def by_target(self) -> bool:
        """Whether it is named by the row on the other side, which one of the records must first become."""
        return self.name.partition(":")[0].endswith(BY_TARGET)

    @property
    def id(self) -> str:
        """The rest of its name: the record's id, the row's key, or what reference data must have."""
        return self.name.partition(":")[2]

    @property
    def is_there(self) -> bool:
        """Whether those who wait have no reason to any more."""
        return self.stands == _THERE

    @property
    def by_flow(self) -> dict[tuple[str, str], int]:
        """How many records of each flow wait, by flow and code."""
        return dict(Counter((waiter.flow, waiter.code) for waiter in self.waiters))


def awaited(waiters: Iterable[Waiter], links: Links) -> list[Awaited]:
    """Everything that these records wait for, what most wait for first.

    Records that go on without what they hope for (an optional reference) have no code, and are not in it.
    """
    groups: dict[str, list[Waiter]] = defaultdict(list)
    for waiter in waiters:
        if waiter.code:
            groups[waiter.awaits].append(waiter)
    stands = _stand(list(groups), links)
    found = [Awaited(name, stands[name], tuple(members)) for name, members in groups.items()]
    return sorted(found, key=lambda each: (-len(each.waiters), each.name))


def _stand(names: Sequence[str], links: Links) -> dict[str, str]:
    stands = {name: "reference data that is not there" for name in names if name.startswith(REFERENCE_DATA)}
    owners: dict[str, tuple[str, str]] = {}
    keys: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        if name in stands:
            continue
        mapping, _, id = name.partition(":")
        if mapping.endswith(BY_TARGET):
            keys[mapping.removesuffix(BY_TARGET)][id] = name
        else:
            owners[name] = mapping, id
    for mapping, asked in keys.items():
        owners |= {asked[key]: (mapping, id) for key, id in links.find(mapping, list(asked)).items()}
    stands |= {
        name: f"no record of {name.partition(BY_TARGET)[0]} has become it" for name in names if name not in stands
    }
    wanted: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for name, (mapping, id) in owners.items():
        wanted[mapping, links.partition(id)][id] = name
    for (mapping, partition), ids in wanted.items():
        stored = links.read(mapping, partition, list(ids))
        stands |= {name: _state_of(stored.get(id)) for id, name in ids.items()}
    return stands


def _state_of(link: Link | None) -> str:
    if link is None or link.state == "":
        return "not seen yet"
    reason = link.reason or (link.trouble.code if link.trouble else "")
    if link.linked and link.state != "parked":
        return _THERE
    return f"{link.state}: {reason}" if reason else link.state
