"""No token, key or secret survives `redact`; no value of a record survives `mask`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.systems.redaction import mask, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {JWT}",
        f"{{'Authorization': 'Bearer {JWT}'}}",
        f'{{"access_token": "{JWT}", "expires_in": 1}}',
        f"token {JWT} was refused",
        "x-identity-header: SECRET-1",
        "headers={'X-IDENTITY-HEADER': 'SECRET-1'}",
        "client_id=a&client_secret=SECRET-1&scope=b",
        "AccountKey=SECRET-1;EndpointSuffix=x",
        "https://x.blob.core.windows.net/c?sv=1&sig=SECRET-1&se=2",
        "Basic SECRET-1",
        "Set-Cookie: SECRET-1; path=/",
    ],
)
def test_secrets_go_in_whatever_form_they_stand(text: str) -> None:
    cleaned = redact(text)

    assert "[redacted]" in cleaned
    assert "SECRET-1" not in cleaned
    assert "eyJ" not in cleaned


def test_a_known_secret_goes_wherever_it_stands() -> None:
    assert redact("the value s3cr3t+x is wrong", "", "s3cr3t", "s3cr3t+x") == "the value [redacted] is wrong"


def test_ordinary_text_stays() -> None:
    text = "The value in field 'Customer group' is not found; design: 1, signature missing, basically fine"
    assert redact(text) == text


def test_values_of_a_record_go_as_words_only() -> None:
    text = "Customer Contoso Ltd (C1): group 10 unknown; 100 groups, contoso ltd. C12."
    record = {"Name": "Contoso Ltd", "Account": "C1", "Group": 10, "City": None, "OneTime": True, "Line": ""}
    assert mask(text, record) == "Customer … (…): group … unknown; 100 groups, …. C12."


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "The value 'Fabrikam Inc' in field 'Customer group' is used.",
            "The value '…' in field 'Customer group' is used.",
        ),
        ('Der Wert "Anna Muster" im Feld "CustomerGroupId"', 'Der Wert "…" im Feld "CustomerGroupId"'),
        (
            "can't be found in the related table 'Customer groups'",
            "can't be found in the related table 'Customer groups'",
        ),
        ("Row '0f8fad5b-d9cb-469f-a165-70867728950e' exists", "Row '0f8fad5b-d9cb-469f-a165-70867728950e' exists"),
    ],
)
def test_what_is_said_of_other_rows_goes_and_the_names_of_columns_stay(said: str, shown: str) -> None:
    assert mask(said, {"CustomerGroupId": "10"}) == shown


def test_addresses_of_mail_go() -> None:
    assert redact("Owner: anna.muster+crm@example.co.uk, Role: Seller") == "Owner: [redacted], Role: Seller"


@given(st.lists(st.text(min_size=1, max_size=8), max_size=5), st.text(max_size=40))
def test_masking_any_values_in_any_text_never_fails(values: list[str], text: str) -> None:
    assert isinstance(mask(text, {f"Column{index}": value for index, value in enumerate(values)}), str)


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12))
def test_no_masked_word_is_left(word: str) -> None:
    assert word not in mask(f"before {word} after", {"Column": word}).replace("before", "").replace("after", "")
