"""Business refusals in the words of the Infolog (wire.md 2.6), in the language of the user (switch `infolog_language`).

The English texts for a missing related value and for an existing record are observed ones; the others, and all German
ones, are made in their manner. Whoever reads them must not decide by the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulators.finops.errors import WRITE, Refusal
from local.simulators.finops.schema import COMPANY, EntitySet

LANGUAGES = ("en", "de")
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "not-found": "The value '{value}' in field '{field}' is not found in the related table '{table}'.",
        "countries": "Countries/regions",
        "states": "States/provinces",
        "too-long": "The value in field '{field}' exceeds the maximum length of {length} characters.",
        "not-editable": "Field '{field}' does not allow editing.",
        "not-allowed": "The value '{value}' is not allowed in field '{field}'.",
        "empty": "Field '{field}' must be filled in.",
        "field": "validateField failed on field '{entity}.{name}'.",
        "write": "validateWrite failed on data source '{table} ({table})'.",
        "exists": "Cannot create a record in {label} ({table}). {row}.\nThe record already exists..",
    },
    "de": {
        "not-found": "Der Wert '{value}' im Feld '{field}' ist in der zugehörigen Tabelle '{table}' nicht vorhanden.",
        "countries": "Länder/Regionen",
        "states": "Bundesländer/Kantone",
        "too-long": "Der Wert im Feld '{field}' überschreitet die maximale Länge von {length} Zeichen.",
        "not-editable": "Feld '{field}' kann nicht bearbeitet werden.",
        "not-allowed": "Der Wert '{value}' ist im Feld '{field}' nicht zulässig.",
        "empty": "Feld '{field}' muss ausgefüllt werden.",
        "field": "validateField ist für das Feld '{entity}.{name}' fehlgeschlagen.",
        "write": "validateWrite ist für die Datenquelle '{table} ({table})' fehlgeschlagen.",
        "exists": "In {label} ({table}) kann kein Datensatz angelegt werden. {row}.\nDer Datensatz existiert bereits..",
    },
}


class Infolog:
    """Makes the refusals of one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._texts = _TEXTS[language]

    def not_found(self, entity_set: EntitySet, name: str, value: str, related: EntitySet) -> Refusal:
        """The value of a property is no key of the set it refers to."""
        return self._field(entity_set, name, "not-found", value=value, table=related.label(self._language))

    def unknown_country(self, entity_set: EntitySet, name: str, value: str) -> Refusal:
        """A country code that is none."""
        return self._field(entity_set, name, "not-found", value=value, table=self._texts["countries"])

    def unknown_state(self, entity_set: EntitySet, name: str, value: str) -> Refusal:
        """A state that is not in the list of its country."""
        return self._field(entity_set, name, "not-found", value=value, table=self._texts["states"])

    def too_long(self, entity_set: EntitySet, name: str) -> Refusal:
        """A text with more UTF-16 code units than the field holds."""
        return self._field(entity_set, name, "too-long", length=entity_set.lengths[name])

    def not_editable(self, entity_set: EntitySet, name: str) -> Refusal:
        """A property that only a create may set."""
        return self._field(entity_set, name, "not-editable")

    def not_allowed(self, entity_set: EntitySet, name: str, value: str) -> Refusal:
        """A text that is none of those the field takes."""
        return self._field(entity_set, name, "not-allowed", value=value)

    def empty(self, entity_set: EntitySet, name: str) -> Refusal:
        """A required property without a value."""
        field = entity_set.label(self._language, name)
        return _refusal(
            entity_set,
            f"Warning: {self._texts['empty'].format(field=field)}",
            f"Warning: {self._texts['write'].format(table=entity_set.table)}",
        )

    def exists(self, entity_set: EntitySet, row: Mapping[str, Any]) -> Refusal:
        """A create whose key another row has."""
        label = entity_set.label(self._language)
        named = [f"{entity_set.label(self._language, name)}: {row[name]}" for name in entity_set.key if name != COMPANY]
        if text := row.get(entity_set.text):
            named.append(text)
        told = self._texts["exists"].format(label=label, table=entity_set.table, row=", ".join(named))
        return _refusal(entity_set, f"Info: {told}")

    def _field(self, entity_set: EntitySet, name: str, text: str, **facts: object) -> Refusal:
        told = self._texts[text].format(field=entity_set.label(self._language, name), **facts)
        failed = self._texts["field"].format(entity=entity_set.entity, name=name)
        return _refusal(entity_set, f"Warning: {told}", f"Warning: {failed}")


def _refusal(entity_set: EntitySet, *pieces: str) -> Refusal:
    return Refusal(
        400, f"Write failed for table row of type '{entity_set.entity}'. Infolog: {'; '.join(pieces)}", WRITE
    )
