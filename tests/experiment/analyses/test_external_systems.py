"""Rivals of imported systems: chosen out-of-fold among those that do and do not read them, and said in a sentence."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.experiment.analyses.external_systems import Rivals, _lines, _sentence


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Audio and the external system each know another half of the target."""
    rng, clips = np.random.default_rng(0), people(9, 12)
    heard, seen = rng.normal(size=(2, len(clips)))
    study = write_study(
        tmp_path_factory.mktemp("external"), clips.assign(arousal=heard + seen),
        {"audio": pd.DataFrame({"a": heard}).set_index(clips["clip_id"])},
        targets={"arousal": {"metric": "ccc"}}, systems={"fusion": ["mean", "ridge"]},
        predictions={"deep": "deep.csv"},
    )  # fmt: skip
    pd.DataFrame({"clip_id": clips["clip_id"], "arousal": 0.5 * seen}).to_csv(study.folder / "deep.csv", index=False)
    return study


def test_the_best_of_ours_and_the_best_fusion_are_compared_with_it(study):
    run = study.run()
    (line,) = run.result.analyses["external-systems"].terminal
    assert line.startswith("deep: best of ours (ridge-audio) minus it ") and "it fused with ours (late-ridge)" in line
    tests = run.table("comparisons.csv")
    pairs = set(zip(tests["system_a"], tests["system_b"], strict=True))
    assert {("ridge-audio", "deep"), ("late-ridge", "deep")} <= pairs


def test_without_one_the_analysis_is_not_done(study):
    assert "external-systems" not in study.prepare("predictions={}").analyses
    assert "external-systems" in study.prepare().analyses


def test_a_sentence_names_the_protocol_where_there_are_several_and_why_nothing_is_fused():
    tests = pd.DataFrame(
        [
            ("paper", "ours", "deep", 0.05, 0.01, 0.09, 0.02, "better"),
            ("honest", "ours", "deep", -0.05, np.nan, np.nan, 0.5, "undecided"),
        ],
        columns=["protocol", "system_a", "system_b", "difference", "ci_low", "ci_high", "p_holm", "verdict"],
    )
    paper = Rivals("deep", "paper", "ours", None, "no late fusion reads it (systems.fusion)")
    assert _sentence(paper, tests, several_protocols=True) == (
        "deep (paper): best of ours (ours) minus it +.050 [+.010, +.090], p = .020 (Holm): better; "
        "no late fusion reads it (systems.fusion)"
    )
    honest = Rivals("deep", "honest", "ours", None, "nothing")
    assert "minus it -.050, p = .500 (Holm): undecided; nothing" in _sentence(honest, tests, several_protocols=False)


def test_of_many_external_systems_the_verdicts_are_counted_and_reasons_said_once():
    said = {"a": "better", "b": "worse", "c": "better", "d": "undecided"}
    row = {"protocol": "honest", "difference": 0.1, "ci_low": 0.0, "ci_high": 0.2, "p_holm": 0.1}
    tests = pd.DataFrame(
        [row | {"system_a": "ours", "system_b": name, "verdict": verdict} for name, verdict in said.items()]
        + [row | {"system_a": "late", "system_b": "b", "verdict": "equivalent"}]
    )
    items = [Rivals(name, "honest", "ours", "late" if name == "b" else None, "not known") for name in said]
    assert list(_lines(items, tests, several=False)) == [
        "4 external systems, best of ours against each: better (a, c); worse (b); undecided (d); differences are in "
        "comparisons.csv",
        "4 external systems, each fused with ours against it alone: equivalent (b); differences are in comparisons.csv",
        "a, c, d: not known",
    ]
    assert len(list(_lines(items[:3], tests, several=False))) == 3  # few: a sentence each


def test_flips_tell_which_clips_each_side_wins(study):
    run = study.run()
    table, clips = run.table("flips.csv"), study.clips().set_index("clip_id")["arousal"]
    assert list(table.columns[:6]) == ["clip_id", "group", "truth", "theirs", "ours", "better"]
    assert set(table["clip_id"]) == set(clips.index) and table["clip_id"].is_unique
    assert table["truth"].to_numpy() == pytest.approx(clips[table["clip_id"]].to_numpy())
    closer = (table["theirs"] - table["truth"]).abs() < (table["ours"] - table["truth"]).abs()
    assert (table["better"] == np.where(closer, "theirs", "ours")).all()
    predictions = run.predictions().query("part == 'test' and system == @run.result.picked").set_index("clip_id")
    assert table["ours"].to_numpy() == pytest.approx(predictions.loc[table["clip_id"], "prediction"].to_numpy())
    assert "arousal: clips won by deep and by " in run.text("report.html")
    # A run without external systems leaves none behind.
    assert not (study.run("predictions={}").folder / "flips.csv").exists()


def test_seeds_of_a_model_are_one_system(study, tmp_path):
    copy = study.copy(tmp_path)
    deep = pd.read_csv(copy.folder / "deep.csv")
    for seed in range(3):
        deep.assign(arousal=deep["arousal"] + 0.1 * seed).to_csv(copy.folder / f"net{seed}.csv", index=False)
    run = copy.run('predictions={deep="net*.csv"}')
    [row] = run.results(system="deep", split="all", target="arousal", metric="ccc").to_dict("records")
    assert "over 3 seeds (deviation " in row["note"] and row["ci_low"] < row["value"] < row["ci_high"]
    one = copy.run('predictions={deep="net0.csv"}', out="one").results(system="deep", split="all", metric="ccc")
    assert row["value"] != pytest.approx(one["value"].iloc[0], abs=1e-6)
    assert f"deep: arousal {row['note'].split('arousal ')[1]}" in run.text("leaderboard.md")
