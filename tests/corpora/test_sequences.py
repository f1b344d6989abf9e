"""Steps and padding."""

import numpy as np
import pytest

from avbaselines.corpora.sequences import padding_side, step_notes, summarise_steps


@pytest.mark.parametrize("side", ["front", "end"])
def test_padding_changes_no_functional(side):
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(5, 7, 2))
    steps[:, 3] = 0  # within the clip: a step
    padded = np.pad(steps, ((0, 0), (4, 0) if side == "front" else (0, 4), (0, 0)))
    functionals = ["mean", "std", "p10", "p90", "slope", "min", "max"]
    assert padding_side(padded) == side
    alone, _ = summarise_steps(steps, ["a", "b"], functionals, "end")
    np.testing.assert_allclose(summarise_steps(padded, ["a", "b"], functionals)[0], alone, atol=1e-6)
    assert f"zeros at the {side}" in step_notes("x", padded, side)[0]


def test_zeros_within_count_and_nan_does_not():
    X = np.array([[[2.0], [0.0], [np.nan], [4.0]]])
    assert summarise_steps(X, ["a"], ["mean"], "end")[0].tolist() == [[2.0]]
