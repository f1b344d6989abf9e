"""A shipped system predicts from the very tables that its run learnt from."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.predict import main as predict
from avbaselines.run import main as run

STUDY = """
title = "own tables"
[corpus]
reader = "table"
clips = "clips.csv"
id = "utt"
group = "speaker"
[split]
column = "part"
train = ["train"]
test = ["test"]
[targets]
arousal = { metric = "ccc" }
[modalities]
face = { path = "face.csv", id = "utt" }
voice = "voice.npz"
[systems]
learners = ["ridge"]
inner_folds = 2
fusion = ["mean"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run on ids in a column of another name, spelt otherwise in one of two tables, one of them of padded steps."""
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(0)
    ids, arousal = [f"c{number:02d}" for number in range(36)], rng.uniform(1, 5, 36).round(2)
    speakers = np.repeat([f"p{number}" for number in range(6)], 6)
    clips = pd.DataFrame({"utt": ids, "speaker": speakers, "arousal": arousal})
    clips.assign(part=np.where(np.arange(36) < 24, "train", "test")).to_csv(folder / "clips.csv", index=False)
    face = pd.DataFrame(arousal[:, None] + rng.normal(size=(36, 3)), columns=["f0", "f1", "f2"]).round(4)
    face["f2"] = (1e6 + 0.01 * face["f2"]).round(6)  # more digits than 32-bit numbers hold
    face.insert(0, "utt", [f"wav/{name.upper()}.wav" for name in ids])
    face.to_csv(folder / "face.csv", index=False, sep=";", decimal=",")
    steps = arousal[:, None, None] + rng.normal(size=(36, 6, 2))
    steps[np.arange(6) >= rng.integers(2, 7, 36)[:, None]] = 0
    np.savez(folder / "voice.npz", clip_id=np.array(ids, dtype=object), X=steps, columns=["a", "b"])
    (folder / "study.toml").write_text(STUDY)
    assert run([str(folder / "study.toml"), "--out", str(folder / "run"), "--jobs", "1"]) == 0
    return folder


def test_the_tables_of_the_run_give_the_predictions_of_the_run(folder, capsys):
    tables = ["--modality", f"face={folder / 'face.csv'}", "--modality", f"voice={folder / 'voice.npz'}"]
    system = "ridge-face+voice"
    assert predict([str(folder / "run"), *tables, "--system", system, "--out", str(folder / "new.csv")]) == 0
    assert "have no input" not in capsys.readouterr().err
    new = pd.read_csv(folder / "new.csv", index_col="clip_id")["arousal"]
    new.index = [name.replace("wav/", "").replace(".wav", "").lower() for name in new.index]
    assert len(new) == 36
    table = pd.read_parquet(folder / "run" / "predictions.parquet")
    own = table[(table["part"] == "test") & (table["system"] == system)].set_index("clip_id")["prediction"]
    assert len(own) == 12
    np.testing.assert_allclose(own, new.loc[own.index], atol=1e-4)


def test_one_clip_predicts_as_it_does_among_others(folder):
    """Which side is padded is the run's to say: one clip alone does not show it."""
    with np.load(folder / "voice.npz", allow_pickle=True) as stored:
        X = stored["X"].copy()
        row = int(np.flatnonzero(~X[:, -1].any(axis=1))[0])
        X[row, 0] = X[row, 1] = 0  # more zeros in front than at the end
        X[row, 2], X[row, -1] = 1.0, 0
        for name, rows in (("all", slice(None)), ("one", [row])):
            np.savez(folder / f"{name}.npz", clip_id=stored["clip_id"][rows].astype(str), X=X[rows], columns=["a", "b"])
    for name in ("all", "one"):
        command = [str(folder / "run"), "--modality", f"voice={folder / f'{name}.npz'}", "--system", "ridge-voice"]
        assert predict([*command, "--out", str(folder / f"{name}.csv")]) == 0
    many, one = (pd.read_csv(folder / f"{name}.csv", index_col="clip_id")["arousal"] for name in ("all", "one"))
    assert one.iloc[0] == pytest.approx(many[one.index[0]])


def test_a_table_with_clip_id_is_read_as_well(folder):
    face = pd.read_csv(folder / "face.csv", sep=";", decimal=",").rename(columns={"utt": "clip_id"})
    face.to_csv(folder / "renamed.csv", index=False)
    for name in ("face", "renamed"):
        command = [str(folder / "run"), str(folder / f"{name}.csv"), "--system", "ridge-face"]
        assert predict([*command, "--out", str(folder / f"{name}_out.csv")]) == 0
    written = [(folder / f"{name}_out.csv").read_text() for name in ("face", "renamed")]
    assert written[0] == written[1]
