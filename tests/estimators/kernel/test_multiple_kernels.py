import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.kernel.kernel_sum import unit_kernel
from avbaselines.estimators.kernel.multiple_kernels import MultipleKernelClassifier, MultipleKernelRegressor
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 7))
BLOCKS = [[0, 1, 2, 3], [4, 5, 6]]
FOLDS = np.arange(120) // 10 % 3
GROUPS = np.arange(120) // 10
CV = PredefinedSplit(FOLDS)
STANDARD = PreparationOptions(("standard",))


def test_candidates_are_plain_kernel_ridges_on_the_weighted_sum():
    y = np.sin(2 * X[:, 0]) + X[:, 4] + 0.1 * RNG.normal(size=120)
    model = MultipleKernelRegressor(BLOCKS, STANDARD, widths=(1.0,), penalties=(0.5,), cv=CV).fit(X, y, GROUPS)
    best = model.best_params_[0]
    for fold in range(3):
        train, test = np.flatnonzero(fold != FOLDS), np.flatnonzero(fold == FOLDS)
        order = np.concatenate([train, test])
        Z = Preparation(BLOCKS).fit(X[train]).transform(X[order])
        kernel = sum(
            weight * unit_kernel(Z[:, block] @ Z[:, block].T, len(train), 1.0)[0]
            for weight, block in zip(best["mix"], BLOCKS, strict=True)
        )
        # A centred kernel and target stand for the intercept.
        known = kernel[: len(train), : len(train)]
        mean = known.mean(axis=0)
        centre = mean - known.mean()
        scaled = (y[train] - y[train].mean()) / y[train].std()
        plain = KernelRidge(alpha=0.5, kernel="precomputed").fit(known - mean[:, None] - centre, scaled)
        asked = kernel[len(train) :, : len(train)]
        expected = plain.predict(asked - asked.mean(axis=1, keepdims=True) - centre) * y[train].std() + y[train].mean()
        np.testing.assert_allclose(model.oof_prediction_[test], expected, atol=1e-8)


def test_weights_go_to_the_modality_that_tells_most():
    y = np.column_stack([np.sin(2 * X[:, 0]), np.sin(2 * X[:, 5])]) + 0.1 * RNG.normal(size=(120, 2))
    y[::9, 1] = np.nan
    model = MultipleKernelRegressor(BLOCKS, STANDARD, cv=CV).fit(X, y, GROUPS)
    assert [best["mix"] for best in model.best_params_] == [(0.75, 0.25), (0.25, 0.75)]
    assert [best["width"] for best in model.best_params_] == [1.0, 1.0]
    assert model.oof_scores_.max(axis=0).min() > 0.5
    np.testing.assert_allclose(np.corrcoef(model.predict(X)[:, 0], y[:, 0])[0, 1], 1, atol=0.1)


def test_classes_with_soft_labels_and_a_missing_modality():
    gaps = X.copy()
    gaps[:20, 4:] = np.nan
    labels = np.where(np.abs(X[:, 0]) > 0.7, "loud", "calm")
    soft = 0.2 + np.eye(2)[(labels == "loud").astype(int)]
    model = MultipleKernelClassifier(BLOCKS, STANDARD, widths=(0.0, 1.0), cv=CV).fit(gaps, labels, GROUPS, soft)
    assert model.best_params_[0]["width"] == 1.0
    posteriors = model.predict_proba(gaps)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    assert (model.predict(gaps) == labels).mean() > 0.9 and model.oof_scores_.max() > 0.7


def test_more_rows_than_gram_matrices_may_have_are_refused():
    with pytest.raises(InputError, match="ridge-kernels: Gram matrices of 80 training clips are too large, 50 are"):
        MultipleKernelRegressor(BLOCKS, cv=CV, max_rows=50).fit(X, X[:, 0], GROUPS)


def test_a_scaling_that_doubles_columns_is_refused():
    with pytest.raises(InputError, match="not 'joined'"):
        MultipleKernelRegressor(BLOCKS, PreparationOptions(("joined",)), cv=CV).fit(X, X[:, 0], GROUPS)
