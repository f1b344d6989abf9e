"""Shipped systems: the numbers of the run, columns by name, and nothing executed that was smuggled in."""

import json
import operator
import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import skops.io
from small_study import MOODS, SmallRun, SmallStudy, people, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.bundles import card as cards
from avbaselines.experiment.bundles.card import Extent, sign
from avbaselines.experiment.bundles.write import file_digest
from avbaselines.predict import main

ALL = {"method": "ridge", "name": "all-targets", "targets": "all", "inputs": ["ridge-*"]}


def knowing_study(folder, **sections) -> SmallStudy:
    """Audio without column names knows arousal, face mood and valence; some clips lack a face, one has neither."""
    rng, clips = np.random.default_rng(0), people(9, 8)
    n, ids = len(clips), clips["clip_id"]
    arousal, valence, mood = rng.normal(size=n), rng.normal(size=n), rng.integers(0, 3, n)
    audio = np.column_stack([arousal, arousal / 2, np.zeros(n)]) + rng.normal(size=(n, 3))
    face = np.column_stack([np.eye(3)[mood] * 2, valence, np.zeros(n)]) + rng.normal(size=(n, 5))
    face = pd.DataFrame(face, ids, ["f1", "f2", "f3", "f4", "f5"]).assign(nothing=np.nan)
    clips = clips.assign(arousal=np.clip(3 + arousal * 0.7, 1, 5), valence=valence, mood=MOODS[mood])
    deep = clips.assign(arousal=clips["arousal"] + rng.normal(size=n) * 0.4)
    study = write_study(
        folder, clips, {"audio": pd.DataFrame(audio, ids)[1:], "face.csv": face[np.arange(n) % 7 != 0]},
        **{"split": {"column": "partition", "train": ["train"], "test": ["test"]}} | sections,
        targets={"arousal": {"metric": "ccc", "range": [1, 5]}, "valence": {"metric": "ccc"},
                 "mood": {"metric": "uar"}},
        predictions={"deep": "deep.csv"},
        systems={"learners": ["ridge", "lightgbm"], "transductive": ["ridge"],
                 "fusion": ["mean", "greedy", "ridge", ALL]},
    )  # fmt: skip
    deep[["clip_id", "arousal", "valence", "mood"]].to_csv(folder / "deep.csv", index=False)
    return study


