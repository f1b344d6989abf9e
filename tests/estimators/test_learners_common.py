"""What scikit-learn asks of every estimator."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.experiment.planning import learners

# Parameters that make a learner of the registry quick to fit; others are checked as they are.
QUICK = {
    "RidgeRegressor": {"penalties": (1.0, 0.01)},
    "RidgeClassifier": {"penalties": (1.0, 0.01)},
    "KernelRegressor": {"preparation": PreparationOptions(("standard",)), "widths": (1.0,), "costs": (1.0, 30.0)},
    "KernelClassifier": {"preparation": PreparationOptions(("standard",)), "widths": (0.0,), "costs": (1.0,)},
    "MultipleKernelRegressor": {"preparation": PreparationOptions(("standard",)), "penalties": (1.0, 0.01)},
    "MultipleKernelClassifier": {"preparation": PreparationOptions(("standard",)), "penalties": (1.0, 0.01)},
    "LightGBMRegressor": {"rounds": (10, 40), "learning_rate": 0.3},
    "LightGBMClassifier": {"rounds": (10,), "learning_rate": 0.3},
    "XGBoostRegressor": {"rounds": (10, 40), "learning_rate": 0.3},
    "XGBoostClassifier": {"rounds": (10,), "learning_rate": 0.3},
}
# Checked with the estimator's own tests.
ELSEWHERE = {"BoostedConcordanceRegressor"}


def registered():
    """Each estimator of the registry once."""
    made = {}
    for name in learners.LEARNERS:
        for kind in ("regression", "classes"):
            model = learners.estimator(name, kind, cv=2)
            made.setdefault(type(model).__name__, model.set_params(**QUICK.get(type(model).__name__, {})))
    return [model for name, model in made.items() if name not in ELSEWHERE]


@parametrize_with_checks([Preparation(), Preparation(scaling="quantile"), Matcher(), *registered()])
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_quick_parameters_are_of_learners_that_are_there(name):
    assert any(place.endswith(f".{name}") for place in learners.estimator_places())
