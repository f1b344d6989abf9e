"""The one form of ids, groups and labels."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.text_form import as_text, folded, spelt_twice, without_zeros


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 2], ["1", "2"]),
        ([1.0, np.nan], ["1", None]),
        ([1.0, 2.5], ["1.0", "2.5"]),
        (pd.Series([1, 2.0, None], dtype=object), ["1", "2", None]),
        (pd.Series([1, pd.NA], dtype="Int64"), ["1", None]),
        (pd.Series(["b", None, "a"], dtype="category"), ["b", None, "a"]),
        (pd.Series([3, 1], dtype="category"), ["3", "1"]),
        ([True, False], ["True", "False"]),
        (["007", " 8 "], ["007", "8"]),
        ([b"a"], ["a"]),
    ],
)
def test_text_of_any_type(values, texts):
    assert [None if pd.isna(text) else text for text in as_text(values)] == texts


def test_text_is_its_own_text():
    odd = ["e\u0301 ", "\ufeffx", "\u00a0y\u00a0", "1.0", "ﬁ"]
    once = as_text(odd)
    assert as_text(once).tolist() == once.tolist() == ["é", "x", "y", "1.0", "ﬁ"]


def test_names_of_other_scripts_keep_their_marks():
    assert len({folded(name) for name in ("が", "か", "कि", "का", "й1", "и2")}) == 6
    assert spelt_twice(["が", "か"]) == []


@pytest.mark.parametrize(("text", "left"), [("0.05", "0.05"), ("00", "0"), ("a0b", "a0b"), ("x_010_020", "x_10_20")])
def test_zeros_that_count_stay(text, left):
    assert without_zeros(text) == left
