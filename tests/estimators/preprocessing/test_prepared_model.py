"""Learners that prepare columns take the options as one part."""

import numpy as np

from avbaselines.estimators.kernel.support_vectors import KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions


def test_options_can_be_set_through_the_learner():
    X = np.random.default_rng(0).normal(size=(30, 2))
    learner = RidgeRegressor(preparation=PreparationOptions(), cv=3).set_params(preparation__scalings=("quantile",))
    assert {chosen["scaling"] for chosen in learner.fit(X, X).best_params_} == {"quantile"}


def test_options_that_name_no_scalings_leave_the_learner_its_own():
    few = PreparationOptions(column_share=0.5)
    model = KernelRegressor(preparation=few)
    assert model._scalings == ("standard", "quantile") and model._options.column_share == 0.5
    assert few.scalings is None
