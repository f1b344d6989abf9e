"""Options of a learner's preparation."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4))


def test_a_preparation_with_these_options():
    options = PreparationOptions(("standard",), 0.5, (2.0, 1.0))
    blocks = [[0, 1], [2, 3]]
    expected = Preparation(blocks, "standard", True, 0.5, (2.0, 1.0)).fit(X[:30], X[:30, [0]]).transform(X)
    fitted = options.fitted("standard", blocks, X, X[:30, [0]], np.arange(30))
    np.testing.assert_allclose(fitted.transform(X), expected)
    assert (fitted.transform(X) != 0).any(axis=0).sum() == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (PreparationOptions(column_share=0.0), "column_share: a number"),
        (PreparationOptions(block_weights=(1.0, 2.0)), "block_weights: 1 are"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        options.fitted("standard", None, X, X)


def test_screening_needs_targets():
    with pytest.raises(InputError, match="give y"):
        Preparation(column_share=0.5).fit(X)
