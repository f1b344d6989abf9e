"""Rivals of imported systems: chosen out-of-fold among those that do and do not read them, and said in a sentence."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.experiment.analyses.external_systems import Rivals, _sentence


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
        [("paper", "ours", "deep", 0.05, 0.01, 0.09, 0.02), ("honest", "ours", "deep", -0.05, np.nan, np.nan, 0.5)],
        columns=["protocol", "system_a", "system_b", "difference", "ci_low", "ci_high", "p_holm"],
    )
    paper = Rivals("deep", "paper", "ours", None, "no late fusion reads it (systems.fusion)")
    assert _sentence(paper, tests, several_protocols=True) == (
        "deep (paper): best of ours (ours) minus it +.050 [+.010, +.090], p = .020 (Holm); "
        "no late fusion reads it (systems.fusion)"
    )
    honest = Rivals("deep", "honest", "ours", None, "nothing")
    assert "minus it -.050, p = .500 (Holm)" in _sentence(honest, tests, several_protocols=False)