def finished(study: SmallStudy, *overrides: str) -> SmallRun:
    run = study.run(*overrides)
    assert not run.result.failed
    return run


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Folder of a study and, in ``run``, of its run."""
    study = knowing_study(tmp_path_factory.mktemp("given"))
    finished(study)
    return study.folder


@pytest.fixture
def copy(given, tmp_path):
    """A copy of the shipped models to spoil."""
    return shutil.copytree(given / "run" / "models", tmp_path / "models")


def tables_of(folder):
    return {"audio": folder / "audio.npz", "face": folder / "face.csv", "deep": folder / "deep.csv"}


def inputs_of(system, folder):
    return {name: path for name, path in tables_of(folder).items() if name in [*system.modalities, *system.predictions]}


def stored(folder, system, split, part="test"):
    rows = pd.read_parquet(folder / "run" / "predictions.parquet")
    rows = rows[(rows["system"] == system) & (rows["split"] == split) & (rows["part"] == part)].astype(
        {"target": str, "class": str}
    )
    column = np.where(rows["class"] == "", rows["target"], rows["target"] + "=" + rows["class"])
    return rows.assign(column=column).pivot(index="clip_id", columns="column", values="prediction")


SYSTEMS = [
    *("ridge-audio", "ridge-audio-raw", "lightgbm-face", "ridge-audio+face", "lightgbm-audio+face"),
    *("late-mean", "late-matched-mean", "late-greedy", "late-ridge", "all-targets"),
]


@pytest.mark.parametrize("name", SYSTEMS)
def test_predictions_are_those_of_the_run(given, name):
    system = bundle.load(given / "run", name)
    clips = pd.read_csv(given / "clips.csv")
    expected = stored(given, name, "test")
    found = system.predict(inputs_of(system, given), clips[clips["partition"] == "test"][["clip_id"]])
    assert len(found) == 24 and system.name == name
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)
    posteriors = found[["mood=glad", "mood=mad", "mood=sad"]]
    assert (found["mood"] == posteriors.idxmax(axis=1).str.removeprefix("mood=")).all()


def test_a_transductive_system_needs_groups_and_is_then_the_runs(given):
    system = bundle.load(given / "run", "ridge-face-per-speaker")
    with pytest.raises(InputError, match="ridge-face-per-speaker: transductive.*clip_id and group"):
        system.predict(inputs_of(system, given))
    clips = pd.read_csv(given / "clips.csv").rename(columns={"speaker": "group"})
    expected = stored(given, "ridge-face-per-speaker", "test")
    found = system.predict(inputs_of(system, given), clips[["clip_id", "group"]])
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)


def test_a_fusion_over_time_needs_recordings_and_is_then_the_runs(tmp_path):
    study = knowing_study(tmp_path)
    study.change(recording=lambda table: table["speaker"], time=lambda t: t.groupby("speaker").cumcount() * 0.1)
    clips = study.clips()
    fusion = "[{method='ridge', name='over-time', context=[2], recording_means=true, targets='all'}]"
    columns = ("corpus.recording=recording", "corpus.time=time")
    finished(study, *columns, "systems.learners=['ridge']", "systems.transductive=[]", f"systems.fusion={fusion}")
    system = bundle.load(tmp_path / "run", "over-time")
    with pytest.raises(InputError, match="over-time: reads the frames around a frame.*recording and time"):
        system.predict(inputs_of(system, tmp_path))
    clips[clips["partition"] == "test"].to_csv(tmp_path / "test.csv", index=False)
    found = system.predict(inputs_of(system, tmp_path), tmp_path / "test.csv")
    expected = stored(tmp_path, "over-time", "test")
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)


def test_after_folds_the_shipped_fit_learnt_from_everybody(tmp_path):
    study = knowing_study(tmp_path, split={"folds": "fold"})
    folder = finished(study, "systems.learners=['ridge']", "systems.fusion=['ridge']").folder.parent
    index = json.loads((folder / "run" / "models" / "index.json").read_text())
    system = bundle.load(folder / "run")
    assert system.name == index["system"] and system.card.handed_over and system.card.split == "final"
    assert system.card.learnt_from == Extent(clips=72, groups=9)
    picked = pd.read_csv(folder / "run" / "results.csv").query("picked == 'yes'")["system"].unique()
    assert list(picked) in ([system.name], ["picked"])
    # Nobody is left out of the final fit, so its estimators are asked directly.
    ridge = bundle.load(folder / "run", "ridge-face-raw")
    models = skops.io.load(folder / "run" / "models" / "ridge-face" / "model.skops", trusted=list(bundle.TRUSTED))
    face = pd.read_csv(folder / "face.csv", index_col="clip_id").drop(columns="nothing")
    expected = models["arousal"].predict(face.to_numpy(np.float32))[:, 0]
    np.testing.assert_allclose(ridge.predict({"face": folder / "face.csv"})["arousal"], expected, rtol=0, atol=1e-6)


def test_columns_are_matched_by_name(given, tmp_path):
    system = bundle.load(given / "run", "ridge-face")
    face = pd.read_csv(given / "face.csv", dtype={"clip_id": str})
    expected = system.predict({"face": given / "face.csv"})
    face[face.columns[::-1]].to_parquet(tmp_path / "turned.parquet")
    pd.testing.assert_frame_equal(system.predict({"face": tmp_path / "turned.parquet"}), expected)
    frame = face.set_index("clip_id")
    pd.testing.assert_frame_equal(system.predict({"face": frame.iloc[::-1]}).iloc[::-1], expected)
    with pytest.raises(InputError, match="face: lacks column 'f2' of the 5"):
        system.predict({"face": frame.drop(columns="f2")})
    with pytest.raises(InputError, match="face: has column 'speaker_id', which"):
        system.predict({"face": frame.assign(speaker_id=1)})
    with pytest.raises(InputError, match="face: column 'f2' occurs twice"):
        system.predict({"face": pd.concat([frame, frame[["f2"]]], axis=1)})
    with pytest.raises(InputError, match="the index must hold clip ids alone, not clip_id, f1"):
        system.predict({"face": frame.set_index("f1", append=True)})
    with pytest.raises(InputError, match="no modality 'fase'.*'face'"):
        system.predict({"fase": frame})


def test_columns_without_names_do_not_hang_on_the_file_name(given, tmp_path):
    system = bundle.load(given / "run", "ridge-audio")
    renamed = shutil.copyfile(given / "audio.npz", tmp_path / "other.npz")
    pd.testing.assert_frame_equal(system.predict({"audio": renamed}), system.predict({"audio": given / "audio.npz"}))


def test_modalities_may_be_missing(given):
    fused = bundle.load(given / "run", "late-mean")
    assert sorted(fused.modalities) == ["audio", "face"] and fused.predictions == ["deep"]
    both, alone = fused.predict(tables_of(given)), fused.predict({"face": given / "face.csv"})
    assert len(both) == 72 and len(alone) == 61 and alone.notna().all(axis=None)
    assert not np.allclose(both.loc[alone.index, "arousal"], alone["arousal"])
    single = bundle.load(given / "run", "ridge-face")
    clips = pd.DataFrame({"clip_id": ["c1", "new"]})
    mean = pd.read_csv(given / "clips.csv").query("partition == 'train'")["arousal"].mean()
    found = single.predict({"face": given / "face.csv"}, clips)
    assert found.loc["new", "arousal"] == pytest.approx(mean) and found.loc["c1", "arousal"] != pytest.approx(mean)


def test_no_file_of_a_bundle_is_a_pickle_and_its_card_speaks(given):
    models = given / "run" / "models"
    files = [path for path in models.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"model.skops", "card.json", "CARD.md", "index.json"}
    for path in models.rglob("model.skops"):
        assert path.read_bytes()[:2] == b"PK"  # a zip, whose members are JSON and arrays without objects
    text = (models / "late-ridge" / "CARD.md").read_text()
    for said in (
        "small",
        "48 clips of 6 groups",
        "| arousal | ccc |",
        "openSMILE",
        "research only",
        "Limits",
        "`deep`",
    ):
        assert said in text, said


def resign(folder):
    """Make card and model agree again, as somebody who means harm would."""
    card = json.loads((folder / "card.json").read_text())
    card["sha256"] = file_digest(folder / "model.skops")
    card["card_sha256"] = sign(card)
    (folder / "card.json").write_text(json.dumps(card))


class Harm:
    """Runs a command when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("crafted", ["pickle", "reduce", "function", "method", "foreign"])
