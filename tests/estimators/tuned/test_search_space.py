"""Values drawn from a search space reach the estimators, and the parts of estimators, that know them."""

from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real, Whole, parameter_names


def test_values_reach_the_estimator_and_its_parts():
    space = {
        **KernelRegressor.search_space,
        "block_weights.0": Real(0.1, 10.0, 1.0),
        "block_weights.1": Real(0.1, 10.0, 1.0),
    }
    values = {"costs": 2.0, "widths": "linear", "scalings": "quantile", "block_weights.0": 0.5, "block_weights.1": 3.0}
    model = KernelRegressor(**Drawn(space, values).parameters(KernelRegressor))
    assert model.costs == tuple(2 * cost for cost in KernelRegressor().costs) and model.widths == (0.0,)
    assert model.preparation.scalings == ("quantile",) and model.preparation.block_weights == (0.5, 3.0)
    assert Drawn(space, values).parameters(RidgeRegressor).keys() == {"preparation"}


def test_what_a_class_does_not_know_is_left_out():
    assert Drawn({"epsilon": Real(0.01, 0.6, 0.1)}, {"epsilon": 0.2}).parameters(KernelClassifier) == {}
    assert NOTHING.parameters(KernelClassifier) == {}
    assert "epsilon" not in parameter_names(KernelClassifier) and "column_share" in parameter_names(KernelClassifier)


def test_values_of_dimensions():
    assert Whole(2, 8, 3).value(4.0) == 4 and Choice({"a": 1, "b": 2}).value("b") == 2
    assert Real(0.1, 10.0, 1.0).value(0.5) == 0.5 and Real(0.1, 10.0, 1.0, times=True).value(2.0, (1, 3)) == (2.0, 6.0)
