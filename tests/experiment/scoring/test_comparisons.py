"""Rows set beside one another: what is tested, with which figures, and what is said of stages and of tuning."""

import numpy as np
import pandas as pd
import pytest
from small_study import REPORTED, small_release

from avbaselines.corpora.corpus import Target
from avbaselines.evaluation.comparison import compare_means, holm
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.scoring.comparisons import (
    ALL_DEFAULTS,
    ALL_TUNED,
    flag_fusions,
    reported_rows,
    tuning_words,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    study = small_release(tmp_path_factory.mktemp("small"), speakers=9, clips=8)
    return study.run("systems.transductive=[]", "systems.fusion=['mean', 'greedy']")


def test_figures_are_those_of_a_paired_test_on_the_stored_predictions(run):
    tests, stored = run.table("comparisons.csv"), run.predictions().query("part == 'test' and split != 'final'")

    def sums(system):
        own = stored[stored["system"] == system].sort_values(["clip_id", "class"])
        value, mood = own[own["target"] == "arousal"], own[own["target"] == "mood"]
        groups = np.unique(value["group"].astype(str), return_inverse=True)[1]
        truth, posterior = (mood[part].to_numpy().reshape(-1, 3) for part in ("truth", "prediction"))
        return [
            METRICS["ccc"].sums(value["truth"].to_numpy(), value["prediction"].to_numpy(), groups, 9),
            METRICS["uar"].sums(truth.argmax(axis=1), posterior, groups, 9),
        ]

    row = tests[(tests["system_a"] == "late-greedy") & (tests["system_b"] == "late-mean")]
    if row.empty:  # the picked one stands first
        row = tests[tests["system_b"].isin(["late-mean"])]
    a, b = row.iloc[0][["system_a", "system_b"]]
    metrics = [METRICS["ccc"], METRICS["uar"]]
    expected = compare_means(list(zip(metrics, sums(a), sums(b), strict=True)))
    for name in ("difference", "ci_low", "ci_high", "p_value"):
        assert row.iloc[0][name] == pytest.approx(getattr(expected, name), abs=1e-9), name


def test_the_picked_row_is_tested_against_every_other_and_fusions_against_means(run):
    tests, results = run.table("comparisons.csv"), run.results(split="all", kind="measured", target="mean")
    (picked,) = results[results["picked"] == "yes"]["system"].unique()
    rivals = set(results["system"]) - {picked}
    assert set(tests[tests["system_a"] == picked]["system_b"]) == rivals
    others = tests[tests["system_a"] != picked]
    assert set(others["system_b"]) <= {"late-mean", "late-matched-mean"}
    assert not others["system_a"].str.endswith("-raw").any()
    np.testing.assert_allclose(tests["p_holm"], holm(tests["p_value"].to_numpy()))
    assert not tests.duplicated(["system_a", "system_b", "target"]).any()


def test_reported_figures_are_rows_as_the_study_wrote_them(run):
    (row,) = reported_rows(run.planned.study)
    assert {name: row[name] for name in ("system", "target", "metric", "value")} == {
        name: REPORTED[name] for name in ("system", "target", "metric", "value")
    }
    assert row["kind"] == "reported" and row["status"] == "ok" and row["note"] == "Table 1"


def measured(*rows, metric="ccc", target="mean"):
    columns = ["system", "learner", "stage", "value"]
    base = {"protocol": "honest", "split": "all", "kind": "measured", "target": target, "metric": metric}
    return pd.DataFrame([base | dict(zip(columns, row, strict=True)) for row in rows]).assign(status="ok", note="")


@pytest.mark.parametrize(("metric", "flagged"), [("ccc", {"late-greedy"}), ("rmse", {"late-ridge"})])
def test_a_stage_that_beats_no_mean_is_flagged_in_the_direction_of_the_metric(metric, flagged):
    table = measured(
        ("svr", "svr", 0, 0.9), ("late-mean", "mean", 1, 0.5), ("late-matched-mean", "mean", 1, 0.6),
        ("late-greedy", "greedy", 1, 0.55 if metric == "ccc" else 0.4), ("late-ridge", "ridge", 1, 0.7),
        ("late-ridge-raw", "ridge", 1, 0.1 if metric == "ccc" else 0.9), metric=metric,
    )  # fmt: skip
    notes = flag_fusions(table, [Target("arousal", metric)]).set_index("system")["note"]
    assert {name for name in notes.index if "not above the mean" in notes[name]} == flagged
    best = "late-matched-mean" if metric == "ccc" else "late-mean"
    assert f"not above the mean ({best})" in notes[flagged.pop()]


def test_what_tuning_gained_is_said_once_a_protocol():
    row = {"protocol": "honest", "system_a": ALL_TUNED, "system_b": ALL_DEFAULTS, "difference": 0.0123}
    tests = pd.DataFrame([row | {"ci_low": -0.01, "ci_high": 0.03}, row | {"system_a": "x", "ci_low": 0, "ci_high": 0}])
    (sentence,) = tuning_words(tests)
    assert sentence.startswith("Tuning changed the score of its systems by +0.012 [-0.010, 0.030] on average")
