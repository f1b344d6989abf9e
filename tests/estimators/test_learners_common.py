"""What scikit-learn asks of every estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor
from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.matching import Matcher

FEW = {"cv": 2}
LEARNERS = [
    Preparation(),
    Preparation(scaling="quantile"),
    Matcher(),
    RidgeRegressor(penalties=(1.0, 0.01), **FEW),
    RidgeClassifier(penalties=(1.0, 0.01), **FEW),
    KernelRegressor(preparation=PreparationOptions(("standard",)), widths=(1.0,), costs=(1.0, 30.0), **FEW),
    KernelClassifier(preparation=PreparationOptions(("standard",)), widths=(0.0,), costs=(1.0,), **FEW),
    LightGBMRegressor(rounds=(10, 40), learning_rate=0.3, **FEW),
    LightGBMClassifier(rounds=(10,), learning_rate=0.3, **FEW),
    XGBoostRegressor(rounds=(10, 40), learning_rate=0.3, **FEW),
    XGBoostClassifier(rounds=(10,), learning_rate=0.3, **FEW),
]


@parametrize_with_checks(LEARNERS)
def test_scikit_learn(estimator, check):
    check(estimator)
