"""Systems that learnt from files of other tools predict from such files."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run over a folder of sequences, a container of arrays and frames of openSMILE, one value behind them all."""
    folder = tmp_path_factory.mktemp("formats")
    rng, clips = np.random.default_rng(0), people(9, 4)
    clips["arousal"] = 3 + rng.normal(size=len(clips))
    steps = clips["arousal"].to_numpy()[:, None, None] + rng.normal(scale=0.5, size=(len(clips), 6, 2))
    (folder / "face").mkdir()
    for number, clip in enumerate(clips["clip_id"]):
        np.save(folder / "face" / f"{clip}.npy", steps[number, : 2 + number % 5])
    ids = clips["clip_id"].to_numpy(str)
    container = {"train/id": ids[:20], "train/text": steps[:20, 0], "test/id": ids[20:], "test/text": steps[20:, 0]}
    np.savez(folder / "all.npz", **container)
    frames = pd.DataFrame({"name": np.repeat(ids, 6), "frameTime": np.tile(np.arange(6) / 100, len(ids))})
    frames.assign(F0=steps[:, :, 0].ravel()).to_csv(folder / "smile.csv", sep=";", index=False)
    modalities = {"face": "face", "text": {"path": "all.npz", "id": "id", "array": "text"}, "smile": "smile.csv"}
    study = write_study(
        folder, clips, targets={"arousal": {"metric": "ccc"}}, modalities=modalities, systems={"early": "none"}
    )
    return study.run("systems.fusion=[]")


@pytest.mark.parametrize(("modality", "file"), [("face", "face"), ("text", "all.npz"), ("smile", "smile.csv")])
def test_the_files_that_were_learnt_from_are_predicted(made, modality, file):
    system = bundle.load(made.folder / "models", f"ridge-{modality}")
    predicted = system.predict({modality: made.folder.parent / file})
    truth = pd.read_csv(made.folder.parent / "clips.csv").set_index("clip_id")["arousal"]
    assert len(predicted) == len(truth)
    assert np.corrcoef(predicted.loc[truth.index, "arousal"], truth)[0, 1] > 0.7


def test_other_folders_are_still_refused(made, tmp_path):
    system = bundle.load(made.folder / "models", "ridge-face")
    with pytest.raises(InputError, match="is a folder; give one table"):
        system.predict({"face": tmp_path})
