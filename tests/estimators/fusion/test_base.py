"""Weighted means of what is present, and inputs that cannot be fused."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.fusion.averages import MeanFusionClassifier, MeanFusionRegressor
from avbaselines.estimators.fusion.base import FusionModel, average, labelled_rows


def test_weights_are_shared_among_what_is_present():
    P = np.array([[[1.0], [3.0], [np.nan]], [[np.nan], [np.nan], [5.0]], [[np.nan], [np.nan], [np.nan]]])
    fused = average(P, np.array([0.75, 0.25, 0.0]))
    assert fused[:2].ravel().tolist() == [1.5, 5.0] and np.isnan(fused[2]).all()


def test_without_any_system_the_answer_is_the_training_mean():
    P = np.array([[1.0, np.nan], [2.0, 4.0], [3.0, 1.0], [np.nan, np.nan]])
    assert MeanFusionRegressor(cv=2).fit(P, [1.0, 2.0, 6.0, np.nan]).predict([[np.nan, np.nan]]).tolist() == [3.0]


def test_what_cannot_be_fused_is_refused():
    P, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    with pytest.raises(InputError, match=r"blocks: each system needs 1 column\(s\), got \[2, 1\]"):
        MeanFusionRegressor(blocks=[[0, 1], [2]], cv=2).fit(P, y * 1.0)
    with pytest.raises(InputError, match="negative values"):
        MeanFusionClassifier(cv=2).fit(P[:, :2], y)
    with pytest.raises(InputError, match="requires y"):
        MeanFusionClassifier(cv=2).fit(np.abs(P[:, :2]), None)
    with pytest.raises(InputError, match="metric: one of ccc, "):
        MeanFusionRegressor(metric="uar").fit(P, y * 1.0)


def test_a_fusion_must_say_what_it_learns():
    class Empty(MeanFusionRegressor):
        _learn = FusionModel._learn

    with pytest.raises(NotImplementedError, match="Empty"):
        Empty(cv=2).fit(np.random.default_rng(0).normal(size=(20, 2)), np.arange(20.0))


def test_codes_are_all_labelled():
    assert labelled_rows(np.array([0, 1])).all() and labelled_rows(np.array([np.nan, 1.0])).tolist() == [False, True]
