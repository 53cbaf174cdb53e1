"""Text arrives clean, no longer than it may be, and whole characters only (flows.md 1.4, R2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.mapping.text import clean, cut, is_unsafe, same_name, width

any_text = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Sleek Bikes ", "Sleek Bikes"),
        ("a\tb\nc\rd\u00a0e", "a b c d e"),
        ("a\x00b\x07c\x85d", "abcd"),
        ("\u2003wide\u3000", "wide"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("שלום עולם", "שלום עולם"),
        ("\u00a0\t ", ""),
        ("half \ud83d", "half"),
    ],
)
def test_one_line_is_cleaned(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(("text", "cleaned"), [("a\r\nb\n", "a\nb"), ("a\x00\nb", "a\nb"), ("a\u00a0b", "a\u00a0b")])
def test_several_lines_keep_their_line_feeds(text: str, cleaned: str) -> None:
    assert clean(text, multiline=True) == cleaned


@given(any_text, st.booleans())
def test_cleaning_twice_changes_nothing(text: str, multiline: bool) -> None:
    once = clean(text, multiline=multiline)
    assert clean(once, multiline=multiline) == once


@given(any_text.map(clean), st.integers(1, 30))
def test_a_cut_is_a_beginning_that_fits_and_is_trimmed(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert text.startswith(short)
    assert width(short) <= limit
    assert short == short.rstrip() or short == text
    short.encode("utf-8")  # half a surrogate pair could not be encoded
    if width(text) > limit + 1:
        assert width(text[: len(short) + 1].rstrip()) > limit or text[len(short)].isspace() or limit - width(short) <= 1


def test_lengths_are_utf16() -> None:
    assert width("a😀") == 3
    assert cut("ab😀", 3) == "ab"
    assert cut("ab😀", 4) == "ab😀"
    assert cut("abc def", 4) == "abc"


@pytest.mark.parametrize("number", ["A/1", "R&D", "a\\b", "a?", "#1", "5%", "a:b", "<a", "a>", "a*", "a+b", 'a"', "a."])
def test_numbers_that_cannot_stand_in_a_key_are_unsafe(number: str) -> None:
    assert is_unsafe(number)


@pytest.mark.parametrize("number", ["O'Brien", "A-1_2", "a.b", "Ä 1", "", "(1),$@!~^="])
def test_other_numbers_are_safe(number: str) -> None:
    assert not is_unsafe(number)


@pytest.mark.parametrize(
    ("ours", "theirs", "limit", "same"),
    [
        ("Adventure Works", "ADVENTURE-WORKS.", None, True),
        ("Straße 1", "STRASSE 1", None, True),
        ("Café", "Cafe\u0301", None, True),
        ("株式会社", "株式會社", None, False),
        ("!!", "??", None, False),
        ("!!", "!!", None, True),
        ("", "x", None, False),
        ("x", "", None, False),
        ("abcdefgh", "abcde", 5, True),
        ("abcde", "abcdefgh", 5, True),
        ("abcdefgh", "abcdf", 5, False),
    ],
)
def test_names_are_the_same_in_letters_and_digits(ours: str, theirs: str, limit: int | None, same: bool) -> None:
    assert same_name(ours, theirs, limit) is same
