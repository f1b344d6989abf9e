import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.lightgbm_models import LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6)).astype(np.float32)
Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2]]) + 0.1 * RNG.normal(size=(200, 2))
CODES = np.digitize(Y[:, 1], [-0.4, 0.4])


def test_number_of_threads_does_not_matter():
    one, two = (LightGBMRegressor(rounds=(20,), cv=2, n_jobs=n).fit(X, Y).predict(X) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_wide_tables_are_screened_on_training_rows():
    wide = np.hstack([RNG.normal(size=(200, 50)), X])
    fitted = LightGBMRegressor(rounds=(5,), cv=2, max_columns=4).fit(wide, Y[:, 1])
    assert all(len(columns) == 4 and 52 in columns for columns, *_ in fitted.model_)


def test_bad_parameters_are_refused():
    with pytest.raises(InputError, match="rounds"):
        LightGBMRegressor(rounds=(20, 10)).fit(X, Y)
    with pytest.raises(InputError, match="device"):
        XGBoostRegressor(device="tpu").fit(X, Y)
