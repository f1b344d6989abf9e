"""TabICL as a learner from outside, where it and its weights are there."""

import numpy as np
import pytest

from avbaselines.experiment.planning.outside_learners import OutsideLearner, adapted
from avbaselines.learner_options import NamedLearner

OPTIONS = NamedLearner(
    name="tabicl",
    regressor="tabicl.TabICLRegressor",
    classifier="tabicl.TabICLClassifier",
    parameters={"allow_auto_download": False, "n_estimators": 1},
)


@pytest.mark.parametrize("kind", ["regression", "classes"])
def test_tabicl_is_fitted_like_any_learner(kind):
    pytest.importorskip("tabicl", reason="TabICL is not installed: pip install tabicl")
    rng, groups = np.random.default_rng(0), np.repeat(np.arange(10), 6)
    X = rng.normal(size=(60, 4))
    y = X[:, 0] if kind == "regression" else (X[:, 0] > 0).astype(int)
    OutsideLearner.checked(OPTIONS, [kind])
    try:
        model = adapted(OPTIONS, kind, cv=3).fit(X, y, groups=groups)
    except ValueError as error:
        if "download" in str(error):
            pytest.skip("TabICL's weights are not there: fit it once with allow_auto_download = true")
        raise
    assert model.oof_scores_.max() > 0.5
