"""Predictions put together from fits that each leave a fold out."""

import numpy as np
import pytest

from avbaselines.experiment.fitting.oof import Direct, Nested, Part
from avbaselines.experiment.fitting.store import Fitted, Store

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=400)
PREDICTED = TRUTH + RNG.normal(size=400)
POSTERIORS = RNG.dirichlet([1, 1], 400)
FOLDS = np.arange(400) % 2


@pytest.fixture
def nested(tmp_path):
    """A stage whose fit without fold 0 predicts narrow, and whose fit without fold 1 wide."""
    store, parts = Store(tmp_path), []
    store.save("whole", Fitted({"y": PREDICTED[:, None], "mood": POSTERIORS}, {"y": np.zeros((1, 1))}))
    for fold, (factor, offset) in enumerate([(0.2, 5), (3, -1)]):
        values, held = offset + factor * PREDICTED[:, None], FOLDS == fold
        oof, test = ({"y": values[rows], "mood": POSTERIORS[rows]} for rows in (~held, held))
        store.save(f"without-{fold}", Fitted(oof, test))
        parts.append((Direct(f"without-{fold}"), np.flatnonzero(held)))
    return lambda rescaled: Nested(Direct("whole"), tuple(parts), rescaled).load(store).oof


def test_folds_that_predict_on_other_scales_are_brought_to_one(nested):
    oof = nested(True)
    np.testing.assert_allclose(oof["y"][:, 0], PREDICTED, atol=0.3)
    # Not exactly: each fold's own mean and deviation come from the other fold's clips.
    assert np.corrcoef(oof["y"][:, 0], TRUTH)[0, 1] == pytest.approx(np.corrcoef(PREDICTED, TRUTH)[0, 1], abs=0.01)
    np.testing.assert_array_equal(oof["mood"], POSTERIORS)


def test_folds_keep_their_scales_otherwise(nested):
    expected = np.where(FOLDS == 0, 5 + 0.2 * PREDICTED, -1 + 3 * PREDICTED)
    np.testing.assert_allclose(nested(False)["y"][:, 0], expected)


def test_a_source_names_every_fit_that_it_reads(tmp_path):
    fold = Direct("a1"), np.array([0])
    assert Nested(Direct("b1"), (fold, (Direct("c1"), np.array([1])))).keys() == ["b1", "a1", "c1"]
    assert Part(Direct("a1"), np.array([0]), np.array([1])).keys() == ["a1"]