def test_crafted_models_run_no_code(copy, tmp_path, crafted):
    folder, touched = copy / "ridge-face", tmp_path / "touched"
    model = folder / "model.skops"
    if crafted == "pickle":
        model.write_bytes(pickle.dumps({"arousal": Harm(touched)}))
    elif crafted == "foreign":
        from sklearn.linear_model import LinearRegression

        skops.io.dump(dict.fromkeys(["arousal", "valence", "mood"], LinearRegression()), model)
    else:
        smuggled = {
            "reduce": Harm(touched),
            "function": os.system,
            "method": operator.methodcaller("system", f"touch {touched}"),
        }
        models = skops.io.load(model, trusted=list(bundle.TRUSTED))
        models["arousal"].cv = smuggled[crafted]
        skops.io.dump(models, model)
    resign(folder)
    with pytest.raises(
        InputError, match="no skops file|which no model of avbaselines does|does not hold one estimator"
    ):
        bundle.load(copy, "ridge-face")
    assert not touched.exists()


def test_a_changed_file_or_card_is_named(copy, capsys):
    model = copy / "ridge-face" / "model.skops"
    content = model.read_bytes()
    model.write_bytes(content[:-30] + b"x" + content[-29:])
    with pytest.raises(InputError, match="ridge-face/model.skops: is not the file its card describes"):
        bundle.load(copy, "late-greedy")  # by a fusion that reads it
    model.write_bytes(content)
    other = copy / "lightgbm-face" / "card.json"
    card = json.loads(other.read_text())
    card["fallback"]["arousal"] = [5.0]
    other.write_text(json.dumps(card))
    assert main([str(copy), "--system", "lightgbm-face", "x.csv"]) == 2
    assert "lightgbm-face/card.json: was changed after the run" in capsys.readouterr().err


def test_a_model_put_in_another_ones_place_is_named(copy):
    shutil.rmtree(copy / "ridge-face")
    shutil.copytree(copy / "lightgbm-face", copy / "ridge-face")
    with pytest.raises(InputError, match="is not the file its card describes"):
        bundle.load(copy, "late-greedy")


def test_another_version_is_named(copy, monkeypatch):
    monkeypatch.setattr(cards, "__version__", "0.2.7")
    bundle.load(copy, "ridge-face")
    monkeypatch.setattr(cards, "__version__", "0.3.0")
    with pytest.raises(InputError, match=r"made by avbaselines 0\.2\.0, this is 0\.3\.0"):
        bundle.load(copy, "ridge-face")


def test_unknown_runs_and_systems_are_named(given, tmp_path):
    with pytest.raises(InputError, match="give the folder of a finished run"):
        bundle.load(tmp_path)
    with pytest.raises(InputError, match="no system 'ridge-fase'.*'ridge-face'"):
        bundle.load(given / "run", "ridge-fase")


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
