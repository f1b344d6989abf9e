"""The example's network on a corpus in miniature: what it writes, what it never sees, and what it refuses."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import people, small_release, write_study

from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.fitting.split_setup import split_table

pytest.importorskip("torch", reason="PyTorch is no requirement of this package; pip install torch to run these tests")
SOURCE = Path(__file__).resolve().parents[2] / "examples" / "deep_reference.py"
QUICK = ["--seeds", "2", "--width", "16", "--epochs", "30", "--rate", "0.01"]


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("deep_reference", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_splits(study):
    """splits.csv beside a study, as its run writes it."""
    planned = study.prepare()
    split_table(planned).to_csv(study.folder / "splits.csv", index=False)
    return planned.corpus


def test_every_evaluated_clip_is_predicted_and_the_suite_takes_the_files(example, tmp_path):
    study, out = small_release(tmp_path / "small"), tmp_path / "deep"
    corpus = write_splits(study)
    assert example.main([str(study.folder), "--out", str(out), *QUICK]) == 0
    names = {f"{mode}{seed}.csv" for mode in ("single", "multi") for seed in ("", "-seed0", "-seed1")}
    assert {path.name for path in out.iterdir()} == names | {"cpu.csv"}
    for mode in ("single", "multi"):
        compared = study.prepare(f"predictions.deep='{out / mode}-seed*.csv'").corpus.predictions["deep"]
        assert len(compared.seeds) == 2
        for target in corpus.targets:
            values = compared.values[target.name]
            told = values.argmax(axis=1) if target.classes else values[:, 0]
            assert score(target.metric, corpus.y[target.name], told) > 0.4, (mode, target.name)
    assert pd.read_csv(out / "cpu.csv")["cpu_seconds"].gt(0).all()


def test_labels_of_evaluated_clips_change_nothing(example, tmp_path):
    study = small_release(tmp_path / "small")
    given = 'column = "partition"\ntrain = ["train"]\ntest = ["test"]'
    study.path.write_text(study.path.read_text().replace('folds = "fold"', given))
    write_splits(study)
    tested = study.clips()["partition"] == "test"
    drawn = np.random.default_rng(0).uniform(1, 5, len(tested))

    def predictions(out):
        example.main([str(study.folder), "--out", str(tmp_path / out), "--modes", "multi", *QUICK])
        return (tmp_path / out / "multi.csv").read_text()

    before = predictions("before")
    study.change(arousal=lambda table: table["arousal"].mask(tested, drawn))
    assert predictions("after") == before
    study.change(arousal=lambda table: table["arousal"].mask(~tested, drawn))
    assert predictions("other labels to learn from") != before


def test_sequences_are_read_step_by_step(example, tmp_path):
    rng, clips = np.random.default_rng(0), people(9, 12)
    arousal = rng.normal(size=len(clips))
    study = write_study(tmp_path / "small", clips.assign(arousal=arousal), targets={"arousal": {"metric": "ccc"}})
    steps = arousal[:, None, None] * [1.0, 0.5] + rng.normal(size=(len(clips), 6, 2))
    steps[:, :2] = 0  # padding in front
    np.savez(study.folder / "audio.npz", clip_id=clips["clip_id"].to_numpy(str), X=steps.astype(np.float32))
    with open(study.path, "a") as file:
        file.write('\n[modalities]\naudio = "audio.npz"\n')
    corpus = write_splits(study)
    tables = example.read_tables(study.path, None, flat=False)[1]
    assert tables[0].shape == (len(clips), 6, 2) and np.isnan(tables[0][:, :2]).all()
    assert example.read_tables(study.path, None, True)[1][0].ndim == 2
    example.main([str(study.folder), "--out", str(tmp_path / "deep"), *QUICK])
    told = pd.read_csv(tmp_path / "deep" / "single.csv").set_index("clip_id")["arousal"][corpus.ids]
    assert score("ccc", corpus.y["arousal"], told.to_numpy()) > 0.5


def test_splits_that_are_absent_or_share_a_group_are_refused(example, tmp_path):
    study = small_release(tmp_path / "small", clips=4)
    call = [str(study.folder), "--out", str(tmp_path / "deep"), *QUICK]
    with pytest.raises(InputError, match="splits.csv: is not there; run the study first"):
        example.main(call)
    write_splits(study)
    path = study.folder / "splits.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.assign(part=np.where(table.index == 0, "test", table["part"])).to_csv(path, index=False)
    with pytest.raises(InputError, match="split 0: group 's1' is learnt from and evaluated"):
        example.main(call)
    write_splits(study)
    with pytest.raises(InputError, match="--weights: no target 'joy'"):
        example.main([*call, "--weights", "joy=2"])
