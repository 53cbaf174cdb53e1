"""Reading the folder of mapping files: each file is loaded, or has problems; a broken one stops its own flows only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sync.mapping.around import Surroundings, tables_of
from sync.mapping.crosscheck import check_mapping
from sync.mapping.problems import MappingProblems, Problem
from sync.mapping.read import ReadFile, read_file
from sync.mapping.schema import MappingFile, Setting
from sync.mapping.settingcheck import check_declarations
from sync.mapping.transforms import Transforms, load_transforms
from sync.mapping.value_schema import SettingsFile, ValueMapFile
from sync.mapping.values import ValueMap, compile_map
from sync.mapping.yaml_text import Document
from sync.model import System

_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_SETTINGS_FILE = "settings.yaml"


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping file without problems. `settings` are its own and the shared ones."""

    name: str
    file: MappingFile
    document: Document
    settings: tuple[Setting, ...]
    transforms: Transforms = field(repr=False)

    def tables(self, system: System) -> tuple[str, ...]:
        """The tables of a system whose columns decide which rows hold (`compile_plans`, `live`)."""
        return tuple(dict.fromkeys(tables_of(self.file, system)))


@dataclass(frozen=True)
class LoadResult:
    """What a folder holds: for each mapping file either the file or all its problems, and the value maps."""

    mappings: Mapping[str, LoadedMapping | MappingProblems]
    maps: Mapping[str, ValueMap]
    settings: tuple[Setting, ...]
    shared_problems: tuple[Problem, ...]

    @property
    def loaded(self) -> list[LoadedMapping]:
        """The files that can be used."""
        return [mapping for mapping in self.mappings.values() if isinstance(mapping, LoadedMapping)]

    @property
    def problems(self) -> list[Problem]:
        """Every problem of the folder, each once."""
        found = set(self.shared_problems)
        for mapping in self.mappings.values():
            if isinstance(mapping, MappingProblems):
                found.update(mapping.problems)
        return sorted(found)


def load_all(folder: Path) -> LoadResult:
    """Read `*.yaml`, `settings.yaml`, `values/*.yaml` and `transforms.py` of a folder. Raises nothing for bad files.

    A folder that is not there, or holds no mapping file, is a problem too: nothing would be synchronised.

    A broken value map stops the flows that use it; broken shared settings or transforms stop all that may use them.
    """
    maps, map_problems = _load_maps(folder)
    shared, settings_problems = _load_settings(folder, maps)
    transforms, transform_problems = load_transforms(folder / "transforms.py", f"{folder.name}/transforms.py")
    read = {path.stem: _read(folder, path) for path in _yaml_files(folder) if path.name != _SETTINGS_FILE}
    declared = _declared(read, shared)
    models = {name: file.model for name, file in read.items() if file.model is not None}
    unread = frozenset(read) - frozenset(models)
    mappings: dict[str, LoadedMapping | MappingProblems] = {}
    for name, file in read.items():
        problems = [*file.problems, *settings_problems, *transform_problems]
        if file.model is not None:
            surroundings = Surroundings(maps, map_problems, shared, declared, transforms, models, unread)
            problems += check_mapping(file.document, file.model, surroundings)
        if problems or file.model is None:
            mappings[name] = MappingProblems(name, problems)
        else:
            settings = (*shared, *file.model.settings)
            mappings[name] = LoadedMapping(name, file.model, file.document, settings, transforms)
    every = (*shared, *(setting for mapping in read.values() if mapping.model for setting in mapping.model.settings))
    others = [
        *_empty(folder, read),
        *_misnamed(folder),
        *(problem for problems in map_problems.values() for problem in problems),
    ]
    return LoadResult(mappings, maps, every, tuple(sorted({*others, *settings_problems, *transform_problems})))


def _empty(folder: Path, read: Mapping[str, object]) -> list[Problem]:
    if read:
        return []
    what = "there is no mapping file in this folder" if folder.is_dir() else "there is no such folder"
    return [Problem(str(folder), 0, 0, what, "Set MAPPINGS to the folder that holds them, such as mappings.")]


def _read(folder: Path, path: Path) -> ReadFile[MappingFile]:
    file = read_file(path, f"{folder.name}/{path.name}", MappingFile)
    if _FILE_NAME.match(path.stem):
        return file
    what = "the name of the file is no name for a flow"
    problem = Problem(file.document.file, 0, 0, what, "Use lower-case letters, digits and underscores.")
    return ReadFile(file.document, None, (*file.problems, problem))


def _yaml_files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.yaml")))


def _misnamed(folder: Path) -> list[Problem]:
    """Files that would be passed over in silence."""
    found = sorted((*folder.glob("*.yml"), *folder.glob("values/*.yml")))
    remedy = "Rename it: mapping files end in .yaml."
    return [
        Problem(f"{folder.name}/{path.relative_to(folder)}", 0, 0, "the file is not read", remedy) for path in found
    ]


def _load_maps(folder: Path) -> tuple[dict[str, ValueMap], dict[str, list[Problem]]]:
    maps: dict[str, ValueMap] = {}
    problems: dict[str, list[Problem]] = {}
    for path in _yaml_files(folder / "values"):
        read = read_file(path, f"{folder.name}/values/{path.name}", ValueMapFile)
        found = list(read.problems)
        if read.model is not None:
            compiled = compile_map(read.model)
            found += [
                read.document.problem(
                    clash.path,
                    f'"{clash.text}" leads to {clash.first} and to {clash.second}',
                    "Keep it in one place only.",
                    key=clash.path[-1] == clash.text,
                )
                for clash in compiled.clashes
            ]
            if read.model.map != path.stem:
                remedy = f"Name it {path.stem}, or rename the file."
                found.append(read.document.problem(("map",), f"the file {path.name} holds {read.model.map}", remedy))
            maps[path.stem] = compiled
        if found:
            maps.pop(path.stem, None)
            problems[path.stem] = found
    return maps, problems


def _load_settings(folder: Path, maps: Mapping[str, ValueMap]) -> tuple[tuple[Setting, ...], list[Problem]]:
    path = folder / _SETTINGS_FILE
    if not path.exists():
        return (), []
    read = read_file(path, f"{folder.name}/{_SETTINGS_FILE}", SettingsFile)
    settings = read.model.settings if read.model else ()
    return settings, [*read.problems, *check_declarations(read.document, settings, maps)]


def _declared(read: Mapping[str, ReadFile[MappingFile]], shared: tuple[Setting, ...]) -> dict[str, set[str]]:
    """Which files declare a setting."""
    declared: dict[str, set[str]] = {}
    for setting in shared:
        declared.setdefault(setting.name, set()).add(_SETTINGS_FILE)
    for name, file in read.items():
        for setting in file.model.settings if file.model else ():
            declared.setdefault(setting.name, set()).add(f"{name}.yaml")
    return declared
