import numpy as np
import pytest
from sklearn.model_selection import KFold, PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.fusion import averages as fusion
from avbaselines.estimators.tuned.calibration import softmax
from avbaselines.estimators.tuned.matching import match
from avbaselines.evaluation.metrics import score

RNG = np.random.default_rng(0)
GROUPS = np.repeat(np.arange(30), 10)
T = RNG.normal(3, 2, 300)
# Two good systems on other scales, one of noise.
P = np.column_stack([0.1 * (T + RNG.normal(size=300)), 5 * (T + 1.2 * RNG.normal(size=300)), RNG.normal(size=300)])
CODES = RNG.integers(0, 3, 300)
LABELS = np.array(["a", "b", "c"])[CODES]
EVIDENCE = np.eye(3)[CODES]
Q = np.hstack([softmax(2 * EVIDENCE + s * RNG.normal(size=(300, 3))) for s in (1.5, 1.7, 50.0)])

REGRESSORS = [
    fusion.MeanFusionRegressor(),
    fusion.MeanFusionRegressor(matching=True),
    fusion.BestSingleRegressor(),
    fusion.GreedyFusionRegressor(),
    fusion.RidgeFusionRegressor(),
    fusion.RidgeFusionRegressor(towards_mean=False),
    fusion.CorrelationWeightedFusionRegressor(),
]
CLASSIFIERS = [
    fusion.MeanFusionClassifier(),
    fusion.BestSingleClassifier(),
    fusion.GreedyFusionClassifier(),
    fusion.RidgeFusionClassifier(),
]
regressors = pytest.mark.parametrize("model", REGRESSORS, ids=str)
classifiers = pytest.mark.parametrize("model", CLASSIFIERS, ids=str)


def accuracy(posteriors):
    return (posteriors.argmax(axis=1) == CODES).mean()


def test_one_label_in_a_fold_is_predicted_as_it_is():
    t = np.full(30, np.nan)
    t[[0, 29]] = 1.0, 2.0
    folds = PredefinedSplit(np.repeat([0, 1, 2], 10))
    found = fusion.RidgeFusionRegressor(cv=folds).fit(P[:30], t).oof_prediction_
    np.testing.assert_allclose(found[[0, 29]], [2.0, 1.0])


def test_mean_is_the_mean_over_what_is_present():
    gaps = P.copy()
    gaps[:10, 1] = np.nan
    fitted = fusion.MeanFusionRegressor().fit(gaps, T, GROUPS)
    np.testing.assert_allclose(fitted.predict(gaps), np.nanmean(gaps, axis=1))
    np.testing.assert_allclose(fitted.oof_prediction_, np.nanmean(gaps, axis=1))
    np.testing.assert_allclose(fitted.weights_, 1 / 3)


def test_matched_mean_is_the_mean_of_matched_inputs():
    fitted = fusion.MeanFusionRegressor(matching=True).fit(P, T, GROUPS)
    np.testing.assert_allclose(fitted.predict(P), np.mean([match(p, T) for p in P.T], axis=0))


def test_learnt_fusions_beat_the_best_single_and_leave_the_noise_out():
    best = fusion.BestSingleRegressor().fit(P, T, GROUPS)
    assert best.weights_.tolist() == [1, 0, 0]
    np.testing.assert_allclose(best.predict(P), match(P[:, 0], T))
    alone = score("pcc", T, best.oof_prediction_)
    for model in REGRESSORS[3:]:
        fitted = model.fit(P, T, GROUPS)
        assert score("pcc", T, fitted.oof_prediction_) > alone
        assert np.abs(fitted.weights_[2]) < 0.12
        assert np.isfinite(fitted.oof_prediction_).all()


def test_greedy_weights_on_a_case_solved_by_hand():
    """Errors of the first two cancel in the plain mean of both, which is perfect."""
    error = RNG.normal(size=300)
    inputs = np.column_stack([T + error, T - error, RNG.normal(size=300)])
    fitted = fusion.GreedyFusionRegressor(metric="rmse", matching=False).fit(inputs, T, GROUPS)
    np.testing.assert_allclose(fitted.weights_, [0.5, 0.5, 0])
    np.testing.assert_allclose(fitted.predict(inputs), T)
    # Without the second the first has all the weight.
    inputs[:5, 1] = np.nan
    np.testing.assert_allclose(fitted.predict(inputs)[:5], inputs[:5, 0])


def test_weights_of_greedy_sum_to_one():
    assert fusion.GreedyFusionRegressor().fit(P, T, GROUPS).weights_.sum() == pytest.approx(1)
    assert fusion.GreedyFusionClassifier().fit(Q, LABELS, GROUPS).weights_.sum() == pytest.approx(1)


@regressors
def test_missing_inputs_and_labels(model):
    gaps, t = P.copy(), T.copy()
    gaps[:40, 0], gaps[30:60, 1], gaps[35, :] = np.nan, np.nan, np.nan
    t[::4] = np.nan
    fitted = model.fit(gaps, t, GROUPS)
    assert np.isfinite(fitted.oof_prediction_).all()
    # Where no system predicts, the mean of the labels is the answer.
    assert fitted.predict(gaps)[35] == pytest.approx(np.nanmean(t))


