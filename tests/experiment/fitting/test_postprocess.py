"""Matching by out-of-fold constants, stand-ins for gaps, and bounds of what comes out."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.matching import Matching
from avbaselines.experiment.fitting.postprocess import Postprocessing, finish
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted

AROUSAL = Target("arousal", "ccc", range=(1, 5))


def task_of(y, **changes):
    n = len(y)
    groups = np.arange(n) // 4
    return SplitTask([AROUSAL], {"arousal": y}, groups, np.array([], int), groups % 3, True, 0, **changes)


@pytest.fixture
def fitted():
    rng = np.random.default_rng(0)
    y = np.clip(3 + rng.normal(size=48), 1, 5)
    timid = 3 + 0.2 * (y - 3) + 0.05 * rng.normal(size=48)
    y[5] = np.nan
    return y, Fitted({"arousal": timid[:, None]}, {"arousal": np.array([[3.0], [9.0], [np.nan]])})


def test_matched_predictions_have_the_labels_mean_and_deviation_and_stay_in_range(fitted):
    y, raw = fitted
    finished = finish(raw, task_of(y))
    matched = finished.oof["arousal"][:, 0]
    assert matched.std() == pytest.approx(np.nanstd(y), rel=0.1) and matched.min() >= 1 and matched.max() <= 5
    assert not np.isnan(matched).any()  # the clip without a label is matched by the constants of all
    assert finished.test["arousal"][1, 0] == 5.0  # far outside before
    assert finished.filled(finished.test)["arousal"][2, 0] == pytest.approx(np.nanmean(y))
    assert raw.oof["arousal"].std() < 0.5  # the raw ones are left as they were


def test_each_fold_is_matched_by_the_others(fitted):
    y, raw = fitted
    task = task_of(y)
    changed = y.copy()
    changed[task.folds == 0] = 1.0
    before, after = (finish(raw, task_of(labels)).oof["arousal"] for labels in (y, changed))
    here = task.folds == 0
    here[5] = False
    np.testing.assert_allclose(before[here], after[here])
    assert not np.allclose(before[task.folds == 1], after[task.folds == 1])


def test_a_mask_is_matched_by_the_same_constants(fitted):
    y, raw = fitted
    raw.masked["face"] = {"arousal": np.array([[3.0], [3.1], [3.2]])}
    finished = finish(raw, task_of(y))
    factor, offset = finished.matching["arousal"]
    np.testing.assert_allclose(finished.under("face")["arousal"][:, 0], offset + factor * np.array([3, 3.1, 3.2]))
    assert finished.under("") is finished.test


def test_what_is_not_matched_stays():
    post = Postprocessing({"arousal": Matching(2.0, 0.0)}, {}, {"arousal": (0.0, 5.0)})
    raw = {"arousal": np.array([[4.0]]), "valence": np.array([[40.0]])}
    matched = post.matched(raw)
    assert matched["arousal"].tolist() == [[5.0]] and matched["valence"] is raw["valence"]
