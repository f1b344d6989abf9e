"""Numbers as people write them."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.numbers import decimal_mark, to_numbers, to_seconds


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,5"], ","), (["0,123"], ","), (["1.234,5"], ","), (["1.234.567"], ","), (["1,234.5"], "."), (["1.5"], "."),
        (["1,234,567"], "."), (["1,234"], ""), (["1", "word", "a,b"], ""), (["1,5", "1.5"], "both"),
    ],
)  # fmt: skip
def test_what_proves_a_decimal_mark(texts, mark):
    assert decimal_mark([pd.Series(texts)]) == mark


def test_a_column_of_numbers_proves_the_point():
    assert decimal_mark([pd.Series([1.0, 2.0])]) == "" and decimal_mark([pd.Series([1.0, 2.5])]) == "."


def test_a_column_that_proves_its_own_mark_goes_by_it():
    values, strange = to_numbers(pd.Series(["1,5", "1,234"]), ".")
    assert values.tolist() == [1.5, 1.234] and strange is None


def test_the_first_value_that_is_no_number_is_told():
    _, strange = to_numbers(pd.Series(["1", None, "?", "?", "x"]))
    assert (strange.row, strange.value, strange.count, strange.share) == (2, "?", 2, 0.75)


def test_the_given_column_stays_as_it_is():
    column = pd.Series(["1,5", "x", None])
    to_numbers(column)
    assert column.tolist()[:2] == ["1,5", "x"]


def test_dates_count_from_the_first_of_each_recording():
    times = pd.Series(pd.to_datetime(["2024-01-01 10:00:05", "2024-01-01 10:00:01", "2024-01-02 08:00:00"]))
    seconds, were = to_seconds(times, np.array(["a", "a", "b"]))
    assert seconds.tolist() == [4.0, 0.0, 0.0] and were == "dates"
    assert to_seconds(times)[0].max() > 79_000
