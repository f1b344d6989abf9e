"""Result rows: figures of splits and of all, reported figures, and what is flagged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_results import changed, made_results, of, result
from small_board import AROUSAL, EMOTION, SPLITS, TRUTH, VALENCE, corpus, scored

from avbaselines.corpora.corpus import SplitId
from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.intervals import interval_of_mean
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem
from avbaselines.experiment.scoring.gathering import TRANSDUCTIVE
from avbaselines.experiment.scoring.result_rows import flag_fusions, reported_rows, score_rows, with_verdicts
from avbaselines.experiment.scoring.scoreboard import Scoreboard
from avbaselines.results_table import RemarkKind
from avbaselines.study import Reported
from avbaselines.systems import Stage


def rows_of(board, *rows, picked=None):
    return score_rows(board, rows, picked, "honest")


def test_every_split_and_all_have_each_metric_of_each_target_and_the_mean():
    board = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)
    rows = rows_of(board, scored("row", board.corpus, 0.5, seconds=1.23456, remarks=(TRANSDUCTIVE,)), picked="row")
    metrics = {"arousal": ["ccc", "pcc", "rmse", "mae"], "valence": ["mse", "ccc", "pcc", "rmse", "mae"]}
    for split in ("0", "1", "all"):
        here = of(rows, split=split)
        assert {name: [row.metric for row in of(here, target=name)] for name in metrics} == metrics
        assert [row.metric for row in of(here, target="mean")] == ["ccc", "pcc", "rmse", "mae", "mse"]
    [mse] = of(rows, split="all", target="valence", metric="mse")
    assert mse.value == pytest.approx(0.25) and (mse.n_clips, mse.n_groups) == (12, 4)
    assert mse.ci_low <= mse.value <= mse.ci_high
    assert mse.picked and mse.seconds == 1.235 and mse.modalities == ("audio",) and mse.stage == 0
    assert mse.note == f"{TRANSDUCTIVE.text}; pooled over clips"
    [of_split] = of(rows, split="0", target="valence", metric="mse")
    assert of_split.note == TRANSDUCTIVE.text and (of_split.n_clips, of_split.n_groups) == (6, 2)


def test_a_mean_over_splits_says_so_and_how_far_they_lie_apart():
    board = Scoreboard(corpus(VALENCE, once=False), SPLITS)
    rows = of(rows_of(board, scored("row", board.corpus, 0.5)), split="all")
    [own] = of(rows, target="valence", metric="mse")
    assert [remark.kind for remark in own.remarks] == [RemarkKind.AVERAGED, RemarkKind.SPREAD]
    assert own.note == "mean over splits; 0.250 to 0.250 over 2 splits (deviation 0.000)"
    [other] = of(rows, target="valence", metric="mae")
    assert [remark.kind for remark in other.remarks] == [RemarkKind.AVERAGED]


def test_repeats_are_pooled_each_by_itself_and_their_spread_is_told():
    again = [replace(split, name=f"again{split.name}", repeat=1) for split in SPLITS]
    board = Scoreboard(replace(corpus(VALENCE), splits=[*SPLITS, *again]), [*SPLITS, *again])
    row = scored("row", board.corpus, 0.5)
    row.test |= {part.name: {"valence": TRUTH[part.test, None] + 1.0} for part in again}
    rows = of(rows_of(board, row), split="all", target="valence")
    [mse] = of(rows, metric="mse")
    # 0.25 over all folds of the first repeat, 1 over those of the second one.
    assert mse.value == pytest.approx((0.25 + 1) / 2) and mse.n_clips == 12
    spread = "0.250 to 1.000 over 2 repeats (deviation 0.375)"
    assert mse.note == f"pooled over clips, mean over 2 repeats; {spread}"
    [ccc] = of(rows, metric="ccc")
    pooled = [Scoreboard(board.corpus, part).parts(row, VALENCE, "ccc")[0] for part in (SPLITS, again)]
    assert ccc.value == pytest.approx(np.mean([metric.value(sums.sum(axis=0)) for metric, sums in pooled]))


def test_a_single_split_is_neither_pooled_nor_a_mean():
    board = Scoreboard(corpus(VALENCE), SPLITS[:1])
    rows = rows_of(board, scored("row", board.corpus, 0.5))
    assert {row.note for row in rows} == {""} and {row.split for row in rows} == {"0", "all"}


def test_a_combined_score_has_a_row_of_its_own():
    board = Scoreboard(corpus(EMOTION, VALENCE, combined=Combined("mood", "valence", "accuracy")), SPLITS)
    rows = of(rows_of(board, scored("row", board.corpus, 1)), target="combined")
    assert {row.split: row.value for row in rows} == pytest.approx(
        {"0": 5 / 6 - 0.25, "1": 1 - 0.25, "all": 11 / 12 - 0.25, "all-mean": 11 / 12 - 0.25}
    )
    assert all(row.metric == "combined" for row in rows)


def test_a_split_without_labels_of_a_target_has_no_row_of_it():
    board = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)
    board.corpus.y = board.corpus.y | {"valence": np.where(np.arange(12) < 6, np.nan, board.corpus.y["valence"])}
    rows = rows_of(board, scored("row", board.corpus, 0.5))
    assert not of(rows, split="0", target="valence") and of(rows, split="1", target="valence")


def test_a_failed_system_is_one_row_with_its_reasons():
    board = Scoreboard(corpus(AROUSAL), SPLITS)
    failed = {SplitId("0"): "no memory", SplitId("1"): "no memory", SplitId("2"): "no labels"}
    [row] = rows_of(board, replace(scored("row", board.corpus, 0.5), failed=failed))
    assert (row.status, row.split, row.target, row.metric) == ("failed", "all", "mean", "ccc")
    assert row.note == "no memory; no labels" and row.remarks[0].kind is RemarkKind.FAILURE


MEAN = FusionSystem(name="late-matched-mean", raw_label="late-mean", fusion=Stage(method="mean"), depth=1, parts=("a",))


@pytest.mark.parametrize(
    ("system", "is_twin"),
    [
        (BaseSystem(name="a", raw_label="a-raw", learner="svr"), True),
        (MEAN, False),  # a plain mean is what every stage has to beat
        (ExternalSystem(name="theirs-matched", raw_label="theirs", source="theirs"), False),
    ],
)
def test_which_rows_are_mere_twins_is_known_by_their_system(system, is_twin):
    board = Scoreboard(corpus(VALENCE), SPLITS)
    matched = scored("row", board.corpus, 0.5, system=system)
    rows = rows_of(board, matched, replace(matched, id=system.rows[1]))
    own, raw = (of(rows, system=label)[0] for label in system.labels)
    assert (own.twin, raw.twin) == (False, is_twin)
    assert (own.raw_label, raw.raw_label) == (system.raw_label, None)


def test_reported_figures_stand_with_source_and_note():
    figures = [
        Reported(system="LSTM", target="arousal", metric="ccc", value=0.5, source="Table 1", note="devel only"),
        Reported(system="CNN", target="arousal", metric="ccc", value=0.4, source="Table 2"),
    ]
    first, second = reported_rows(type("Study", (), {"reported": figures}), None)
    assert (first.kind, first.protocol, first.value, first.note) == ("reported", "paper", 0.5, "Table 1; devel only")
    assert second.note == "Table 2" and {remark.kind for remark in first.remarks} == {RemarkKind.SOURCE}
    assert first.stage is None and first.seconds is None


def flagged(rows, *targets):
    rows = flag_fusions(rows, targets or [AROUSAL])
    return {(row.protocol, row.system): row.note for row in rows if row.split == "all"}


def test_a_fusion_that_does_not_beat_the_best_mean_is_flagged_in_all_its_rows():
    rows = changed(made_results(), "late-ridge", value=0.2)
    rows += changed(of(rows, system="late-ridge", target="arousal", metric="ccc"), split="fold0")
    notes = [row.note for row in flag_fusions(rows, [AROUSAL]) if row.system == "late-ridge"]
    assert len(notes) == 10 and set(notes) == {"pooled over clips; not above the mean (late-matched-mean)"}


def test_a_fusion_that_beats_the_best_mean_is_not_flagged():
    assert flagged(made_results())["honest", "late-ridge"] == "pooled over clips"


def test_of_an_error_less_is_better():
    rows = [
        result("late-mean", "mean", "mse", 0.5, learner="mean", stage=1),
        result("late-ridge", "mean", "mse", 0.4, stage=1),
        result("late-svr", "mean", "mse", 0.6, stage=1),
    ]
    notes = flagged(rows, VALENCE)
    assert notes["honest", "late-ridge"] == "" and notes["honest", "late-svr"] == "not above the mean (late-mean)"


def test_a_combined_score_is_what_counts_where_there_is_one():
    rows = [
        *(result("late-mean", target, metric, 0.5, learner="mean", stage=1)
          for target, metric in (("mean", "ccc"), ("combined", "combined"))),
        result("late-ridge", "mean", "ccc", 0.1, stage=1),
        result("late-ridge", "combined", "combined", 0.6, stage=1),
    ]  # fmt: skip
    assert flagged(rows)["honest", "late-ridge"] == ""


def test_only_learnt_fusions_of_the_same_protocol_are_flagged():
    low = {"value": 0.1, "stage": 1}
    rows = [
        result("late-mean", "mean", learner="mean", stage=1),
        result("early", "mean", value=0.1, stage=0),
        result("late-ridge-raw", "mean", twin=True, **low),
        result("theirs", "mean", kind="imported", **low),
        result("picked", "mean", learner="picked", **low),
        result("late-ridge", "mean", status="failed", **low),
        result("LSTM", "mean", kind="reported", value=0.1),
        result("late-ridge", "mean", protocol="paper", **low),
    ]
    assert set(flagged(rows).values()) == {""}


def test_rows_know_their_verdict_against_the_picked_one_and_whether_they_are_tied():
    rows = [
        result("late", "mean", value=0.5, picked=True), result("early", "mean", value=0.45),
        result("early", "arousal", value=0.4), result("svr", "mean", value=0.1), result("alone", "mean", value=0.2),
        result("Deep A", "mean", value=0.6, kind="reported"), result("early", "mean", protocol="paper", value=0.7),
    ]  # fmt: skip
    columns = ["protocol", "system_a", "system_b", "target", "ci_low", "ci_high", "verdict"]
    tests = pd.DataFrame(
        [
            ("honest", "late", "early", "mean", -0.01, 0.1, "not worse"),
            ("honest", "late", "early", "arousal", 0.01, 0.1, "better"),  # one target is not the question
            ("honest", "late", "svr", "mean", 0.2, 0.6, "better"),
            ("honest", "late", "alone", "mean", np.nan, np.nan, "undecided"),  # no interval, so no tie either
            ("honest", "late", "Deep A", "mean", -1, 1, "undecided"),
            ("honest", "svr", "early", "mean", 0.1, 0.2, "better"),
        ],
        columns=columns,
    )
    said = with_verdicts(rows, tests)
    assert [row.tied for row in said] == [False, True, True, False, False, False, False]
    assert [row.verdict and row.verdict.value for row in said] == [
        None, "not better", "not better", "worse", "undecided", None, None,
    ]  # fmt: skip


def test_intervals_of_all_folds_are_those_of_the_procedure_and_of_one_fold_those_of_its_fit():
    board = Scoreboard(corpus(AROUSAL), SPLITS)
    row = scored("row", board.corpus, 2.0)
    outside = scored("deep", board.corpus, 2.0, system=ExternalSystem(name="deep", source="deep"))
    rows = rows_of(board, row, outside)
    for split, system, training in (("0", "row", "fixed"), ("all", "row", "folds"), ("all", "deep", "shared")):
        [one] = of(rows, split=split, target="arousal", metric="ccc", system=system)
        here = SPLITS if split == "all" else SPLITS[:1]
        parts = [(METRICS["ccc"], board.sums(row, AROUSAL, "ccc", here))]
        assert (one.ci_low, one.ci_high) == pytest.approx(interval_of_mean(parts, training=training))


def test_the_spread_over_seeds_stands_in_the_note():
    board = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)
    one, other = (scored("deep", board.corpus, error) for error in (0.5, 1.0))
    rows = rows_of(board, replace(one, seeds=[one.test, other.test]))
    [mse] = of(rows, split="all", target="valence", metric="mse")
    assert mse.value == pytest.approx((0.25 + 1) / 2)
    assert mse.note == "pooled over clips; valence 0.250 to 1.000 over 2 seeds (deviation 0.375)"
    [other_metric] = of(rows, split="all", target="valence", metric="mae")
    assert other_metric.note == "pooled over clips" and other_metric.value == pytest.approx(0.75)
    assert all(RemarkKind.SPREAD not in {remark.kind for remark in row.remarks} for row in of(rows, split="all"))
    # With a mean over splits too, the splits' range is that of their means over seeds.
    averaged = Scoreboard(corpus(VALENCE, once=False), SPLITS)
    one, other = (scored("deep", averaged.corpus, error) for error in (0.5, 1.0))
    rows = rows_of(averaged, replace(one, seeds=[one.test, other.test]))
    [mse] = of(rows, split="all", target="valence", metric="mse")
    assert "0.625 to 0.625 over 2 splits (deviation 0.000); valence 0.250 to 1.000 over 2 seeds" in mse.note


@pytest.mark.parametrize(("once", "other"), [(True, "all-mean"), (False, "all-pooled")])
def test_the_other_way_to_put_splits_together_stands_beside_the_study_s_own(once, other):
    board = Scoreboard(corpus(AROUSAL, VALENCE, once=once), SPLITS)
    rows = rows_of(board, scored("row", board.corpus, 0.5))
    assert {row.split for row in rows} == {"0", "1", "all", other}
    value = {row.split: row for row in of(rows, target="arousal", metric="ccc")}
    splits = [value["0"].value, value["1"].value]
    averaged, pooled = value["all-mean" if once else "all"], value["all" if once else "all-pooled"]
    assert averaged.value == pytest.approx(np.mean(splits)) and pooled.value != pytest.approx(np.mean(splits))
    assert f"(deviation {np.std(splits):.3f})" in averaged.note and pooled.note == "pooled over clips"
    assert averaged.n_clips == pooled.n_clips == 12 and averaged.ci_low < averaged.value < averaged.ci_high


def test_targets_put_together_in_different_ways_have_both_beside():
    board = Scoreboard(corpus(AROUSAL, replace(VALENCE, aggregate="mean")), SPLITS)
    rows = of(rows_of(board, scored("row", board.corpus, 0.5)), metric="ccc", target="arousal")
    value = {row.split: row.value for row in rows}
    assert value["all"] == value["all-pooled"] != value["all-mean"]


def test_a_reported_figure_stands_with_the_rows_put_together_as_its_paper_did():
    board = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)
    common = {"system": "LSTM", "metric": "ccc", "value": 0.5, "source": "Table 1"}
    figures = [
        Reported(target="arousal", **common),
        Reported(target="arousal", aggregate="pooled", **common),
        Reported(target="mean", aggregate="mean", **common),
        Reported(target="mean", aggregate="mean", split="0", **common),
    ]
    rows = reported_rows(type("Study", (), {"reported": figures}), board)
    assert [row.split for row in rows] == ["all", "all", "all-mean", "0"]
    alone = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS[:1])
    assert {row.split for row in reported_rows(type("Study", (), {"reported": figures}), alone)} == {"all", "0"}
