import numpy as np

from avbaselines.extractors.rows import Rows


def test_rows_are_replaced_by_name_and_unpacked_in_order():
    rows = Rows(np.zeros((2, 1)), ("a",), np.array([0.0, 0.5]), "", 1.0, np.nan, {})
    assert rows._replace(remark="silent").remark == "silent" and rows.remark == ""
    X, columns, times, *_ = rows
    assert X.shape == (len(times), len(columns))
