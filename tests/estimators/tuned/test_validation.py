"""Features with gaps and labels of classes."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.validation import GapTolerant, class_codes, drawn_seed


def test_gaps_pass_and_infinity_does_not():
    X = np.array([[1.0, np.nan]], dtype=np.float32)
    assert GapTolerant()._validated(X, reset=True).dtype == np.float32
    assert GapTolerant()._validated(X, reset=True, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="infinity"):
        GapTolerant()._validated(np.array([[np.inf]]), reset=True)
    with pytest.raises(ValueError, match="minimum of 2"):
        GapTolerant()._validated(X, reset=True, min_rows=2)


def test_labels_of_one_class_or_none_are_refused():
    with pytest.raises(InputError, match="at least two classes are needed, got 1 class"):
        class_codes(np.zeros((2, 1)), ["sad", "sad"])
    with pytest.raises(InputError, match="requires y"):
        class_codes(np.zeros((2, 1)), None)


def test_seeds_follow_the_random_state():
    assert drawn_seed(1) == drawn_seed(np.random.RandomState(1)) != drawn_seed(2)
