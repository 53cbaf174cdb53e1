"""The plans of a mapping file as the live systems allow them: which columns there are decides what is mapped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property

from sync.live_columns import Wanted
from sync.mapping.around import places
from sync.mapping.compile import compile_plans
from sync.mapping.conditions import LiveColumns
from sync.mapping.load import LoadedMapping
from sync.mapping.plan import COMPANY, Plan
from sync.mapping.problems import MappingProblems
from sync.mapping.settings import resolve
from sync.mapping.values import ValueMap
from sync.mapping.words import FromSetting

_NAMES_NOTHING = {"title", "examples", "example_defaults"}
log = logging.getLogger(__name__)


class LivePlans:
    """The plans of one mapping file, one for each direction. Thread-safe.

    Raises MappingProblems at once when the file and the settings make no plan, whatever columns there are.
    """

    def __init__(self, loaded: LoadedMapping, maps: Mapping[str, ValueMap], settings: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._maps = maps
        self._settings = settings
        self._lock = threading.Lock()
        self._columns: LiveColumns = {}
        self._refused: MappingProblems | None = None
        self._plans = self._compiled({})

    @property
    def plans(self) -> list[Plan]:
        """The plans as they are known now."""
        return list(self._plans.values())

    def plan(self, flow: str) -> Plan:
        """The plan of one of the file's flows as it is known now."""
        return self._plans[flow]

    @property
    def refers_to(self) -> frozenset[str]:
        """The mappings whose links any of the plans reads."""
        return frozenset().union(*(plan.refers_to for plan in self._plans.values()))

    @property
    def refers_to_targets(self) -> frozenset[str]:
        """Those of them whose links are asked for by their counterparts."""
        return frozenset().union(*(plan.refers_to_targets for plan in self._plans.values()))

    @cached_property
    def wanted(self) -> Wanted:
        """The tables whose columns decide, and every text that may name a column: a setting, too, may do so."""
        dumped = self._loaded.file.model_dump(mode="json", by_alias=True, exclude=_NAMES_NOTHING, warnings="none")
        named_by = {place.row.sales.setting for place in places(self._loaded.file)
                    if isinstance(place.row.sales, FromSetting)}  # fmt: skip
        values, _ = resolve(self._loaded.settings, self._settings, self._maps)
        names = frozenset((*_texts(dumped), *(values.get(name, "") for name in named_by), COMPANY))
        return Wanted({system: frozenset(self._loaded.tables(system)) for system in ("sales", "finops")}, names)

    def take(self, columns: LiveColumns) -> None:
        """Bring the plans up to what both systems have.

        Raises MappingProblems when a column is gone that a flow needs; the plans stay as they were.
        """
        own = {
            system: {set: found[set] for set in self._loaded.tables(system) if set in found}
            for system, found in columns.items()
        }
        with self._lock:
            if own != self._columns:
                self._columns = own
                self._refused = None
                try:
                    self._plans = self._compiled(own)
                except MappingProblems as error:
                    self._refused = error
                else:
                    self._warn()
            if self._refused is not None:
                raise self._refused.with_traceback(None)

    def _warn(self) -> None:
        for plan in self._plans.values():
            for lack in plan.lacking:
                log.warning("%s: %s. %s", plan.flow.name, lack, lack.remedy)

    def _compiled(self, columns: LiveColumns) -> dict[str, Plan]:
        plans = compile_plans(self._loaded, self._maps, self._settings, columns)
        return {plan.flow.name: plan for plan in plans}


def _texts(data: object) -> Iterator[str]:
    """Every text in a mapping file, keys among them: the columns it may name are among them."""
    match data:
        case str():
            yield data
        case dict():
            for key, value in data.items():
                yield key
                yield from _texts(value)
        case list():
            for value in data:
                yield from _texts(value)
