"""A modality that is gone ruins a stack that never saw it missing, and none of the strategies."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.fusion.averages import RidgeFusionRegressor
from avbaselines.estimators.fusion.missing_inputs import STRATEGIES, MissingFusionClassifier, MissingFusionRegressor
from avbaselines.evaluation.metrics import score

N = 600


def planted(seed=0):
    """Two systems whose difference is the target (each carries the same large nuisance), and a plain weak third."""
    rng = np.random.default_rng(seed)
    y, nuisance = rng.normal(size=N), 3 * rng.normal(size=N)
    X = np.column_stack([y + nuisance, nuisance - 0.2 * y, y + 0.8 * rng.normal(size=N)])
    return X, y, PredefinedSplit(np.arange(N) % 4)


def posteriors(seed=0):
    """Two good systems that err apart and one that always tells the same class, sure of itself."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, N)
    P = [np.eye(3)[y] * gain + rng.normal(size=(N, 3)) for gain in (2.0, 1.5)] + [np.tile([6.0, 0, 0], (N, 1))]
    P = [np.exp(part) / np.exp(part).sum(axis=1, keepdims=True) for part in P]
    return np.hstack(P), y, PredefinedSplit(np.arange(N) % 4)


def test_a_dropped_system_ruins_the_naive_stack_only():
    X, y, cv = planted()
    X_new, y_new, _ = planted(1)
    X_new[:, 0] = np.nan
    alone = score("ccc", y_new, X_new[:, 2])
    naive = RidgeFusionRegressor(cv=cv, towards_mean=False, penalties=(0.001,)).fit(X, y)
    assert score("ccc", y_new, naive.predict(X_new)) < alone - 0.15
    for strategy in ("pattern", "single", "best"):
        model = MissingFusionRegressor("ridge", strategy, cv=cv).fit(X, y)
        assert score("ccc", y_new, model.predict(X_new)) > alone - 0.1, strategy
    # With everything there the stack is what it is for.
    assert score("ccc", y_new, model.predict(planted(1)[0])) > 0.95


def test_imputation_and_dropout_mend_the_stack_too():
    X, y, cv = planted()
    X_new, y_new, _ = planted(1)
    X_new[:, 0] = np.nan
    naive = score("ccc", y_new, MissingFusionRegressor("ridge", "renormalise", cv=cv).fit(X, y).predict(X_new))
    for strategy in ("impute", "dropout"):
        mended = score("ccc", y_new, MissingFusionRegressor("ridge", strategy, cv=cv).fit(X, y).predict(X_new))
        assert mended > naive + 0.05, strategy


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_posteriors_of_whatever_is_left(strategy):
    P, y, cv = posteriors()
    P_new, y_new, _ = posteriors(1)
    model = MissingFusionClassifier("greedy", strategy, cv=cv).fit(P, y)
    for gone in (range(0, 3), range(3, 6), range(6, 9)):
        masked = P_new.copy()
        masked[:, list(gone)] = np.nan
        fused = model.predict_proba(masked)
        assert np.allclose(fused.sum(axis=1), 1) and (fused >= 0).all()
        best = max(np.mean(masked[:, part : part + 3].argmax(axis=1) == y_new) for part in (0, 3) if part != gone[0])
        assert np.mean(fused.argmax(axis=1) == y_new) > best - 0.03


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_left_is_the_training_mean_and_unseen_patterns_are_fused(strategy):
    X, y, cv = planted()
    model = MissingFusionRegressor("greedy", strategy, reads=[(0,), (0,), (1,)], cv=cv).fit(X, y)
    assert model.predict(np.full((1, 3), np.nan)) == pytest.approx(y.mean())
    unseen = planted(1)[0][:5]
    unseen[:, 1] = np.nan  # systems 0 and 1 read the same source, so no pattern of training has one without the other
    assert np.isfinite(model.predict(unseen)).all()
    P, labels, cv = posteriors()
    fused = MissingFusionClassifier("ridge", strategy, cv=cv).fit(P, labels).predict_proba(np.full((1, 9), np.nan))
    assert fused[0] == pytest.approx(np.bincount(labels) / N)


def test_unpaired_training_clips_are_used():
    X, y, cv = planted()
    X[: N // 2, 2], X[N // 2 :, :2] = np.nan, np.nan  # no clip has all three
    model = MissingFusionRegressor("ridge", "pattern", reads=[(0,), (0,), (1,)], cv=cv).fit(X, y)
    X_new, y_new, _ = planted(1)
    pair, single = X_new.copy(), X_new.copy()
    pair[:, 2], single[:, :2] = np.nan, np.nan
    assert score("ccc", y_new, model.predict(pair)) > 0.95
    assert score("pcc", y_new, model.predict(single)) == pytest.approx(score("pcc", y_new, X_new[:, 2]), abs=1e-6)
    assert np.isfinite(model.oof_prediction_).all()


def test_each_fold_is_predicted_by_the_others_alone():
    X, y, cv = planted()
    first = MissingFusionRegressor("ridge", "pattern", cv=cv, matching=False).fit(X, y).oof_prediction_
    moved = np.where(np.arange(N) % 4 == 0, y + 5, y)
    second = MissingFusionRegressor("ridge", "pattern", cv=cv, matching=False).fit(X, moved).oof_prediction_
    held = np.arange(N) % 4 == 0
    assert np.allclose(first[held], second[held]) and not np.allclose(first[~held], second[~held])


def test_whatever_is_left_has_the_spread_of_the_target():
    X, y, cv = planted()
    model = MissingFusionRegressor("ridge", "pattern", cv=cv).fit(X, y)
    for gone in ([0, 1], [2]):
        masked = X.copy()
        masked[:, gone] = np.nan
        assert model.predict(masked).std() == pytest.approx(y.std(), rel=0.05)


def test_unknown_strategies_and_reads_are_named():
    X, y, cv = planted()
    with pytest.raises(InputError, match="strategy"):
        MissingFusionRegressor(strategy="hope", cv=cv).fit(X, y)
    with pytest.raises(InputError, match="reads: one entry a system"):
        MissingFusionRegressor(reads=[(0,)], cv=cv).fit(X, y)
