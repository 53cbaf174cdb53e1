"""Values that must be found elsewhere: in other entity sets, and in the lists of countries, states and languages.

References hold within the company of the row where the other set is by company. Keys compare without case; what the
client sent is what is stored. The lists are no entity sets whose columns are known, so they are kept inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops.countries import ALPHA_2
from local.simulators.finops.schema import EntitySet
from local.simulators.finops.values import too_long
from local.simulators.finops.world import World
from local.simulators.odata.filter_values import fold

_LANGUAGES = """
ar ar-ae cs da de de-at de-ch en-au en-ca en-gb en-ie en-in en-my en-nz en-sg en-us en-za es es-mx et fi fr fr-be
fr-ca fr-ch hu is it it-ch ja lt lv nb-no nl nl-be pl pt-br ru sv th tr zh-hans zh-hant
"""
LANGUAGES = frozenset(_LANGUAGES.split())
"""The languages that F&O is delivered in."""
_COUNTRY = "CountryRegionISOCode"


def check_fields(world: World, entity_set: EntitySet, values: Mapping[str, Any], company: str) -> None:
    """Refuse, in the order in which they were sent, a text that is too long and a key that no row has."""
    listed = world.switch("text_lengths") == "listed"
    for name, value in values.items():
        if listed and too_long(entity_set, name, value):
            raise world.infolog.too_long(entity_set, name)
        related = entity_set.references.get(name)
        if related is not None and value:
            target = world.schema.sets[related]
            if world.refers_to(target, company, value) is None:
                raise world.infolog.not_found(entity_set, name, value, target)


class Lists:
    """The lists that the properties of one set are looked up in, found by the properties' names."""

    def __init__(self, world: World, entity_set: EntitySet) -> None:
        self._world = world
        self._set = entity_set
        self._languages = tuple(
            name for name in ("LanguageId", "ContactInformationLanguageId") if name in entity_set.columns
        )
        self._countries = tuple(name for name in entity_set.columns if name.endswith(_COUNTRY))
        self._states = {
            country: state
            for country in self._countries
            for state in (country.removesuffix(_COUNTRY) + "State", country.removesuffix(_COUNTRY) + "StateId")
            if state in entity_set.columns
        }

    def check(self, values: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Refuse a country, state or language that is none; `row` is the row as it will be."""
        infolog = self._world.infolog
        for name in self._languages:
            if (value := values.get(name)) and fold(value) not in LANGUAGES:
                raise infolog.not_known(self._set, name, value, "languages")
        for name in self._countries:
            if (value := values.get(name)) and value.upper() not in ALPHA_2:
                raise infolog.not_known(self._set, name, value, "countries")
        if self._world.states:
            self._check_states(values, row)

    def _check_states(self, values: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        for country, state in self._states.items():
            if state in values or country in values:
                known = self._world.states.get(row[country].upper())
                if known is not None and row[state] and fold(row[state]) not in known:
                    raise self._world.infolog.not_known(self._set, state, row[state], "states")