@classifiers
def test_missing_inputs_of_classes(model):
    gaps = Q.copy()
    gaps[:40, :3], gaps[30:60, 3:6], gaps[35, :] = np.nan, np.nan, np.nan
    fitted = model.fit(gaps, LABELS, GROUPS)
    posteriors = fitted.predict_proba(gaps)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    np.testing.assert_allclose(posteriors[35], np.bincount(CODES) / 300)
    np.testing.assert_allclose(fitted.oof_prediction_.sum(axis=1), 1)


def test_best_single_falls_back_to_the_next_best():
    gaps = P.copy()
    gaps[:5, 0] = np.nan
    fitted = fusion.BestSingleRegressor(metric="pcc", matching=False).fit(gaps, T, GROUPS)
    np.testing.assert_array_equal(fitted.predict(gaps)[:5], P[:5, 1])
    np.testing.assert_array_equal(fitted.predict(gaps)[5:], P[5:, 0])


def test_fusions_of_classes():
    best = fusion.BestSingleClassifier().fit(Q, LABELS, GROUPS)
    np.testing.assert_allclose(best.predict_proba(Q), Q[:, :3])
    mean = fusion.MeanFusionClassifier().fit(Q, LABELS, GROUPS)
    np.testing.assert_allclose(mean.predict_proba(Q), Q.reshape(300, 3, 3).mean(axis=1))
    for model in CLASSIFIERS[2:]:
        fitted = model.fit(Q, LABELS, GROUPS)
        assert accuracy(fitted.oof_prediction_) > accuracy(Q[:, :3]) + 0.02
        assert np.abs(fitted.weights_[2]) < 0.2
        assert (fitted.predict(Q) == LABELS).mean() > accuracy(Q[:, :3])


def test_blocks_name_the_columns_of_each_system():
    order = RNG.permutation(9)
    blocks = [np.argsort(order)[[0, 1, 2]], np.argsort(order)[[3, 4, 5]], np.argsort(order)[[6, 7, 8]]]
    straight = fusion.RidgeFusionClassifier().fit(Q, LABELS, GROUPS)
    shuffled = fusion.RidgeFusionClassifier(blocks=blocks).fit(Q[:, order], LABELS, GROUPS)
    np.testing.assert_allclose(shuffled.predict_proba(Q[:, order]), straight.predict_proba(Q))


@regressors
def test_out_of_fold_does_not_see_the_fold(model):
    folds = GROUPS % 3
    model = type(model)(**{**model.get_params(), "cv": [(folds != k, folds == k) for k in range(3)]})
    changed = T.copy()
    changed[folds == 1] = RNG.permutation(changed[folds == 1])
    before, after = (model.fit(P, t, GROUPS).oof_prediction_ for t in (T, changed))
    np.testing.assert_array_equal(before[folds == 1], after[folds == 1])
    if type(model) is not fusion.MeanFusionRegressor and not isinstance(model, fusion.BestSingleRegressor):
        assert not np.array_equal(before[folds == 0], after[folds == 0])


def test_shuffled_targets_score_nothing():
    shuffled = RNG.permutation(T)
    for model in REGRESSORS[2:]:
        assert abs(score("ccc", shuffled, model.fit(P, shuffled, GROUPS).oof_prediction_)) < 0.2
    mixed = RNG.permutation(LABELS)
    for model in CLASSIFIERS:
        posteriors = model.fit(Q, mixed, GROUPS).oof_prediction_
        assert (np.array(["a", "b", "c"])[posteriors.argmax(axis=1)] == mixed).mean() < 0.45


def test_leaks_and_bad_input_are_refused():
    with pytest.raises(InputError, match="group"):
        fusion.GreedyFusionRegressor(cv=KFold(5, shuffle=True, random_state=0)).fit(P, T, GROUPS)
    with pytest.raises(InputError, match="3 column"):
        fusion.MeanFusionClassifier().fit(Q[:, :8], LABELS, GROUPS)
    with pytest.raises(InputError, match="negative"):
        fusion.MeanFusionClassifier().fit(-Q, LABELS, GROUPS)
    with pytest.raises(InputError, match="metric"):
        fusion.BestSingleRegressor(metric="accuracy").fit(P, T, GROUPS)


@pytest.mark.parametrize("metric", ["ccc", "pcc", "rmse"])
@pytest.mark.parametrize("matching", [True, False])
def test_greedy_by_moments_chooses_what_greedy_over_clips_chooses(metric, matching, monkeypatch):
    rng = np.random.default_rng(5)
    truth = rng.normal(size=300)
    X = truth[:, None] * rng.uniform(0.1, 1, 6) + rng.normal(size=(300, 6)) + rng.normal(size=6)
    quick = fusion.GreedyFusionRegressor(metric=metric, matching=matching, steps=12).fit(X, truth)
    monkeypatch.setattr(fusion.GreedyFusionRegressor, "_has_moments", lambda self, P, present: False)
    slow = fusion.GreedyFusionRegressor(metric=metric, matching=matching, steps=12).fit(X, truth)
    np.testing.assert_allclose(quick.weights_, slow.weights_)
