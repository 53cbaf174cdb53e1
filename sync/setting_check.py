"""The app settings beside the mapping files: which of them nobody reads, and which make no sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from sync.mapping.load import LoadedMapping, LoadResult
from sync.mapping.problems import nearest
from sync.mapping.settings import app_setting
from sync.settings import FLOW_SETTINGS, Mistake, Settings, flow_mistakes

_OF_AZURE = ("AZURE", "FUNCTION", "WEBSITE", "APPLICATIONINSIGHTS_", "APPINSIGHTS_", "SCM_", "IDENTITY_", "MSI_")
"""How the names of settings begin that the platform reads; in capitals, as an operating system may have them."""

_ALIKE = 0.85
"""From how much on a name is taken for another one with a slip in it; an environment holds all kinds of names."""


def refused_settings(environment: Mapping[str, str], result: LoadResult) -> list[Mistake]:
    """What the app does not start with: values of flows' settings that make no sense, and unknown names among those of
    a flow or a mapping file, for a misspelt one would do nothing."""
    names = _Names(environment, result)
    return [*names.values_without_sense(), *names.unknown_among_their_own()]


def unread_settings(environment: Mapping[str, str], result: LoadResult) -> list[Mistake]:
    """Other names that look as if they were meant for the app. It starts with them: they may be somebody else's, or
    left from a mapping file that is no more."""
    return list(_Names(environment, result).unknown())


def flow_names(result: LoadResult) -> list[str]:
    """The flows of the mapping files that can be used, by what the files say alone."""
    return [
        f"{loaded.name}_to_{target}"
        for loaded in result.loaded
        for target in (
            ("finops", "sales") if loaded.file.direction == "both" else (loaded.file.direction.removeprefix("to_"),)
        )
    ]


class _Names:
    def __init__(self, environment: Mapping[str, str], result: LoadResult) -> None:
        self._environment = environment
        self._flows = flow_names(result)
        self._own = {name.upper() for name in Settings.model_fields}
        self._declared = {app_setting(setting.name) for setting in result.settings}
        self._of_flows = {f"{flow.upper()}__{name}" for flow in self._flows for name in FLOW_SETTINGS}
        self._prefixes = {name.partition("__")[0] for name in self._declared | self._of_flows if "__" in name}
        # What a file with problems declares is not known.
        broken = (name for name, mapping in result.mappings.items() if not isinstance(mapping, LoadedMapping))
        self._foreign = (
            *_OF_AZURE,
            *(f"{name.upper()}_" for name in broken),
            f"{environment.get('STORAGE') or 'AzureWebJobsStorage'}__".upper(),
        )

    @property
    def _known(self) -> Set[str]:
        return self._own | self._declared | self._of_flows

    def values_without_sense(self) -> Iterator[Mistake]:
        for flow in self._flows:
            yield from flow_mistakes(flow, self._environment)

    def unknown_among_their_own(self) -> Iterator[Mistake]:
        for name in self._strange():
            if self._is_among_their_own(name):
                yield Mistake(f"{name} is not a setting", self._meant(name))

    def unknown(self) -> Iterator[Mistake]:
        for name in self._strange():
            if self._is_among_their_own(name):
                continue
            flow, _, setting = name.upper().rpartition("__")
            of_flow = bool(flow) and (setting in FLOW_SETTINGS or flow.endswith(("_TO_FINOPS", "_TO_SALES")))
            if of_flow and flow in self._prefixes:
                yield Mistake(f"{name} is not read", f"Write {name.upper()}.")
            elif of_flow and self._flows:
                flows = ", ".join(each.upper() for each in sorted(self._flows))
                near = self._nearest(name)
                remedy = f"Did you mean {near}? " if near else ""
                yield Mistake(f"{name} is read by nobody: there is no flow {flow}", f"{remedy}The flows are {flows}.")
            elif "_" in name and (near := self._nearest(name)):
                yield Mistake(f"{name} is read by nobody", f"Did you mean {near}?")

    def _strange(self) -> Iterator[str]:
        for name in sorted(self._environment):
            # A mapping file's settings are read in any case.
            known = name in self._known or name.upper() in self._declared
            if not known and not name.upper().startswith(self._foreign):
                yield name

    def _is_among_their_own(self, name: str) -> bool:
        return name.partition("__")[0] in self._prefixes and "__" in name

    def _nearest(self, name: str) -> str:
        return nearest(name.upper(), self._known, _ALIKE)

    def _meant(self, name: str) -> str:
        near = nearest(name, self._known)
        return f"Did you mean {near}?" if near else "docs/reference/settings.md lists them all."
