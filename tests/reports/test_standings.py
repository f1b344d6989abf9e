"""Standings of many runs: the figures studies are judged by, verdicts against others, and what moved."""

import math

import pytest
from run_folders import picked, row, write_run

from avbaselines.finished_run import find_runs
from avbaselines.reports.standings import standings


@pytest.fixture
def stand(tmp_path):
    """Standings of one run of these rows."""

    def made(rows, **options):
        write_run(tmp_path / "runs" / "mine", rows, **options)
        return standings(find_runs([tmp_path / "runs"]))

    return made


def imported(value, **cells):
    return row("wav2vec", value, kind="imported", **cells)


def reported(value, **cells):
    return row("LSTM", value, kind="reported", **cells)


def test_one_metric_is_one_figure_and_several_are_several(stand):
    mean = picked("late", 0.5)
    arousal, mood = picked("late", 0.6, target="arousal"), picked("late", 0.7, target="mood", metric="uar")
    assert [row.figure for row in stand([mean, arousal])] == ["mean ccc .50"]
    assert [row.figure for row in stand([arousal], metrics={"arousal": "ccc"})] == ["arousal ccc .60"]
    both = {"arousal": "ccc", "mood": "uar"}
    assert [row.figure for row in stand([mean, arousal, mood], metrics=both)] == ["arousal ccc .60", "mood uar .70"]
    combined = picked("late", 0.3, target="combined", metric="combined")
    assert [row.figure for row in stand([arousal, combined], metrics=both)] == ["combined .30"]


def test_a_run_under_two_protocols_stands_twice(stand):
    rows = stand([picked("late", 0.5), picked("paper-late", 0.8, protocol="paper")])
    assert [(one.protocol, one.picked) for one in rows] == [("honest", "late"), ("paper", "paper-late")]


def test_the_only_split_is_taken_where_there_is_no_all(stand):
    rows = [picked("late", 0.5, split="devel"), reported(0.55, split="devel"), reported(0.9, split="test")]
    (one,) = stand(rows)
    assert one.figure == "mean ccc .50" and one.rival.value == 0.55


def test_nothing_picked_and_failures_are_told(stand):
    (one,) = stand([row("late", 0.5), row("svr", math.nan, status="failed")])
    assert one.picked == "" and math.isnan(one.value) and one.failed == 1


def test_the_best_of_others_is_under_the_same_protocol_and_metric(stand):
    elsewhere = [reported(0.9, protocol="paper"), reported(0.8, metric="pcc"), imported(0.7, status="failed")]
    (one,) = stand([picked("late", 0.5), *elsewhere])
    assert one.rival is None
    (one,) = stand([picked("late", 0.5), *elsewhere, imported(0.45), reported(0.46)])
    assert one.rival.words == "LSTM (reported) .46: inside the interval"


@pytest.mark.parametrize(
    ("value", "metric", "said"),
    [
        (0.3, "ccc", "better: below the interval"), (0.7, "ccc", "worse: beyond the interval"),
        (0.3, "mae", "worse: beyond the interval"), (0.7, "mae", "better: below the interval"),
        (0.6, "ccc", "inside the interval"), (0.4, "ccc", "inside the interval"),
    ],
)  # fmt: skip
def test_a_reported_figure_is_placed_by_the_interval(stand, value, metric, said):
    rows = [picked("late", 0.5, metric=metric), reported(value, metric=metric)]
    (one,) = stand(rows, metrics=dict.fromkeys("ab", metric))
    assert one.rival.verdict == said


def test_without_interval_nothing_is_claimed(stand):
    (one,) = stand([picked("late", 0.5, ci_low="", ci_high=""), reported(0.3)])
    assert one.rival.verdict == "higher, without interval"


BACK = {"system_a": "wav2vec", "system_b": "late"}
PAIR = {"protocol": "honest", "system_a": "late", "system_b": "wav2vec", "target": "mean", "difference": 0.1}


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (PAIR | {"ci_low": 0.02, "ci_high": 0.18}, "better"),
        (PAIR | {"ci_low": -0.02, "ci_high": 0.18}, "undecided"),
        (PAIR | {"ci_low": 0.001, "ci_high": 0.01, "verdict": "equivalent"}, "equivalent"),
        (PAIR | BACK | {"ci_low": 0.02, "ci_high": 0.18}, "worse"),
        (PAIR | BACK | {"ci_low": -1, "ci_high": 1, "verdict": "not worse"}, "not better"),
        (PAIR | {"protocol": "paper", "ci_low": 0.02, "ci_high": 0.18}, "inside the interval"),
        (PAIR | {"target": "valence", "ci_low": 0.02, "ci_high": 0.18}, "inside the interval"),
    ],
)
def test_imported_predictions_are_judged_by_the_paired_test(stand, test, said):
    (one,) = stand([picked("late", 0.5), imported(0.41)], comparisons=[test])
    assert one.rival.verdict == said


def test_what_moved_since_an_earlier_run(tmp_path):
    now, then = tmp_path / "now", tmp_path / "then"
    write_run(now / "same", [picked("late", 0.5)], version="0.3.0")
    write_run(then / "same", [picked("late", 0.5001)])
    write_run(now / "moved", [picked("late", 0.7)])
    write_run(then / "moved", [picked("svr", 0.5)], clips="other")
    write_run(now / "renamed", [picked("late", 0.45)], title="Another")
    write_run(then / "old-name", [picked("late", 0.5)], title="Another")
    write_run(now / "new", [picked("late", 0.5)], title="New")
    rows = standings(find_runs([now]), find_runs([then]))
    assert {one.run.key: one.moved for one in rows} == {
        "same": "same score",
        "moved": "+.200, outside the interval of before; picked was svr; on other clips or groups",
        "renamed": "−.050",
        "new": "",
    }
    assert {one.run.key: one.before.version for one in rows if one.before} == dict.fromkeys(
        ["same", "moved", "renamed"], "0.2.0"
    )
