"""Delay and smoothing around a model: its folds and metric go to what chooses the delay."""

from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.experiment.fitting.annotation_delay import delayed
from avbaselines.experiment.planning.system import Timing

TIMING = Timing((0.0, 2.0), (0.0, 1.0))


def test_folds_metric_and_matching_are_the_models_own():
    ridge = RidgeRegressor(cv=4, metric="rmse", matching=False)
    model = delayed(TIMING, ridge, ridge)
    assert (model.cv, model.metric, model.matching) == (4, "rmse", False)
    assert model.delays == [0.0, 2.0] and model.smoothing == [0.0, 1.0]
    assert model.regressor is ridge and ridge.cv is None and model.chooser is None


def test_another_model_may_choose_the_delay():
    ridge, chooser = RidgeRegressor(cv=4), RidgeRegressor(cv=5)
    model = delayed(TIMING, ridge, chooser)
    assert model.chooser is chooser and chooser.cv is None and model.cv == 4
