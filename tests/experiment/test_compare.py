"""Outside systems: joined from the command line, tested against ours, and fused with ours."""

import numpy as np
import pandas as pd
import pytest
from small_study import SmallStudy, people, write_study

from avbaselines.run import main
from avbaselines.study import load_study


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Audio and the outside system each know another half of the target."""
    folder = tmp_path_factory.mktemp("compared")
    rng, clips = np.random.default_rng(0), people(15, 12)
    n = len(clips)
    heard, seen = rng.normal(size=(2, n))
    audio = pd.DataFrame(np.column_stack([heard, rng.normal(size=n)]), clips["clip_id"], ["a", "b"])
    write_study(
        folder, clips.assign(arousal=np.clip(3 + 0.4 * (heard + seen), 1, 5)), {"audio": audio},
        targets={"arousal": {"metric": "ccc", "range": [1, 5]}}, systems={"fusion": ["mean", "ridge"]},
    )  # fmt: skip
    deep = clips[["clip_id"]].assign(arousal=3 + 0.5 * seen + 0.1 * rng.normal(size=n))
    deep.to_csv(folder / "deep.csv", index=False)
    deep.assign(arousal=3.0 + 0.01 * seen).to_csv(folder / "flat.csv", index=False)
    return folder


def compare(release, out, *files):
    command = [str(release / "study.toml"), "--out", str(out), "--jobs", "1"]
    return main([*command, *(part for file in files for part in ("--compare", file))])


def test_the_gain_of_fusing_ours_is_said_with_its_interval(release, tmp_path, capsys):
    assert compare(release, tmp_path, f"deep={release / 'deep.csv'}", f"flat={release / 'flat.csv'}") == 0
    lines = {line.partition(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    results = pd.read_csv(tmp_path / "results.csv").query("split == 'all' and target == 'arousal' and metric == 'ccc'")
    value = results.set_index("system")["value"]
    assert results.set_index("system").loc["deep", "kind"] == "imported"
    tests = pd.read_csv(tmp_path / "comparisons.csv")
    for name in ("deep", "flat"):
        fused = lines[name].partition("it fused with ours (")[2].partition(")")[0]
        for other in ("ridge-audio", fused):
            pair = tests[(tests["system_a"] == other) & (tests["system_b"] == name)]
            row = pair.iloc[0]
            assert len(pair) == 1 and row["difference"] == pytest.approx(value[other] - value[name])
            digits = [f"{abs(row[key]):.3f}".lstrip("0") for key in ("difference", "ci_low", "ci_high")]
            assert all(part in lines[name] for part in digits) and row["p_holm"] >= row["p_value"]
        assert (
            f"best of ours (ridge-audio) minus it {'-' if value['ridge-audio'] < value[name] else '+'}" in lines[name]
        )
    fused = lines["deep"].partition("it fused with ours (")[2].partition(")")[0]
    assert value[fused] > value["deep"] + 0.1
    # The row named as better was chosen on out-of-fold predictions, so it is one that reads the outside system.
    assert "late-" in fused


def test_predictions_of_tested_clips_alone_are_compared_and_the_reason_is_said(release, tmp_path, capsys):
    tested = pd.read_csv(release / "clips.csv")["fold"] == 2
    pd.read_csv(release / "deep.csv")[tested].to_csv(tmp_path / "t.csv", index=False)
    command = [str(release / "study.toml"), "--out", str(tmp_path / "run"), "--jobs", "1"]
    given = "split={column='fold', train=['0', '1'], test=['2']}"
    assert main([*command, "--set", given, "--compare", f"deep={tmp_path / 't.csv'}"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("deep: "))
    assert "best of ours (ridge-audio) minus it" in line and "training clips are not known" in line


def test_predictions_of_tested_clips_alone_change_none_of_ours_and_refit_nothing(release, tmp_path):
    """Before, every fusion read them: as nothing in training and as something in the evaluated clips."""
    study = SmallStudy(release).copy(tmp_path / "small")
    fold = pd.read_csv(release / "clips.csv")["fold"]
    pd.read_csv(release / "deep.csv").assign(fold=fold).to_csv(tmp_path / "deep.csv", index=False)
    alone = study.run().results(split="all").set_index(["system", "target", "metric"])
    beside = study.run(f"predictions.deep='{tmp_path / 'deep.csv'}'")
    table = beside.results(split="all").set_index(["system", "target", "metric"])
    assert beside.computed == 0 and "deep" in table.index.get_level_values("system")
    assert table["value"][alone.index].equals(alone["value"])
    assert load_study(beside.folder / "study.toml").predictions["deep"].fuse is False


def test_a_system_that_is_not_to_be_fused_is_read_by_name_alone(release):
    study = SmallStudy(release)
    apart = f"predictions.deep={{path='{release / 'deep.csv'}', fuse=false}}"
    named = "systems.fusion=['mean', {method='ridge', inputs=['ridge-audio', 'deep']}]"
    assert [system.name for system in study.prepare(apart).systems] == ["deep-matched", "ridge-audio"]
    assert "late-ridge" in [system.name for system in study.prepare(apart, named).systems]


def test_a_fusion_without_it_is_not_taken_for_one_with_it(release, tmp_path, capsys):
    files = [f"{name}={release / name}.csv" for name in ("deep", "flat")]
    fusion = "systems.fusion=[{method='ridge', name='with-flat', inputs=['ridge-audio', 'flat']}]"
    command = [str(release / "study.toml"), "--out", str(tmp_path), "--jobs", "1", "--set", fusion]
    assert main([*command, *(part for file in files for part in ("--compare", file))]) == 0
    lines = {line.partition(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "it fused with ours (with-flat)" in lines["flat"] and "no late fusion reads it" in lines["deep"]


def test_unusable_comparisons_are_refused(release, tmp_path, capsys):
    deep = pd.read_csv(release / "deep.csv")
    deep.iloc[1:].to_csv(tmp_path / "short.csv", index=False)
    deep.assign(arousal=deep["arousal"] * 100).to_csv(tmp_path / "scaled.csv", index=False)
    for files, said in (
        (["deep"], "expected NAME=FILE"),
        ([f"deep={release / 'none.csv'}"], "no file"),
        ([f"deep={tmp_path / 'short.csv'}"], "no arousal for 1 evaluated clips, such as 'c0'"),
        ([f"deep={tmp_path / 'scaled.csv'}"], "far outside [1, 5]"),
        ([f"a={release / 'deep.csv'}", f"a={release / 'deep.csv'}"], "there already"),
    ):
        assert compare(release, tmp_path / "none", *files) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
