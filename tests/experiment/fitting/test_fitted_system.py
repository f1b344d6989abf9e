"""Fitted systems: the columns that models read, and rows without anything to go by."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.fusion.averages import MeanFusionRegressor
from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.preprocessing.per_speaker import standardise_per_group
from avbaselines.experiment.fitting.clip_context import ClipContext, Frames
from avbaselines.experiment.fitting.fitted_system import (
    FittedBase,
    FittedFusion,
    FusedColumns,
    columns_of,
    fused_columns,
    side_by_side,
)

AROUSAL, VALENCE, MOOD = Target("arousal", "ccc"), Target("valence", "ccc"), Target("mood", "uar", ("a", "b", "c"))
X = np.random.default_rng(0).normal(size=(24, 2))
RIDGE = RidgeRegressor(cv=4).fit(X, X)


def test_a_model_of_several_targets_is_asked_once():
    models = dict.fromkeys(["arousal", "valence"], RIDGE)
    system = FittedBase([AROUSAL, VALENCE], models, bounds={"arousal": (-0.1, 0.1)})
    assert [[target.name for target in own] for _, own in system.by_model()] == [["arousal", "valence"]]
    predicted = system.predict([X[:, :1], np.where(np.arange(24)[:, None] < 1, np.nan, X[:, 1:])])
    assert np.abs(predicted["arousal"]).max() == 0.1 and predicted["valence"].max() > 0.1
    assert np.isnan(system.predict([X * np.nan])["valence"]).all()


def test_a_transductive_system_standardises_within_each_speaker():
    speakers = np.arange(24) // 12
    system = FittedBase([AROUSAL], {}, True)
    np.testing.assert_array_equal(system.features([X], ClipContext(speakers)), standardise_per_group(X, speakers))
    assert system.features([X[:0]], ClipContext()).shape == (0, 2)
    assert FittedBase([AROUSAL], {}).features([X], ClipContext()) is X


@pytest.fixture
def late():
    mean = MeanFusionRegressor(cv=4).fit(np.repeat(X[:, :1], 2, axis=1), X[:, 0])
    return lambda **given: FittedFusion([AROUSAL], {"arousal": mean}, **given)


def values(*given):
    return {"arousal": np.array(given, float)[:, None]}


def test_chosen_inputs_alone_are_fused(late):
    inputs = [values(1, 1), values(9, 9), values(3, 5)]
    assert late(chosen={"arousal": [0, 2]}).predict(inputs)["arousal"][:, 0].tolist() == [2, 3]


def test_predictions_lean_on_their_recording(late):
    clips = ClipContext(frames=Frames(np.array([0, 0])))
    drawn = late(shares={"arousal": 0.5}).predict([values(1, 3), values(1, 3)], clips)
    assert drawn["arousal"][:, 0].tolist() == [1.5, 2.5]
    nobody = late(shares={"arousal": 0.5}).predict([values(), values()])
    assert nobody["arousal"].shape == (0, 1)


def test_what_an_input_cannot_do_without_leaves_it_out(late):
    clips = ClipContext(present={"face": np.array([True, False]), "audio": np.array([True, True])})
    fused = late(needs=[("face",), ("audio",)]).predict([values(1, 1), values(3, 3)], clips)
    assert fused["arousal"][:, 0].tolist() == [2, 3]


def test_columns_by_the_layout_of_the_model():
    every = [AROUSAL, MOOD, VALENCE]
    assert fused_columns("as_given", [AROUSAL], every, True, None).names == ("arousal", "mood", "valence")
    assert fused_columns("as_given", [AROUSAL], every, False, None).names == ("arousal",)
    assert fused_columns("own_first", [VALENCE], every, False, None).names == ("valence", "arousal", "mood")
    own = fused_columns("own", [MOOD], every, False, np.array([0.0, 2.0]))
    assert own.names == ("mood",) and own.classes.tolist() == [0, 2]


def test_numbers_of_columns():
    inputs = [{"mood": np.full((2, 3), k), "arousal": np.full((2, 1), k)} for k in (1.0, 2.0)]
    columns = FusedColumns(("mood", "arousal"), np.array([0, 2]))
    assert columns.table(inputs).tolist() == [[1, 1, 1, 2, 2, 2]] * 2
    assert [own.tolist() for own in columns.blocks(inputs)] == [[0, 1, 2], [3, 4, 5]]
    assert columns.of_target(inputs, "arousal") == [2, 5] and columns.n_others(inputs[0]) == 1
    assert side_by_side([X]) is X and [own.tolist() for own in columns_of([X, X[:, :1]])] == [[0, 1], [2]]
