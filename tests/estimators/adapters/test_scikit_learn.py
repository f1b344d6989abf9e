"""Estimators with scikit-learn's interface as learners of ours."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators import AdaptedClassifier, AdaptedRegressor

GROUPS = np.repeat(np.arange(12), 5)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    return X, X[:, 0] + 0.3 * X[:, 3] + 0.1 * rng.normal(size=60)


@parametrize_with_checks([AdaptedRegressor(Ridge(), cv=2), AdaptedClassifier(LogisticRegression(), cv=2)])
def test_scikit_learn(estimator, check):
    check(estimator)


def test_each_target_takes_its_own_point_of_the_grid(data):
    X, y = data
    noise = np.random.default_rng(1).normal(size=60)
    targets = np.column_stack([y, noise])
    model = AdaptedRegressor(Ridge(), {"alpha": [0.1, 1e6]}, scalings=("standard", "quantile"), cv=4, matching=False)
    model.fit(X, targets, groups=GROUPS)
    assert [point["alpha"] for point in model.best_params_] == [0.1, 1e6]
    assert model.oof_scores_.shape == (4, 2) and model.predict(X).shape == (60, 2)


def test_out_of_fold_predictions_know_nothing_of_the_group(data):
    X, _ = data
    y = GROUPS.astype(float) % 7
    labelled = np.column_stack([X, GROUPS])  # nearest neighbours would read the label off the speaker's number
    model = AdaptedRegressor(KNeighborsRegressor(n_neighbors=1), cv=4).fit(labelled, y, groups=GROUPS)
    assert np.corrcoef(model.oof_prediction_, y)[0, 1] < 0.5
    assert np.corrcoef(model.predict(labelled), y)[0, 1] > 0.99


def test_unlabelled_rows_and_missing_modalities_are_left_to_no_estimator(data):
    X, y = data
    y, X = y.copy(), X.copy()
    y[::7], X[::3, 3:] = np.nan, np.nan
    model = AdaptedRegressor(Ridge(), blocks=[[0, 1, 2], [3, 4, 5]], cv=4).fit(X, y, groups=GROUPS)
    assert np.isfinite(model.predict(X)).all() and np.isfinite(model.oof_prediction_).all()
    _, fitted = model.model_[0]
    assert fitted.n_features_in_ == 7  # and a column that says whether the second modality is there


def test_modalities_weigh_the_same_whatever_their_widths():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 41))
    model = AdaptedRegressor(Ridge(), blocks=[[0], np.arange(1, 41)], cv=4).fit(X, X[:, 0])
    Z = model.model_[0][0].transform(X)
    lengths = (Z**2).sum(axis=0)
    assert lengths[0] == pytest.approx(lengths[1:].sum()) and lengths.sum() == pytest.approx(80 * 41)


def test_a_seed_makes_fits_repeat(data):
    X, y = data
    tree = DecisionTreeRegressor(max_features=1)
    first, again, other = (AdaptedRegressor(tree, cv=3, random_state=seed) for seed in (0, 0, 1))
    first, again, other = (model.fit(X, y).oof_prediction_ for model in (first, again, other))
    assert (first == again).all() and (first != other).any()
    assert tree.random_state is None


class Labels(ClassifierMixin, BaseEstimator):
    """Has predicted classes alone."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(np.asarray(X)[:, 0] > 0).astype(int)]


@pytest.mark.parametrize("classifier", [SVC(), KNeighborsClassifier(), Labels()])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_decision_values_posteriors_or_classes_are_calibrated(data, classifier, n_classes):
    X, y = data
    classes = np.array(["a", "b", "c"])[np.digitize(y, [0.0, 0.7][: n_classes - 1])]
    model = AdaptedClassifier(classifier, cv=4).fit(X, classes, groups=GROUPS)
    posteriors = model.predict_proba(X)
    assert posteriors.shape == (60, n_classes) and posteriors.sum(axis=1) == pytest.approx(1)
    assert (model.predict(X) == classes).mean() > 0.55


def test_soft_labels_need_sample_weights(data):
    X, y = data
    classes, soft = (y > 0).astype(int), np.full((60, 2), 0.5)
    AdaptedClassifier(LogisticRegression(), cv=3).fit(X, classes, soft_labels=soft)
    with pytest.raises(InputError, match="KNeighborsClassifier takes no sample weights"):
        AdaptedClassifier(KNeighborsClassifier(), cv=3).fit(X, classes, soft_labels=soft)


class Wrong(RegressorMixin, BaseEstimator):
    """Predicts something else than one number a row."""

    def __init__(self, gives=None):
        self.gives = gives

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.full(len(X), np.nan) if self.gives == "nan" else np.zeros((len(X), 3))


@pytest.mark.parametrize(("gives", "said"), [("nan", "no finite number"), ("wide", r"an array of shape \(\d+, 3\)")])
def test_other_predictions_are_refused(data, gives, said):
    with pytest.raises(InputError, match=said):
        AdaptedRegressor(Wrong(gives), cv=3).fit(*data)
