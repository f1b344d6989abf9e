"""Matching and stand-ins between a fit's raw predictions and what is scored."""

from dataclasses import replace

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted

N, GROUPS = 60, np.arange(60) // 5
Y = np.random.default_rng(0).normal(3, 1, N)
MOOD = np.repeat([0.0, 1.0, 2.0], [30, 20, 10])
RAW = 0.2 * Y + np.random.default_rng(1).normal(scale=0.1, size=N)


@pytest.fixture
def task():
    targets = [Target("arousal", "ccc"), Target("error", "rmse"), Target("mood", "uar", ("a", "b", "c"))]
    y = {"arousal": Y, "error": Y, "mood": MOOD}
    return SplitTask(targets, y, GROUPS, np.arange(0), GROUPS % 3, matching=True, seed=0)


def fitted(oof=RAW, test=(0.5, 0.7)):
    columns = {name: np.array(values, float)[:, None] for name, values in (("oof", oof), ("test", test))}
    posteriors = {"oof": np.full((N, 3), 1 / 3), "test": np.full((len(test), 3), 1 / 3)}
    return Fitted(*({"arousal": columns[part], "error": columns[part], "mood": posteriors[part]}
                    for part in ("oof", "test")))  # fmt: skip


def test_only_targets_judged_by_a_concordance_are_matched(task):
    finished = finish(fitted(), task)
    assert set(finished.matching) == {"arousal"}
    factor, offset = finished.matching["arousal"]
    np.testing.assert_allclose(finished.test["arousal"][:, 0], offset + factor * np.array([0.5, 0.7]))
    assert offset + factor * RAW.mean() == pytest.approx(Y.mean())
    assert factor * RAW.std() == pytest.approx(Y.std())
    np.testing.assert_array_equal(finished.oof["error"], finished.raw.oof["error"])


def test_constants_of_a_fold_do_not_know_its_labels(task):
    held = task.folds == 1
    changed = replace(task, y=task.y | {"arousal": np.where(held, Y + 10, Y)})
    before, after = (finish(fitted(), each).oof["arousal"] for each in (task, changed))
    np.testing.assert_array_equal(before[held], after[held])
    assert not np.allclose(before[~held], after[~held])


@pytest.mark.parametrize(("of_task", "of_system"), [(False, True), (True, False)])
def test_neither_the_study_nor_the_system_may_be_against_it(task, of_task, of_system):
    finished = finish(fitted(), replace(task, matching=of_task), of_system)
    assert not finished.matching
    np.testing.assert_array_equal(finished.test["arousal"], finished.raw.test["arousal"])


def test_what_was_predicted_for_too_few_is_left_as_it_is(task):
    few = np.where(np.arange(N) < 2, RAW, np.nan)
    finished = finish(fitted(few), task)
    assert not finished.matching
    np.testing.assert_array_equal(finished.oof["arousal"][:, 0], few)


def test_gaps_stay_gaps_until_they_are_filled_by_mean_and_shares(task):
    finished = finish(fitted(test=(0.5, np.nan)), task)
    assert np.isnan(finished.test["arousal"][1, 0])
    whole = finished.filled(finished.test)
    assert whole["arousal"][1, 0] == pytest.approx(Y.mean()) and whole["arousal"][0] == finished.test["arousal"][0]
    np.testing.assert_allclose(finished.fallback["mood"], [1 / 2, 1 / 3, 1 / 6])


def test_clips_without_a_label_are_matched_by_all_others(task):
    y = np.where(np.arange(N) == 7, np.nan, Y)
    finished = finish(fitted(), replace(task, y=task.y | {"arousal": y}))
    factor, offset = finished.matching["arousal"]
    assert finished.oof["arousal"][7, 0] == pytest.approx(offset + factor * RAW[7])


def test_matched_predictions_stay_within_the_declared_range(task):
    ranged = replace(task, targets=[Target("arousal", "ccc", range=(2, 4)), *task.targets[1:]])
    finished = finish(fitted(test=(0.5, 9.0)), ranged)
    assert finished.oof["arousal"].min() == 2 and finished.oof["arousal"].max() == 4
    assert finished.test["arousal"][1, 0] == 4


def test_a_mask_is_matched_by_the_same_constants(task):
    raw = fitted()
    raw.masked["face"] = {"arousal": np.array([[0.6], [0.65]])}
    finished = finish(raw, task)
    factor, offset = finished.matching["arousal"]
    np.testing.assert_allclose(finished.under("face")["arousal"][:, 0], offset + factor * np.array([0.6, 0.65]))
    assert finished.under("") is finished.test


def test_what_matching_costs_is_known(task):
    gained = finish(fitted(), task).losses["arousal"]
    one_explodes = np.where(np.arange(N) == 3, 50.0, RAW)
    assert gained < -0.5  # timid predictions, which a concordance punishes
    assert finish(fitted(one_explodes), task).losses["arousal"] > gained
