"""What scikit-learn asks of the fusions of regression.

Fusions of classes take posteriors alone and refuse a check's arbitrary features; test_fusion covers them.
"""

from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.estimators.fusion import averages as fusion
from avbaselines.estimators.fusion import missing_inputs as fusion_missing


@parametrize_with_checks(
    [
        fusion.MeanFusionRegressor(cv=2),
        fusion.MeanFusionRegressor(cv=2, matching=True),
        fusion.BestSingleRegressor(cv=2),
        fusion.GreedyFusionRegressor(cv=2, steps=3),
        fusion.RidgeFusionRegressor(cv=2, penalties=(0.1, 0.001)),
        fusion.CorrelationWeightedFusionRegressor(cv=2),
        fusion_missing.MissingFusionRegressor("ridge", cv=2),
        fusion_missing.MissingFusionRegressor("mean", "pattern", cv=2),
    ]
)
def test_scikit_learn(estimator, check):
    check(estimator)
