"""The Infolog of the F&O simulator in each of its languages: texts, labels of fields and of tables (wire.md 2.6)."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import pytest

from local.simulators.finops.infolog import LANGUAGES, Infolog
from local.simulators.finops.schema import load
from tests.local.finops.finops_business import header, line, person
from tests.local.finops.finops_simulated import CONTOSO, Finops, told

TEXTS = Path(__file__).parents[3] / "local" / "simulators" / "finops" / "texts"


pytestmark = pytest.mark.usefixtures("stocked")


def file(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_that_english_says_with_the_same_facts(language: str) -> None:
    english, other = file("en"), file(language)
    for part in ("texts", "words"):
        assert {name: facts(text) for name, text in other[part].items()} == {
            name: facts(text) for name, text in english[part].items()
        }


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_english_label_has_its_translation(language: str) -> None:
    """Labels that are the same word in both languages have to be written down as well."""
    translated = file(language).get("labels", {})
    for entity_set in load().sets.values():
        own = entity_set.labels.get(language, {})
        for name, label in entity_set.labels["en"].items():
            assert name in own or label in translated, f"{entity_set.name} {name or 'itself'}: {label}"


def test_a_property_without_a_label_is_told_by_its_name() -> None:
    customers = load().sets["CustomersV3"]
    assert [Infolog(language).label(customers, "PANNumber") for language in LANGUAGES] == ["PANNumber"] * len(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "missing", "locked", "exists"),
    [
        (
            "en",
            "The value 'X' in field 'Customer group' is not found in the related table 'Customer groups'.",
            "Sales quotation Q1 has status Lost and cannot be changed.",
            "The record already exists..",
        ),
        (
            "de",
            "Der Wert 'X' im Feld 'Debitorengruppe' ist in der zugehörigen Tabelle 'Debitorengruppen' nicht vorhanden.",
            "Verkaufsangebot Q1 hat den Status Lost und kann nicht geändert werden.",
            "Der Datensatz existiert bereits..",
        ),
        (
            "es",
            "El valor 'X' del campo 'Grupo de clientes' no se encuentra en la tabla relacionada 'Grupos de clientes'.",
            "El presupuesto de ventas Q1 tiene el estado Lost y no se puede modificar.",
            "El registro ya existe..",
        ),
    ],
)
def test_the_infolog_speaks_the_language_that_is_switched_on(
    finops: Finops, language: str, missing: str, locked: str, exists: str
) -> None:
    finops.switch(infolog_language=language)
    assert f"Infolog: Warning: {missing}; Warning: " in told(finops.patch(CONTOSO, json={"CustomerGroupId": "X"}))
    assert exists in told(finops.create_customer())
    header(finops)
    finops.post("/admin/quotations", json={"SalesQuotationNumber": "Q1", "SalesQuotationStatus": "Lost"})
    assert locked in told(line(finops))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shape_of_a_refusal_is_the_same_in_every_language(finops: Finops, language: str) -> None:
    finops.switch(infolog_language=language)
    text = told(person(finops, AssociatedPartyNumber="P-9"))
    assert text.startswith("Write failed for table row of type 'ContactPerson'. Infolog: Warning: ")
    assert "'ContactPerson.AssociatedPartyNumber'" in text
