"""YAML means what it looks like; what YAML would quietly change is closed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync.mapping.yaml_text import parse

TRAPS = [
    "NO",
    "no",
    "yes",
    "off",
    "y",
    "True",
    "FALSE",
    "~",
    "030",
    "0x1F",
    "0o17",
    "1_000",
    "12:30",
    "1e3",
    ".5",
    "+1",
]
TRAPS += ["2026-01-05", "2026-01-05T10:00:00Z", "=", "<<"]


@pytest.mark.parametrize(
    "text",
    TRAPS,
)
def test_text_stays_text(text: str) -> None:
    document, problems = parse("f", f"value: {text}\nlist: [{text}]\n")
    assert problems == []
    assert document.data == {"value": text, "list": [text]}


@pytest.mark.parametrize(
    ("text", "value"),
    [("null", None), ("", None), ("true", True), ("false", False), ("0", 0), ("-12", -12), ("1.50", Decimal("1.50"))],
)
def test_only_null_flags_and_plain_numbers_are_special(text: str, value: object) -> None:
    document, problems = parse("f", f"value: {text}\n")
    assert problems == []
    assert isinstance(document.data, dict)
    found = document.data["value"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_texts() -> None:
    document, problems = parse("f", "{NO: a, 1: b, true: c, 030: d, null: e, yes: f}")
    assert problems == []
    assert document.data == {"NO": "a", "1": "b", "true": "c", "030": "d", "null": "e", "yes": "f"}


def test_a_key_written_twice_is_told_with_both_places() -> None:
    _, problems = parse("f", 'DE: a\nDK: b\nDK: c\nlist:\n  - {x: 1, "x": 2}\n1: a\n"1": b\n')
    assert [str(problem) for problem in problems] == [
        'f:3:1: "DK" is written twice, line 2. Keep one of the two.',
        'f:5:12: "x" is written twice, line 5. Keep one of the two.',
        'f:7:1: "1" is written twice, line 6. Keep one of the two.',
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [1", "this is not YAML"),
        ("a: !!python/object:os.system x", "the tag tag:yaml.org,2002:python/object:os.system is not allowed"),
        ("a: !own x", "the tag !own is not allowed"),
        ("a: !!int x", "the tag tag:yaml.org,2002:int is not allowed"),
        ("? \n: x", "a key is missing before the colon"),
        ("[a]: x", "a key must be a text"),
        ("a: &x [*x]", "this alias contains itself"),
        ("a: \x07", "this is not YAML: a character that YAML does not allow"),
        ("--- a\n--- b\n", "this is not YAML"),
    ],
)
def test_what_is_refused(text: str, what: str) -> None:
    _, problems = parse("f", text)
    assert [problem.what.startswith(what) for problem in problems] == [True], problems


def test_an_alias_repeats_what_it_names() -> None:
    document, problems = parse("f", "a: &x {k: 1}\nb: *x\n")
    assert problems == []
    assert document.data == {"a": {"k": 1}, "b": {"k": 1}}
