"""Layouts of text tables."""

import pytest

from avbaselines.corpora.text_tables import layout_of
from avbaselines.errors import InputError


def test_a_quoted_cell_may_hold_separators_and_line_ends(tmp_path):
    (tmp_path / "x.csv").write_text('id,said\na,"one, two\nthree"\nb,"with ""quotes"""\n')
    assert layout_of(tmp_path / "x.csv").names == ("id", "said")


@pytest.mark.parametrize("lines", [["id,f", "a,1", "", "b"], ["", "id,f", "", "b"], ["sep=,", "id,f", "a,1", "b"]])
def test_the_line_that_is_named_is_the_line_of_the_file(tmp_path, lines):
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="x.csv, line 4: the last line is cut, it has 1 of 2 cells"):
        layout_of(tmp_path / "x.csv")


def test_the_separator_is_the_one_the_header_has_most_of(tmp_path):
    (tmp_path / "x.csv").write_text("id;a,b;c\nx;1;2\n")
    assert layout_of(tmp_path / "x.csv").separator == ";"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" + "," * 200_000, "more than 100,000 columns"),
        ("id" + "," * 101 + "\na" + ",1" * 101, "101 of its columns have no name"),
    ],
)
def test_columns_have_limits(tmp_path, text, words):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        layout_of(tmp_path / "x.csv")
