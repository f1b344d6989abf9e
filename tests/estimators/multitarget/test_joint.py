"""Trees with vector leaves over all targets."""

import numpy as np
import pytest
import skops.io
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.multitarget import joint
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
from avbaselines.evaluation.metrics import score

QUICK = {"rounds": 60, "every": 10, "learning_rate": 0.2, "cv": 3}


@parametrize_with_checks(
    [JointBoostingRegressor(rounds=60, every=20, learning_rate=0.2, cv=2, one_target="fit")],
    expected_failed_checks=lambda estimator: {
        "check_sample_weight_equivalence_on_dense_data": "bins, folds and leaf sizes count rows, whatever their weight"
    },
)
def test_scikit_learn(estimator, check):
    check(estimator)


def corpus(n=300, n_groups=30, few=None, seed=0):
    """Two targets that share a factor, and one that does not; the second with a share `few` of labels."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    factor = X[:, 0] + X[:, 1] + X[:, 2] * X[:, 3]
    Y = np.column_stack([3 + factor, 50 - 10 * np.tanh(factor), X[:, 5]]) + rng.normal(size=(n, 3)) * [0.5, 5, 0.5]
    if few:
        Y[rng.random(n) > few, 1] = np.nan
    return X, Y, np.arange(n) % n_groups


def by_target(metric, truth, prediction):
    return [score(metric, t, p) for t, p in zip(truth.T, prediction.T, strict=True)]


@pytest.mark.parametrize("objective", ["squared", "pcc", "ccc"])
def test_learns_every_target(objective):
    X, Y, groups = corpus()
    model = JointBoostingRegressor(objective=objective, **QUICK).fit(X, Y, groups=groups)
    assert model.oof_prediction_.shape == Y.shape and not model.note_
    assert min(by_target("ccc", Y, model.oof_prediction_)) > 0.3
    X_test, Y_test, _ = corpus(1000, seed=1)
    assert min(by_target("ccc", Y_test, model.predict(X_test))) > 0.4


def test_trees_are_shared():
    X, Y, groups = corpus()
    model = JointBoostingRegressor(**QUICK).fit(X, Y, groups=groups)
    trees = model.model_[0].booster.num_boosted_rounds()
    assert trees == max(chosen["rounds"] for chosen in model.best_params_)
    assert len(model.model_[0].booster.get_dump()) == trees


def test_few_labels_borrow_from_many():
    X, Y, groups = corpus(600, few=0.1)
    X_test, Y_test, _ = corpus(1500, seed=1)
    together = JointBoostingRegressor(**QUICK).fit(X, Y[:, :2], groups=groups).predict(X_test)[:, 1]
    alone = BoostedConcordanceRegressor(objective="squared", library="xgboost", **QUICK)
    alone = alone.fit(X, Y[:, 1], groups=groups).predict(X_test)
    assert score("pcc", Y_test[:, 1], together) > score("pcc", Y_test[:, 1], alone) + 0.03


def test_unlabelled_entries_contribute_nothing():
    """A target whose labels are all there but for some rows is learnt as if the others had not been looked at."""
    X, Y, groups = corpus()
    spoilt = Y.copy()
    spoilt[::3, 0] = np.nan
    once = JointBoostingRegressor(**QUICK).fit(X, spoilt, groups=groups)
    assert np.isfinite(once.oof_prediction_).all()
    assert score("pcc", Y[::3, 0], once.oof_prediction_[::3, 0]) > 0.5


def test_target_weights_act():
    X, Y, groups = corpus()
    unlearnt = JointBoostingRegressor(target_weights=[1, 1, 0], **QUICK).fit(X, Y, groups=groups)
    np.testing.assert_allclose(unlearnt.predict(X)[:, 2], Y[:, 2].mean(), atol=1e-6)
    np.testing.assert_allclose(unlearnt.target_weights_, [1.5, 1.5, 0])
    first, last = (
        JointBoostingRegressor(target_weights=weights, max_depth=2, **QUICK).fit(X, Y, groups=groups)
        for weights in ([1, 1, 0.02], [0.02, 0.02, 1])
    )
    first, last = (by_target("pcc", Y, model.oof_prediction_) for model in (first, last))
    assert first[0] > last[0] + 0.05 and first[2] < last[2] - 0.05
    ratios = JointBoostingRegressor(target_weights=[10, 10, 0.2], max_depth=2, **QUICK).fit(X, Y, groups=groups)
    assert by_target("pcc", Y, ratios.oof_prediction_) == pytest.approx(first)


def test_search_keeps_the_best_weights():
    X, Y, groups = corpus()
    model = JointBoostingRegressor(target_weights="search", trials=4, **QUICK).fit(X, Y, groups=groups)
    assert len(model.searched_) == 4
    np.testing.assert_allclose(model.searched_[0][0], 1)
    best = max(model.searched_, key=lambda tried: tried[1])
    np.testing.assert_allclose(model.target_weights_, best[0])
    assert model.oof_scores_.max(axis=0).mean() == pytest.approx(best[1])
    assert "among 4" in model.note_


def test_group_identity_does_not_leak():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), 10)
    Y = rng.normal(size=(24, 2))[groups] + 0.1 * rng.normal(size=(240, 2))
    X = np.hstack([np.eye(24)[groups], rng.normal(size=(240, 3))])
    parameters = QUICK | {"cv": 6, "min_child_weight": 1}
    grouped = JointBoostingRegressor(**parameters).fit(X, Y, groups=groups)
    assert max(by_target("pcc", Y, grouped.oof_prediction_)) < 0.2
    assert min(by_target("pcc", Y, JointBoostingRegressor(**parameters).fit(X, Y).oof_prediction_)) > 0.4


def test_shuffled_targets_score_about_zero():
    X, Y, groups = corpus(400)
    Y = Y[np.random.default_rng(0).permutation(len(Y))]
    model = JointBoostingRegressor(target_weights="search", trials=3, objective="ccc", **QUICK).fit(X, Y, groups=groups)
    assert max(by_target("pcc", Y, model.oof_prediction_)) < 0.15


def test_one_target_and_missing_vector_leaves_are_said(monkeypatch):
    X, Y, groups = corpus()
    with pytest.raises(InputError, match="two targets or more"):
        JointBoostingRegressor(**QUICK).fit(X, Y[:, 0])
    alone = JointBoostingRegressor(one_target="fit", **QUICK).fit(X, Y[:, 0], groups=groups)
    assert "nothing to share" in alone.note_ and alone.predict(X).shape == (len(X),)
    whole = joint._grown_on

    def without(device, strategy):
        if strategy == "multi_output_tree":
            raise ValueError("not built in")
        return whole(device, strategy)

    monkeypatch.setattr(joint, "_grown_on", without)
    separate = JointBoostingRegressor(**QUICK).fit(X, Y, groups=groups)
    assert "no vector leaves here (cpu: not built in)" in separate.note_
    assert min(by_target("ccc", Y, separate.oof_prediction_)) > 0.3


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"target_weights": [1, 2]}, "3 targets need 3 weights, got 2"),
        ({"target_weights": [1, 2, -1]}, "each must be 0 or more"),
        ({"target_weights": [0, 0, 0]}, "all are 0"),
        ({"target_weights": "best"}, "'search'"),
        ({"objective": "ccc_loss"}, "objective: one of squared, pcc, ccc"),
        ({"device": "tpu"}, "device: 'cpu' or 'cuda'"),
    ],
)
def test_named_errors(bad, message):
    X, Y, _ = corpus(60)
    with pytest.raises(InputError, match=message):
        JointBoostingRegressor(**QUICK | bad).fit(X, Y)


def test_is_stored_without_pickle():
    X, Y, groups = corpus(100)
    model = JointBoostingRegressor(**QUICK).fit(X, Y, groups=groups)
    stored = skops.io.dumps(model)
    again = skops.io.loads(stored, trusted=skops.io.get_untrusted_types(data=stored))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_constant_target():
    X, Y, _ = corpus(60)
    Y[:, 1] = 4
    with pytest.raises(InputError, match="target 1 is constant"):
        JointBoostingRegressor().fit(X, Y)
