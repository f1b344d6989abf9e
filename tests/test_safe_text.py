"""Text of unknown origin: what acts is written out, formulas become texts and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbaselines.errors import InputError
from avbaselines.safe_text import MOST_TEXT, cell, from_cell, message, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é 日本 👩‍🔬", "plain é 日本 👩‍🔬"),
        ("two\nlines", "two\nlines"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\x00b\ud800\ufffe", r"a\x00b\ud800\ufffe"),
        ("a\rb\u2028c", r"a\rb\u2028c"),
    ],
)
def test_signs_that_act_are_written_out(text, expected):
    assert shown(text) == expected == shown(expected)


def test_an_error_shows_names_as_data_and_can_be_read():
    assert str(InputError("no clip '\x1b[2J'")) == r"no clip '\x1b[2J'"
    assert len(str(InputError("x" * 10**6))) < 200
    assert len(message("words " * 10**5)) == MOST_TEXT
    assert message("a\nb\nc\nd") == "a\nb\\nc\\nd"
    path = "/a" * 149 + "/x"
    assert message(path) == path


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "'=1", "''@a"])
def test_a_formula_becomes_a_text(text):
    assert cell(text) == f"'{text}" and from_cell(cell(text)) == text


@pytest.mark.parametrize("text", ["", "s01", "-0.5", "+7", "1e-3", "-", "'quoted'", "a=b", "-inf"])
def test_other_cells_stay_as_they_are(text):
    assert cell(text) == text


@given(st.text(alphabet="'=+-@\t\ra1", max_size=8))
def test_every_text_comes_back(text):
    assert from_cell(cell(text)) == text or not cell(text).startswith("'")
