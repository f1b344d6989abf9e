"""The command that predicts new clips by a shipped system."""

import numpy as np
import pandas as pd
import pytest
from shipped_systems import finished, stored
from small_study import write_study

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle
from avbaselines.predict import main


def test_the_command_tells_tables_apart_by_their_columns(given, tmp_path, capsys):
    out = tmp_path / "out.csv"
    command = [str(given / "run"), "--system", "ridge-audio+face", str(given / "face.csv"), "--out", str(out)]
    assert main([*command, "--modality", f"audio={given / 'audio.npz'}"]) == 0
    assert "71 clips, arousal, valence, mood by ridge-audio+face" in capsys.readouterr().out
    found = pd.read_csv(out, index_col="clip_id")
    assert list(found.columns) == ["arousal", "valence", "mood", "mood=glad", "mood=mad", "mood=sad"]
    system = bundle.load(given / "run", "ridge-audio+face")
    expected = system.predict({"audio": given / "audio.npz", "face": given / "face.csv"})
    np.testing.assert_allclose(found.loc[expected.index, "arousal"], expected["arousal"])
    assert main(command) == 0 and "note: without audio" in capsys.readouterr().err


def test_bad_input_to_the_command_ends_with_status_2(given, tmp_path, capsys):
    folder = str(given / "run")
    for arguments, said in (
        ([str(tmp_path), "x.wav"], "finished run"),
        ([folder, "--system", "ridge-audio", "x.wav"], "x.wav: no such file"),
        ([folder, "--system", "ridge-audio", "none.csv"], "none.csv"),
        ([folder, "--system", "ridge-audio"], "nothing to predict from"),
        ([folder, "--system", "ridge-audio", "--modality", "audio"], "NAME=VALUE"),
        ([folder, "--system", "ridge-audio", str(given / "audio.npz"), "--recipe", "vioce=egemaps"], "--recipe vioce"),
        ([folder, "--system", "ridge-audio", str(given / "study.toml")], "--recipe NAME=RECIPE"),
        ([folder, "--system", "ridge-audio", str(given / "audio.npz"), "--out", "x.xlsx"], ".xlsx"),
    ):
        assert main(arguments) == 2
        message = capsys.readouterr().err
        assert said in message and "Traceback" not in message, message


def test_clips_that_are_not_in_the_tables_are_told_of(given, tmp_path, capsys):
    face, out = str(given / "face.csv"), tmp_path / "out.csv"
    command = [str(given / "run"), "--system", "ridge-face", face, "--out", str(out), "--clips"]

    def clips(**columns):
        pd.DataFrame(columns).to_csv(tmp_path / "clips.csv", index=False)
        return main([*command, str(tmp_path / "clips.csv")]), capsys.readouterr().err

    assert clips(clip_id=["c1", "c2"]) == (0, "")
    status, said = clips(clip_id=["c1", "new"])
    assert status == 0 and "1 of 2 clips have no input, such as new" in said
    status, said = clips(clip_id=["new", "newer"])
    assert status == 2 and "such as 'c1', not 'new'" in said
    status, said = clips(clip=["c1", "c2"])
    assert status == 2 and "no column 'clip_id' (did you mean 'clip'?)" in said
    command[2] = "ridge-face-per-speaker"
    status, said = clips(clip_id=["c1", "c2", "c3"], group=["s", None, "s"])
    assert status == 2 and "give the speaker of each clip" in said


def test_rows_without_an_id_and_a_folder_that_is_a_file_are_named(given, tmp_path, capsys):
    table = pd.read_csv(given / "face.csv")
    table.assign(clip_id=table["clip_id"].where(table.index > 0)).to_csv(tmp_path / "face.csv", index=False)
    command = [str(given / "run"), "--system", "ridge-face"]
    assert main([*command, str(tmp_path / "face.csv")]) == 2
    assert "row 2 has no clip id" in capsys.readouterr().err
    with pytest.raises(InputError, match="row 1 has no clip id"):
        bundle.load(given / "run", "ridge-face").predict({"face": table.set_index("clip_id").rename({"c1": None})})
    assert main([*command, str(given / "face.csv"), "--out", str(tmp_path / "face.csv" / "out.csv")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'face.csv'}")


def run_on_wavs(folder, modality, ids):
    rng = np.random.default_rng(0)
    clips = pd.DataFrame({"clip_id": ids, "speaker": [f"s{k % 4}" for k in range(len(ids))]})
    clips = clips.assign(part=np.where(clips["speaker"] == "s3", "test", "train"), arousal=rng.normal(size=len(ids)))
    finished(write_study(
        folder, clips, split={"column": "part", "train": ["train"], "test": ["test"]},
        targets={"arousal": {"metric": "ccc"}}, modalities={"voice": modality}, systems={"fusion": []},
    ))  # fmt: skip


@pytest.mark.real
def test_recordings_are_extracted_as_the_run_did(shared_data, tmp_path, capsys):
    wavs = shared_data / "samples" / "ravdess_wav16k"
    paths = sorted(wavs.glob("*.wav"))
    run_on_wavs(tmp_path, {"recipe": "egemaps", "media": str(wavs)}, [path.stem for path in paths])
    expected = stored(tmp_path, "ridge-voice", "test")
    out = tmp_path / "out.csv"
    chosen = [str(path) for path in paths if path.stem in expected.index]
    command = [str(tmp_path / "run"), "--jobs", "1", "--out", str(out)]
    assert main([*command, *chosen]) == 0
    found = pd.read_csv(out, index_col="clip_id")
    np.testing.assert_allclose(found.loc[expected.index, "arousal"], expected["arousal"], rtol=0, atol=1e-6)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    video = shared_data / "samples" / "mexca_test_video_audio_5_seconds.mp4"
    assert main([*command, str(broken), str(video)]) == 1
    assert "failed: voice of broken" in capsys.readouterr().err
    found = pd.read_csv(out, index_col="clip_id")["arousal"]
    train = pd.read_csv(tmp_path / "clips.csv").query("part == 'train'")["arousal"].mean()
    assert found["broken"] == pytest.approx(train) and found[video.stem] != pytest.approx(train)
    assert main([*command, str(broken)]) == 2 and "1 of 1 recordings failed" in capsys.readouterr().err


@pytest.mark.real
def test_a_modality_read_from_a_table_takes_a_named_recipe(shared_data, tmp_path, capsys):
    table = shared_data / "ravdess" / "audio_egemapsv02.npz"
    with np.load(table, allow_pickle=False) as known:
        ids = known["clip_id"][:24]
    run_on_wavs(tmp_path, str(table), ids)
    wav = next((shared_data / "samples" / "ravdess_wav16k").glob("*.wav"))
    command = [str(tmp_path / "run"), str(wav), "--jobs", "1", "--out", str(tmp_path / "out.parquet")]
    assert main(command) == 2 and "--recipe NAME=RECIPE" in capsys.readouterr().err
    assert main([*command, "--recipe", "voice=egemaps"]) == 0
    assert list(pd.read_parquet(tmp_path / "out.parquet")["clip_id"]) == [wav.stem]
    assert main([*command, "--recipe", "voice=gemaps"]) == 2 and "lacks column" in capsys.readouterr().err
