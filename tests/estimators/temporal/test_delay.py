"""Delay and smoothing are found where they are, and nothing crosses a recording's border."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.kernel.support_vectors import KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.multitarget.chain import ChainRegressor
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.temporal.context import in_frames, window_of
from avbaselines.estimators.temporal.delay import DelayedRegressor
from avbaselines.estimators.tuned.remarks import ChosenByFrames
from avbaselines.evaluation.metrics import score

HOP = 0.1
RIDGE = RidgeRegressor(preparation=PreparationOptions(("standard",)), penalties=(1.0, 0.01))
GRID = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


def lagging(recordings=10, frames=250, lags=(20, 20), noise=0.3, seed=0):
    """Features of traces that the labels follow some frames later; the first labels are those of before the start."""
    rng = np.random.default_rng(seed)
    X, Y = [], []
    for _ in range(recordings):
        traces = gaussian_filter1d(rng.normal(size=(frames + 60, len(lags))), 6, axis=0)
        traces /= traces.std()
        heard = traces[60:] @ rng_mix(len(lags))
        X.append(heard + noise * rng.normal(size=heard.shape))
        Y.append(np.column_stack([traces[60 - lag : len(traces) - lag, t] for t, lag in enumerate(lags)]))
    names = np.repeat([f"r{number}" for number in range(recordings)], frames)
    return np.vstack(X), np.vstack(Y), names, np.tile(np.arange(frames) * HOP, recordings)


def rng_mix(n):
    return np.random.default_rng(7).normal(size=(n, 4))


def fitted(X, Y, names, times, **options):
    options = {"regressor": RIDGE, "delays": GRID, "cv": 3} | options
    return DelayedRegressor(**options).fit(X, Y, groups=names, recordings=names, times=times)


def test_the_delay_is_found_and_pays():
    X, Y, names, times = lagging(lags=(20, 10))
    model = fitted(X, Y, names, times)
    assert [chosen["delay"] for chosen in model.best_params_] == [2.0, 1.0]
    assert model.delay_scores_.shape == (7, 2) and model.oof_prediction_.shape == Y.shape
    plain = fitted(X, Y, names, times, delays=(0.0,))
    new, truth, other, when = lagging(recordings=4, lags=(20, 10), seed=5)
    for t in range(2):
        with_delay = score("ccc", truth[:, t], model.predict(new, recordings=other, times=when)[:, t])
        without = score("ccc", truth[:, t], plain.predict(new, recordings=other, times=when)[:, t])
        assert with_delay > 0.7 and with_delay > without + 0.3


def test_predictions_without_delay_and_smoothing_are_the_regressors_own():
    X, Y, names, times = lagging(recordings=4)
    model = fitted(X, Y, names, times, delays=(0.0,))
    plain = clone(RIDGE).set_params(cv=3).fit(X, Y, groups=names)
    np.testing.assert_array_equal(model.oof_prediction_, plain.oof_prediction_)
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))


def test_one_delay_is_taken_without_choosing():
    X, Y, names, times = lagging(recordings=4, lags=(20,))
    model = fitted(X, Y[:, 0], names, times, delays=(2.0,))
    assert model.best_params_ == [{"delay": 2.0, "smoothing": 0.0}] and np.isnan(model.delay_scores_).all()
    assert model.oof_prediction_.shape == (len(X),) and score("ccc", Y[:, 0], model.oof_prediction_) > 0.7


def test_noisy_predictions_are_smoothed():
    X, Y, names, times = lagging(lags=(0,), noise=3.0)
    model = fitted(X, Y[:, 0], names, times, delays=(0.0,), smoothing=(0.0, 0.5, 1.0, 30.0))
    chosen = model.best_params_[0]["smoothing"]
    assert chosen in (0.5, 1.0)
    rough = fitted(X, Y[:, 0], names, times, delays=(0.0,))
    assert score("pcc", Y[:, 0], model.oof_prediction_) > score("pcc", Y[:, 0], rough.oof_prediction_) + 0.05
    clear = fitted(*lagging(lags=(0, 0), noise=0.01), delays=(0.0,), smoothing=(0.0, 1.0, 3.0))
    assert [chosen["smoothing"] for chosen in clear.best_params_] == [0.0, 0.0]


def test_choosing_on_some_frames_finds_the_same():
    X, Y, names, times = lagging(lags=(20, 10))
    thin = fitted(X, Y, names, times, most_rows=len(X) // 4)
    assert [chosen["delay"] for chosen in thin.best_params_] == [2.0, 1.0]
    # All rows are learnt from, so with one delay to choose from the fit is the same.
    np.testing.assert_array_equal(thin.model_.predict(X), fitted(X, Y, names, times).model_.predict(X))


def test_a_dear_learner_tries_on_all_frames_what_some_have_chosen():
    X, Y, names, times = lagging(lags=(20, 10))
    grid = KernelRegressor(widths=(0.0, 1.0), costs=(0.01, 1.0), max_exact=200, n_landmarks=30)
    whole = fitted(X, Y, names, times, regressor=grid, delays=(1.0, 2.0))
    assert len(whole.model_._candidates()) == 8 and len(whole.remarks_) == 2
    thin = fitted(X, Y, names, times, regressor=grid, delays=(1.0, 2.0), most_rows=len(X) // 4)
    tried = thin.model_._candidates()
    assert len(tried) < 8 and all(chosen in tried for chosen in thin.model_.best_params_)
    assert [chosen["delay"] for chosen in thin.best_params_] == [2.0, 1.0]
    assert thin.remarks_[1] == ChosenByFrames(4)
    for t in range(2):
        scores = [score("ccc", Y[:, t], model.oof_prediction_[:, t]) for model in (whole, thin)]
        assert scores[1] > scores[0] - 0.01


class Remembering(RidgeRegressor):
    """Ridge that keeps the labels it was given."""

    def fit(self, X, y, groups=None):
        self.seen_ = (np.array(X), np.array(y))
        return super().fit(X, y, groups)


def test_no_label_and_no_prediction_crosses_a_border():
    n = 50
    times, names = np.tile(np.arange(n) * HOP, 4), np.repeat(list("abcd"), n)
    # Each frame carries its own number and each recording's labels lie apart from the others'.
    X = np.arange(4.0 * n)[:, None]
    y = np.arange(4.0 * n) + 1000 * np.repeat(np.arange(4), n)
    model = fitted(X, y, names, times, regressor=Remembering(), delays=(1.0,), smoothing=(1.0,), cv=2)
    rows, labels = model.model_.seen_
    assert len(rows) == 4 * (n - 10)
    np.testing.assert_array_equal(labels, y[rows[:, 0].astype(int) + 10])
    assert (rows[:, 0].astype(int) // n == (labels % 1000).astype(int) // n).all()

    class Number:
        def predict(self, X):
            return 1000.0 * (X[:, 0] // n)

    # A prediction that is constant within each recording stays so: neither shift nor average takes in a neighbour's.
    model.model_ = Number()
    predicted = model.predict(X, recordings=names, times=times)
    np.testing.assert_allclose(predicted, 1000.0 * np.repeat(np.arange(4), n))
    order = np.random.default_rng(0).permutation(4)
    mixed = np.concatenate([np.arange(n) + n * number for number in order])
    np.testing.assert_allclose(model.predict(X[mixed], recordings=names[mixed], times=times[mixed]), predicted[mixed])


def test_frames_without_features_keep_their_place():
    X, Y, names, times = lagging(lags=(20,))
    gone = np.random.default_rng(1).random(len(X)) < 0.2
    X[gone] = np.nan
    model = fitted(X, Y[:, 0], names, times, smoothing=(0.0, 0.5))
    assert model.best_params_[0]["delay"] == 2.0
    predicted = model.predict(X, recordings=names, times=times)
    # A frame is predicted from the one two seconds earlier, or the recording's first.
    earlier = np.concatenate([np.maximum(np.arange(250) - 20, 0) + 250 * number for number in range(10)])
    np.testing.assert_array_equal(np.isnan(predicted), gone[earlier])


def test_unlabelled_frames_teach_nothing_and_are_predicted():
    X, Y, names, times = lagging(lags=(20,))
    y = Y[:, 0].copy()
    y[names == "r3"] = np.nan
    model = fitted(X, y, names, times)
    assert model.best_params_[0]["delay"] == 2.0
    assert np.isnan(model.oof_prediction_[names == "r3"]).all()
    assert np.isfinite(model.predict(X, recordings=names, times=times)).all()


def test_another_hop_in_prediction():
    X, Y, names, times = lagging(lags=(20,))
    model = fitted(X, Y[:, 0], names, times)
    coarse = np.arange(0, len(X), 5)
    predicted = model.predict(X[coarse], recordings=names[coarse], times=times[coarse])
    assert score("ccc", Y[coarse, 0], predicted) > 0.7


def test_chains_take_the_delay_that_the_plain_learner_chooses():
    X, Y, names, times = lagging(recordings=6, lags=(20, 10))
    model = fitted(X, Y, names, times, regressor=ChainRegressor(RIDGE, order="given"), chooser=RIDGE)
    assert [chosen["delay"] for chosen in model.best_params_] == [2.0, 1.0]
    assert score("ccc", Y[:, 1], model.oof_prediction_[:, 1]) > 0.7


def test_seconds_become_frames():
    assert [in_frames(seconds, 0.1) for seconds in (0, 0.1, 2.0, 6.0)] == [0, 1, 20, 60]
    assert [window_of(seconds, 0.1) for seconds in (0, 0.3, 1.0, 3.0)] == [1, 3, 11, 31]
    assert in_frames(2.0, None) == 0 and window_of(2.0, None) == 1


def test_what_is_refused():
    X, Y, names, times = lagging(recordings=4, frames=60)
    with pytest.raises(InputError, match="delays: seconds of 0 or more"):
        fitted(X, Y, names, times, delays=(-1.0,))
    with pytest.raises(InputError, match="smoothing: seconds of 0 or more"):
        fitted(X, Y, names, times, smoothing=())
    with pytest.raises(InputError, match="need the recording and the time"):
        fitted(X, Y, names, None)
    with pytest.raises(InputError, match="recording 'r0' lasts 6 s; a delay of 6 s leaves no label"):
        fitted(X, Y, names, times, delays=(0.0, 6.0))
    uneven = times.copy()
    uneven[10:] += 0.3 * (names[10:] == "r0")
    with pytest.raises(InputError, match="'r0': a frame at 0.9 s is followed by one at 1.3 s"):
        fitted(X, Y, names, uneven)
    model = fitted(X, Y, names, times, delays=(2.0,))
    with pytest.raises(InputError, match="need the recording and the time"):
        model.predict(X)


@parametrize_with_checks([DelayedRegressor(RIDGE, cv=2)])
def test_scikit_learn(estimator, check):
    check(estimator)
