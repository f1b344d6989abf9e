"""Outputs of candidates, in memory or in a file."""

import numpy as np
from sklearn.model_selection import PredefinedSplit

from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.tuned import candidate_outputs as outputs
from avbaselines.estimators.tuned.candidate_outputs import CandidateOutputs

RNG = np.random.default_rng(0)

X = RNG.normal(3, 2, (1300, 6))

Y = np.column_stack([np.nan_to_num(X[:, 0]) + X[:, 1], X[:, 2] ** 2]) + RNG.normal(size=(1300, 2))


def test_a_file_holds_outputs_as_memory_does(monkeypatch):
    split = PredefinedSplit(np.arange(1300) % 3 - 1)
    in_memory = RidgeRegressor(cv=split).fit(X, Y)
    written = []
    original = CandidateOutputs.__exit__
    monkeypatch.setattr(CandidateOutputs, "__exit__", lambda o, *e: written.append(o._file._rolled) or original(o, *e))
    monkeypatch.setattr(outputs, "IN_MEMORY", 1000)
    in_file = RidgeRegressor(cv=split).fit(X, Y)
    assert written == [True]
    np.testing.assert_array_equal(in_file.oof_prediction_, in_memory.oof_prediction_)
    np.testing.assert_array_equal(in_file.oof_scores_, in_memory.oof_scores_)
    assert np.isnan(in_file.oof_prediction_[::3]).all() and not np.isnan(in_file.oof_prediction_[1::3]).any()
