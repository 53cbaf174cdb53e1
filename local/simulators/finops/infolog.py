"""Business refusals in the words of the Infolog (wire.md 2.6), in the language of the user (switch `infolog_language`).

The texts stand in `texts/<language>.toml`. Labels of sets and properties are those of the schema where it has the
language, else the translation of the English label in that file. Whoever reads them must not decide by the text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local.simulators.finops.errors import WRITE, Refusal
from local.simulators.finops.schema import COMPANY, EntitySet

LANGUAGES = ("en", "de", "es")
_FOLDER = Path(__file__).parent / "texts"


class Infolog:
    """Makes the refusals of one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        file = _texts(language)
        self._texts, self._words, self._labels = file["texts"], file["words"], file.get("labels", {})

    def word(self, name: str) -> str:
        """A word of the `[words]` that the texts are given."""
        return self._words[name]

    def label(self, entity_set: EntitySet, name: str = "") -> str:
        """What users call a property, or the set itself."""
        own = entity_set.labels.get(self._language, {}).get(name)
        return own or self._labels.get(english := entity_set.label("en", name), english)

    def not_found(self, entity_set: EntitySet, name: str, value: object, related: EntitySet) -> Refusal:
        """The value of a property is no key of the set it refers to."""
        return self.field(entity_set, name, "not-found", value=value, table=self.label(related))

    def not_known(self, entity_set: EntitySet, name: str, value: str, list_name: str) -> Refusal:
        """The value of a property is not in a list that is no entity set: countries, states, languages, parties."""
        return self.field(entity_set, name, "not-found", value=value, table=self._words[list_name])

    def too_long(self, entity_set: EntitySet, name: str) -> Refusal:
        """A text with more UTF-16 code units than the field holds."""
        return self.field(entity_set, name, "too-long", length=entity_set.lengths[name])

    def not_editable(self, entity_set: EntitySet, name: str) -> Refusal:
        """A property that only a create may set, or only F&O itself."""
        return self.field(entity_set, name, "not-editable")

    def not_allowed(self, entity_set: EntitySet, name: str, value: str) -> Refusal:
        """A text that is none of those the field takes."""
        return self.field(entity_set, name, "not-allowed", value=value)

    def empty(self, entity_set: EntitySet, name: str) -> Refusal:
        """A required property without a value."""
        return self.row(entity_set, "empty", field=self.label(entity_set, name))

    def exists(self, entity_set: EntitySet, row: Mapping[str, Any]) -> Refusal:
        """A create whose key another row has."""
        return _refusal(entity_set, f"Info: {self._about('exists', entity_set, row)}")

    def conflict(self, entity_set: EntitySet, row: Mapping[str, Any]) -> Refusal:
        """An update that another user's change got ahead of."""
        canceled = self._texts["canceled"]
        return _refusal(entity_set, f"Info: {self._about('conflict', entity_set, row)}", f"Error: {canceled}")

    def in_use(self, entity_set: EntitySet, row: Mapping[str, Any], number: int, other: EntitySet) -> Refusal:
        """A delete of a row that others depend on."""
        told = self._about("in-use", entity_set, row, number=number, other=self.label(other))
        return _refusal(entity_set, f"Error: {told}")

    def read_only(self, entity_set: EntitySet) -> Refusal:
        """A write through an entity that only shows."""
        return _refusal(entity_set, f"Error: {self._texts['read-only'].format(label=self.label(entity_set))}")

    def row(self, entity_set: EntitySet, text: str, **facts: object) -> Refusal:
        """A row that cannot be as it would be: a text of `[texts]` with its facts."""
        return _refusal(
            entity_set,
            f"Warning: {self._texts[text].format(**facts)}",
            f"Warning: {self._texts['write'].format(table=entity_set.table)}",
        )

    def field(self, entity_set: EntitySet, name: str, text: str, **facts: object) -> Refusal:
        """A field that cannot hold what it was given: a text of `[texts]` with its facts."""
        told = self._texts[text].format(field=self.label(entity_set, name), **facts)
        failed = self._texts["field"].format(entity=entity_set.entity, name=name)
        return _refusal(entity_set, f"Warning: {told}", f"Warning: {failed}")

    def _about(self, text: str, entity_set: EntitySet, row: Mapping[str, Any], **facts: object) -> str:
        named = [f"{self.label(entity_set, name)}: {row[name]}" for name in entity_set.key if name != COMPANY]
        if described := row.get(entity_set.text):
            named.append(described)
        told = {"label": self.label(entity_set), "table": entity_set.table, "row": ", ".join(named), **facts}
        return self._texts[text].format(**told)


@cache
def _texts(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _refusal(entity_set: EntitySet, *pieces: str) -> Refusal:
    return Refusal(
        400, f"Write failed for table row of type '{entity_set.entity}'. Infolog: {'; '.join(pieces)}", WRITE
    )
