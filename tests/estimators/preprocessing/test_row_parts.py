"""Tables taken part by part give what they give at once, and take no more memory than said."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avbaselines.estimators.kernel.support_vectors import KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.preprocessing import row_parts as rows
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.row_parts import Rows
from avbaselines.estimators.preprocessing.screening import screened_columns

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, (1300, 6))
X[:200, 4:] = np.nan
X[5::7, 0] = np.nan
Y = np.column_stack([np.nan_to_num(X[:, 0]) + X[:, 1], X[:, 2] ** 2]) + RNG.normal(size=(1300, 2))
Y[:90, 1] = np.nan
CODES = np.digitize(Y[:, 0], [3, 6])
BLOCKS = [slice(0, 4), slice(4, 6)]


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of 512 rows, or of one column."""

    def set_parts():
        monkeypatch.setattr(rows, "PART", 1)
        monkeypatch.setattr(rows, "LEAST_COLUMNS", 1)

    return set_parts


def test_parts_are_the_rows_after_every_step(small_parts):
    small_parts()
    numbers = np.arange(0, 1300, 2)[::-1]
    table = Rows(X, numbers, lambda part: part * 2, 6).then(lambda part: part[:, :3] + 1, 3)
    assert [len(part) for _, part in table] == [512, 138]
    np.testing.assert_array_equal(table.whole(), X[numbers, :3] * 2 + 1)
    np.testing.assert_array_equal(table.take(np.arange(600, 3, -1)).whole(), (X[numbers, :3] * 2 + 1)[600:3:-1])


@pytest.mark.parametrize("scaling", ["standard", "quantile"])
def test_preparation_by_parts_and_of_some_rows(scaling, small_parts):
    numbers = np.flatnonzero(RNG.random(1300) < 0.8)
    expected = Preparation(BLOCKS, scaling).fit(X[numbers]).transform(X)
    small_parts()
    preparation = Preparation(BLOCKS, scaling).fit(X, rows=numbers)
    assert preparation.indicated_.tolist() == [1]
    np.testing.assert_allclose(preparation.transform(X), expected, atol=1e-12)
    np.testing.assert_allclose(preparation.rows(X, numbers).whole(), expected[numbers], atol=1e-12)


def test_screening_by_parts_and_of_some_rows(small_parts):
    numbers = np.arange(300, 1300)
    expected = screened_columns(X[numbers], Y[numbers], 2)
    small_parts()
    np.testing.assert_array_equal(screened_columns(X, Y[numbers], 2, numbers), expected)


@pytest.mark.parametrize(
    "learner", [RidgeRegressor(BLOCKS), KernelRegressor(BLOCKS, costs=(1.0,), max_exact=40, n_landmarks=30)]
)
def test_regression_by_parts(learner, small_parts):
    expected, predicted = learner.fit(X, Y).oof_prediction_, learner.predict(X)
    small_parts()
    np.testing.assert_allclose(learner.fit(X, Y).oof_prediction_, expected, atol=1e-7)
    np.testing.assert_allclose(learner.predict(X), predicted, atol=1e-7)


def test_weighted_classes_by_parts(small_parts):
    learner = RidgeClassifier(BLOCKS)
    soft = 0.1 + np.eye(3)[CODES] + RNG.random((1300, 3))
    expected = learner.fit(X, CODES, soft_labels=soft).oof_prediction_
    small_parts()
    np.testing.assert_allclose(learner.fit(X, CODES, soft_labels=soft).oof_prediction_, expected, atol=1e-9)


@pytest.mark.slow
def test_memory_of_ridge_stays_within_a_few_tables():
    """Whole copies of rows, prepared rows and outputs took 8.6 times the table; small parts take about 2."""
    script = Path(__file__).parents[3] / "benchmarks" / "scaling.py"
    command = [sys.executable, script, "--one", "ridge", "200000", "88"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["extra"] <= 3
