"""Paired tests of rows, and what fusions take of their inputs."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from small_board import AROUSAL, EMOTION, SPLITS, VALENCE, corpus, scored

from avbaselines.corpora.corpus import SplitId
from avbaselines.evaluation.combined import Combined
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem
from avbaselines.experiment.scoring.comparisons import (
    ALL_DEFAULTS,
    ALL_TUNED,
    COLUMNS,
    comparisons,
    fusion_weights,
    tuning_words,
)
from avbaselines.experiment.scoring.scoreboard import Scoreboard
from avbaselines.systems import Stage

BOARD = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)


def base(name, error, board=BOARD, **options):
    return scored(name, board.corpus, error, system=BaseSystem(name=name, learner="ridge", **options))


def fusion(name, error, **stage):
    system = FusionSystem(name=name, fusion=Stage(**stage), depth=1, parts=("a", "b"))
    return scored(name, BOARD.corpus, error, system=system)


def pairs(table):
    return list(zip(table["system_a"], table["system_b"], strict=True))


def test_the_picked_row_stands_against_every_other_and_every_fusion_against_every_mean():
    rows = [base("a", 0.9), base("b", 0.1), fusion("late-mean", 0.5, method="mean"),
            fusion("late-ridge", 0.3, method="ridge")]  # fmt: skip
    table = comparisons(BOARD, rows, "b", "honest", further=[("a", "late-ridge"), ("b", "a")])
    assert pairs(table) == [
        ("b", "a"), ("b", "late-mean"), ("b", "late-ridge"), ("late-ridge", "late-mean"), ("a", "late-ridge"),
    ]  # fmt: skip
    assert tuple(table.columns) == COLUMNS and set(table["target"]) == {"mean"} and set(table["protocol"]) == {"honest"}
    # Positive = a is better, and of these a only `a` is the worse one.
    assert (table["difference"] > 0).tolist() == [True] * 4 + [False]
    assert (table["p_holm"] >= table["p_value"]).all()


def test_corrections_are_made_within_one_question_and_verdicts_go_by_the_margin():
    outside = scored("deep", BOARD.corpus, 0.8, system=ExternalSystem(name="deep", source="deep"))
    rows = [base("a", 0.9), base("b", 0.1), fusion("late-mean", 0.5, method="mean"),
            fusion("late-ridge", 0.3, method="ridge"), outside]  # fmt: skip
    table = comparisons(BOARD, rows, "b", "honest", further=[("a", "deep")])
    sizes = table["question"].value_counts().to_dict()
    assert sizes == {"picked against the others": 3, "deep against ours": 2, "late-ridge against the mean": 1}
    alone = table[table["question"] == "late-ridge against the mean"].iloc[0]
    assert alone["p_holm"] == alone["p_value"]
    # Four groups: 2^(1 - 4). No correction makes a p-value smaller, and none can fall below its floor.
    assert (table["p_floor"] == 0.125).all() and (table["p_value"] >= table["p_floor"]).all()
    assert table["margin"].nunique() == 1 and 0 < table["margin"][0] < 0.2
    wide = comparisons(BOARD, rows, "b", "honest", margin=50)
    assert set(wide["verdict"]) == {"equivalent"} and set(wide["margin"]) == {50}
    none = comparisons(BOARD, rows, "b", "honest", margin=0)
    assert set(none["verdict"]) <= {"better", "worse", "undecided"} and set(none["verdict"]) != {"undecided"}


def test_failed_rows_and_twins_are_left_out():
    twin = fusion("late-ridge", 0.3, method="ridge")
    twin = replace(twin, system=replace(twin.system, raw_label="late-ridge-raw"))
    twin = replace(twin, id=twin.system.rows[1])
    failed = replace(base("a", 0.9), failed={SplitId("0"): "no memory"})
    table = comparisons(BOARD, [failed, twin, fusion("late-mean", 0.5, method="mean")], "late-mean", "honest")
    assert pairs(table) == [("late-mean", "late-ridge-raw")]
    assert comparisons(BOARD, [failed], None, "honest").empty


def test_joint_decoding_is_compared_target_by_target():
    joint = fusion("joint", 0.2, method="mean", targets="all")
    assert joint.system.decodes_jointly
    rows = [base("a", 0.1), joint, fusion("late-mean", 0.5, method="mean")]
    table = comparisons(BOARD, rows, "a", "honest")
    own = table[(table["system_a"] == "joint") & (table["system_b"] == "late-mean")]
    assert own["target"].tolist() == ["mean", "arousal", "valence"] and (own["difference"] > 0).all()


def test_tuned_systems_stand_against_their_defaults_one_by_one_and_on_average():
    rows = [base("a", 0.5), base("b", 0.7), base("a-tuned", 0.3, defaults="a"), base("b-tuned", 0.8, defaults="b"),
            base("c-tuned", 0.1, defaults="c")]  # fmt: skip
    table = comparisons(BOARD, rows, None, "honest")
    assert pairs(table) == [("a-tuned", "a"), ("b-tuned", "b"), (ALL_TUNED, ALL_DEFAULTS)]
    one, other, both = table["difference"]
    assert one > 0 > other and both == pytest.approx((one + other) / 2)
    [words] = tuning_words(table)
    assert words.startswith(f"Tuning changed the score of its systems by {both:+.3f} [")
    assert pairs(comparisons(BOARD, rows[::2], None, "honest")) == [("a-tuned", "a")]
    assert tuning_words(table[:2]) == []


def test_a_combined_score_is_what_is_compared_where_there_is_one():
    board = Scoreboard(corpus(EMOTION, VALENCE, combined=Combined("mood", "valence", "accuracy")), SPLITS)
    table = comparisons(board, [base("a", 2, board), base("b", 1, board)], "b", "honest")
    assert table["target"].tolist() == ["combined"] and table["difference"][0] == pytest.approx(1 / 12 + 0.25 * 3)


def test_weights_are_means_over_splits_of_the_inputs_that_did_not_fail():
    system = FusionSystem(name="late", fusion=Stage(method="ridge"), depth=1, parts=("a", "b"))
    stored = {"k0": {"arousal": [0.2, 0.8]}, "k1": {"arousal": [0.4]}}
    fitted_run = SimpleNamespace(
        keys={(SplitId("0"), "late"): "k0", (SplitId("1"), "late"): "k1"},
        failures={(SplitId("1"), "b"): "no memory"},
        store=SimpleNamespace(load=lambda key: SimpleNamespace(weights=stored[key])),
    )
    table = fusion_weights([BaseSystem(name="a", learner="ridge"), system], fitted_run, SPLITS)
    assert table.set_index("input")["weight"].to_dict() == pytest.approx({"a": 0.3, "b": 0.8})
    assert set(table["system"]) == {"late"} and set(table["target"]) == {"arousal"}
    stored["k1"] = {"arousal": [0.4, 0.1, 0.2]}  # weights of no single input, as of a regression over several targets
    table = fusion_weights([system], fitted_run, SPLITS).set_index("input")["weight"]
    assert table["a"] == pytest.approx(0.2) and np.isfinite(table["b"])
