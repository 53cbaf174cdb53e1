"""What mapping files are to each other: references to records that another file maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.mapping.around import Surroundings, places
from sync.mapping.problems import Problem, did_you_mean
from sync.mapping.schema import MappingFile, Reference
from sync.mapping.yaml_text import Document, Path


def check_links(document: Document, name: str, file: MappingFile, around: Surroundings) -> Iterator[Problem]:
    """All problems with references and `link_of`; `name` is the file's own."""
    known = {*around.others, *around.unread}
    for path, mapping in _named(file):
        if mapping not in known:
            what = f'there is no mapping file "{mapping}"'
            yield document.problem(path, what, did_you_mean(mapping, known - {name}, "mapping file"))
    yield from _check_gives(document, file, around.others)
    for path, mapping in _needed(file):
        chain = _way_back(mapping, name, around.others) if mapping != name else None
        if chain:
            what = f"{name} waits for {' waits for '.join(chain)}"
            yield document.problem(path, what, "Make one of these references optional.")


def _named(file: MappingFile) -> Iterator[tuple[Path, str]]:
    for index, test in enumerate(file.only):
        if test.link_of is not None:
            yield ("only", index, "link_of"), test.link_of
    for place in places(file):
        if place.row.reference is not None:
            for path, mapping in _mappings(place.row.reference):
                yield (*place.path, "reference", *path), mapping


def _mappings(reference: Reference) -> Iterator[tuple[Path, str]]:
    for table, mapping in reference.by_table.items():
        yield ("mapping", table) if table else ("mapping",), mapping


def _check_gives(document: Document, file: MappingFile, others: Mapping[str, MappingFile]) -> Iterator[Problem]:
    for place in places(file):
        reference = place.row.reference
        for _, mapping in _mappings(reference) if reference is not None else ():
            other = others.get(mapping)
            if reference is None or other is None:
                continue
            given = _given(other)
            if reference.give not in given:
                what = f"{mapping} does not give {reference.give}"
                remedy = f"{did_you_mean(reference.give, given, 'value')} Or add it to gives: in {mapping}.yaml."
                yield document.problem((*place.path, "reference", "give"), what, remedy)


def _given(file: MappingFile) -> set[str]:
    """What other files may take from the links of this one."""
    keys = [key for entity in (file.finops, *file.finops_instead) for key in entity.key]
    return {*file.gives, *file.gives_source, *(keys if file.direction != "to_sales" else (file.sales.id,))}


def _needed(file: MappingFile) -> Iterator[tuple[Path, str]]:
    """The references that a record waits for."""
    for place in places(file):
        reference = place.row.reference
        if reference is not None and not reference.optional and place.row.enabled:
            for path, mapping in _mappings(reference):
                yield (*place.path, "reference", *path), mapping


def _way_back(start: str, goal: str, others: Mapping[str, MappingFile]) -> list[str] | None:
    """How waiting leads from one file to another, or None."""
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        file = others.get(way[-1])
        for mapping in dict.fromkeys(mapping for _, mapping in _needed(file)) if file is not None else ():
            if mapping == goal:
                return [*way, goal]
            if mapping not in seen:
                seen.add(mapping)
                ways.append([*way, mapping])
    return None
