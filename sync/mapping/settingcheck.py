"""Settings that a mapping file declares and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sync.mapping.around import Surroundings, places
from sync.mapping.conditioncheck import check_condition, conditions_of
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.schema import FromSetting, MappingFile, Otherwise, Setting
from sync.mapping.values import ValueMap
from sync.mapping.words import FromDay
from sync.mapping.yaml_text import Document, Path


def check_settings(document: Document, file: MappingFile, around: Surroundings) -> Iterator[Problem]:
    """All problems with the settings of a mapping file."""
    settings = {setting.name: setting for setting in (*around.shared, *file.settings)}
    for path, name in _named(file):
        if name not in settings:
            remedy = did_you_mean(name, settings, "setting") + " Declare it under settings."
            yield document.problem(path, f'there is no setting "{name}"', remedy)
    for path, condition in conditions_of(file):
        yield from check_condition(document, path, condition, settings)
    own = document.file.rpartition("/")[2].removesuffix(".yaml")
    for name, places_ in around.declared.items():
        if name.startswith(f"{own}.") and "settings.yaml" not in places_:
            continue  # accounts.site belongs to accounts.yaml: another file that declares it too is the wrong one
        if len(places_) > 1 and name in {setting.name for setting in file.settings}:
            index = next(index for index, setting in enumerate(file.settings) if setting.name == name)
            what = f"the setting {name} is declared in {' and '.join(sorted(places_))}"
            remedy = "Declare it once; in settings.yaml when several files read it."
            yield document.problem(("settings", index, "name"), what, remedy)
    yield from check_declarations(document, file.settings, around.maps)
    defaults = file.example_defaults
    given: list[tuple[Path, Mapping[str, str]]] = [(("example_defaults",), defaults.settings)] if defaults else []
    given += [(("examples", index, "given"), each.given.settings) for index, each in enumerate(file.examples)]
    for path, texts in given:
        for name in sorted(set(texts) - set(settings)):
            remedy = did_you_mean(name, settings, "setting")
            yield document.problem((*path, "settings", name), f'there is no setting "{name}"', remedy, key=True)


def check_declarations(
    document: Document, settings: Sequence[Setting], maps: Mapping[str, ValueMap]
) -> Iterator[Problem]:
    """Problems of the declarations in one file by themselves."""
    names: set[str] = set()
    for index, setting in enumerate(settings):
        path: Path = ("settings", index)
        if setting.name in names:
            yield document.problem((*path, "name"), f"the setting {setting.name} is declared twice", "Keep one.")
        names.add(setting.name)
        if setting.allowed and setting.default.casefold() not in {value.casefold() for value in setting.allowed}:
            what = f'the default "{setting.default}" of {setting.name} is not allowed'
            yield document.problem((*path, "default"), what, f"Allowed: {', '.join(setting.allowed)}.")
        if setting.values and setting.values not in maps:
            remedy = did_you_mean(setting.values, maps, "value map")
            yield document.problem((*path, "values"), f'there is no value map "{setting.values}"', remedy)


def _named(file: MappingFile) -> Iterator[tuple[Path, str]]:
    for path, condition in conditions_of(file):
        if condition.setting is not None:
            yield (*path, "setting"), condition.setting
    for place in places(file):
        row = place.row
        if row.setting is not None:
            yield (*place.path, "setting"), row.setting
        named = row.resolve.named if row.resolve is not None else None
        for keys, given in ((("sales",), row.sales), (("default",), row.default), (("resolve", "named"), named)):
            if isinstance(given, FromSetting):
                yield (*place.path, *keys, "setting"), given.setting
        for index, other in enumerate(row.or_else):
            if isinstance(other, FromDay):
                yield (*place.path, "or_else", index, "day"), other.day
                if other.zone is not None:
                    yield (*place.path, "or_else", index, "zone"), other.zone
        if isinstance(row.otherwise, Otherwise) and row.otherwise.setting is not None:
            yield (*place.path, "otherwise", "setting"), row.otherwise.setting
    if file.lines is not None and file.lines.remove is not None:
        yield ("lines", "remove"), file.lines.remove
    if file.finops.company is not None:
        yield ("finops", "company", "setting"), file.finops.company.setting
    for index, setting in enumerate(file.settings):
        if setting.same_as is not None:
            yield ("settings", index, "same_as"), setting.same_as
