"""Meta-regressors: ridge drawn to the mean, SVRs, context inside recordings, and no fold in its own prediction."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit
from sklearn.svm import LinearSVR
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.fusion.stacking import METHODS, MetaRegressor
from avbaselines.estimators.temporal.context import avec_context
from avbaselines.evaluation.metrics import score


@parametrize_with_checks(
    [MetaRegressor("ridge", cv=2, penalties=[0.1]), MetaRegressor("linear-svr", cv=2, penalties=[1])]
)
def test_common(estimator, check):
    check(estimator)


@pytest.fixture
def frames():
    """Four recordings of 60 frames, two targets, three predictions of each."""
    rng = np.random.default_rng(0)
    recordings = np.repeat(list("abcd"), 60)
    Y = np.cumsum(rng.normal(size=(240, 2)), axis=0)
    Y = (Y - Y.mean(axis=0)) / Y.std(axis=0)
    X = np.hstack([0.5 * Y[:, [t]] + rng.normal(size=(240, 3)) for t in range(2)])
    return X, Y, recordings, np.tile(np.arange(60) * 0.1, 4)


OWN = [[0, 1, 2], [3, 4, 5]]


def test_a_huge_penalty_leaves_the_scaled_mean_and_a_tiny_one_least_squares(frames):
    X, Y, recordings, _ = frames
    strong = MetaRegressor(own=OWN, penalties=[1e9], cv=4).fit(X, Y, groups=recordings)
    for t in range(2):
        assert np.corrcoef(strong.predict(X)[:, t], X[:, OWN[t]].mean(axis=1))[0, 1] == pytest.approx(1)
    weak = MetaRegressor(own=OWN, penalties=[1e-12], cv=4).fit(X, Y, groups=recordings)
    np.testing.assert_allclose(weak.predict(X), Ridge(alpha=1e-9).fit(X, Y).predict(X), atol=1e-6)


def test_the_linear_svr_is_scikit_learns_and_its_context_the_challenges(frames):
    X, Y, recordings, _ = frames
    model = MetaRegressor("linear-svr", contexts=[3], layout="avec", penalties=[0.1], resubstitution=True)
    model.fit(X, Y[:, 0], recordings=recordings)
    reference = LinearSVR(C=0.1, loss="squared_epsilon_insensitive", dual=False, tol=1e-10, max_iter=100_000)
    reference.fit(avec_context(X, 3), Y[:, 0])
    expected = reference.predict(avec_context(X, 3, recordings))
    np.testing.assert_allclose(model.predict(X, recordings=recordings), expected, atol=1e-4)


def test_fits_to_the_rows_that_they_are_scored_on_are_scored_unmatched(frames):
    # A strong penalty draws the predictions together: matched, their concordance would hide it.
    X, Y, recordings, _ = frames
    model = MetaRegressor("linear-svr", penalties=[1e-4], resubstitution=True).fit(X, Y[:, 0], groups=recordings)
    predicted = model.predict(X)
    assert model.oof_scores_[0] == pytest.approx(score("ccc", Y[:, 0], predicted), abs=1e-6)
    assert score("ccc", Y[:, 0], predicted) < np.corrcoef(Y[:, 0], predicted)[0, 1] - 0.05


@pytest.mark.parametrize("method", [method for method in METHODS if method != "linear-svr-dual"])
def test_no_row_is_predicted_by_a_fit_that_saw_its_group(frames, method):
    X, Y, recordings, times = frames
    around = {"recording_means": True, "onset": (1.0,), "contexts": (0, 2)}
    fit = {"groups": recordings, "recordings": recordings, "times": times}
    folds = PredefinedSplit(np.repeat([0, 1, 2, 3], 60))
    before = MetaRegressor(method, own=OWN, cv=folds, penalties=[0.1], **around).fit(X, Y, **fit).oof_prediction_
    changed = Y.copy()
    changed[:60] = np.random.default_rng(1).normal(size=(60, 2))
    model = MetaRegressor(method, own=OWN, cv=folds, penalties=[0.1], **around)
    model.contexts = (model.fit(X, Y, **fit).best_params_[0]["context"],)
    before = model.fit(X, Y, **fit).oof_prediction_
    after = model.fit(X, changed, **fit).oof_prediction_
    np.testing.assert_allclose(after[:60], before[:60], atol=1e-9)
    assert np.abs(after[60:] - before[60:]).max() > 1e-3


def test_recording_means_weigh_apart_from_what_moves(frames):
    _, _, recordings, _ = frames
    rng = np.random.default_rng(2)
    mean, moving = rng.normal(size=4).repeat(60), rng.normal(size=240)
    moving -= np.repeat([moving[recordings == r].mean() for r in "abcd"], 60)
    y = 2 * mean + 0.5 * moving
    model = MetaRegressor(recording_means=True, penalties=[1e-9], cv=2)
    model.fit((mean + moving)[:, None], y, groups=recordings, recordings=recordings)
    np.testing.assert_allclose(model.predict((mean + moving)[:, None], recordings=recordings), y, atol=1e-4)


def test_a_missing_input_is_taken_for_the_others(frames):
    X, Y, recordings, _ = frames
    holes = X.copy()
    holes[::7, 1] = np.nan
    model = MetaRegressor(own=OWN, cv=4).fit(holes, Y, groups=recordings)
    assert np.isfinite(model.oof_prediction_).all() and np.isfinite(model.predict(np.full((1, 6), np.nan))).all()


def test_non_negative_weights_are_not_negative(frames):
    X, Y, recordings, _ = frames
    X[:, 2] = -X[:, 2]
    model = MetaRegressor("non-negative", own=[[0, 1, 2]], cv=4).fit(X[:, :3], Y[:, 0], groups=recordings)
    assert (model.coef_[0] >= 0).all() and model.coef_[0][2] == 0 and model.coef_[0][0] > 0


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"method": "svr"}, "linear-svr"),
        ({"layout": "left"}, "avec"),
        ({"contexts": [2]}, "corpus.recording"),
        ({"onset": [3.0]}, "corpus.time"),
        ({"own": [[0]]}, "2 targets"),
    ],
)
def test_what_is_missing_is_named(frames, parameters, words):
    X, Y, recordings, _ = frames
    with pytest.raises(InputError, match=words):
        MetaRegressor(**parameters).fit(X, Y, groups=recordings)


def _inputs_and_truth():
    rng = np.random.default_rng(0)
    y, groups = rng.normal(size=60), np.repeat(np.arange(10), 6)
    return np.column_stack([y + 0.3 * rng.normal(size=60), 10 + 5 * y + rng.normal(size=60)]), y, groups


def test_unlabelled_rows_teach_nothing():
    X, y, groups = _inputs_and_truth()
    gaps = np.where(np.arange(60) % 4 == 1, np.nan, y)
    known = ~np.isnan(gaps)
    whole = MetaRegressor(penalties=[0.1], cv=3).fit(X, gaps, groups=groups)
    alone = MetaRegressor(penalties=[0.1], cv=3).fit(X[known], y[known], groups=groups[known])
    np.testing.assert_allclose(whole.predict(X), alone.predict(X))


def test_a_missing_input_is_taken_for_the_others_in_its_own_units():
    X, y, groups = _inputs_and_truth()
    X[::3, 1] = np.nan
    model = MetaRegressor(penalties=[0.1], cv=3).fit(X, y, groups=groups)
    centre, spread = np.nanmean(X, axis=0), np.nanstd(X, axis=0)
    taken = centre[1] + spread[1] * (2.0 - centre[0]) / spread[0]
    np.testing.assert_allclose(model.predict([[2.0, np.nan]]), model.predict([[2.0, taken]]))


@pytest.mark.parametrize("penalties", [[1e-3, 1e6], [1e6, 1e-3]])
def test_the_better_penalty_is_chosen_wherever_it_stands(penalties):
    X, y, groups = _inputs_and_truth()
    noise = 5 * np.random.default_rng(1).normal(size=(60, 2))
    model = MetaRegressor(penalties=penalties, cv=3).fit(np.hstack([X, noise]), y, groups=groups)
    assert model.best_params_[0]["penalty"] == 1e-3
