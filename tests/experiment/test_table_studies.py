"""Shipped studies of plain tables on tables in miniature: every row that the files ask for, and nothing failed."""

import numpy as np
import pandas as pd
import pytest
from small_study import run as run_study

from avbaselines.run import main

EMOTIONS = np.array(["angry", "calm", "disgust", "fearful", "happy", "neutral", "sad", "surprised"])


def save(path, ids, signal, width, noise, rng):
    """A table of features in which a signal (n, k) can be seen through noise."""
    X = signal @ rng.normal(size=(signal.shape[1], width)) + rng.normal(0, noise, (len(signal), width))
    columns = [f"{path.stem}_{number:03d}" for number in range(width)]
    np.savez(path, clip_id=ids, X=X.astype(np.float32), columns=columns)


@pytest.fixture(scope="module")
def mosi(tmp_path_factory):
    """CMU-MOSI: nine videos, three of them evaluated; text tells the sentiment, voice and face little of it."""
    folder, rng = tmp_path_factory.mktemp("mosi"), np.random.default_rng(0)
    video, utterance = (part.ravel() for part in np.mgrid[:9, 1:9])
    ids = np.array([f"v{v:02d}_{u}" for v, u in zip(video, utterance, strict=True)])
    sentiment = np.clip(rng.normal(0.2, 1.5, len(ids)), -3, 3).round(1)
    names = [f"v{v:02d}" for v in video]
    clips = pd.DataFrame({"clip_id": ids, "speaker": names, "session": names, "utt_index": utterance})
    clips["partition"] = np.where(video < 6, "train", "test")
    clips["sentiment"], clips["sentiment_pos"] = sentiment, (sentiment >= 0).astype(int)
    clips["text"] = np.where(rng.random(len(ids)) < 0.8, sentiment >= 0, sentiment < 0)
    clips["text"] = np.where(clips["text"], "IT WAS REALLY GOOD", "I MEAN IT WAS BAD")
    clips.to_csv(folder / "clips.csv", index=False)
    for name, noise in (("audio_covarep_mean", 8.0), ("visual_3dcnn", 8.0), ("text_cnn", 1.0)):
        save(folder / f"{name}.npz", ids, sentiment[:, None], 4, noise, rng)
    return folder


@pytest.fixture(scope="module")
def ravdess(tmp_path_factory):
    """RAVDESS: six actors in two folds; two clips have no voice; deep models that are right on most clips."""
    folder, rng = tmp_path_factory.mktemp("ravdess"), np.random.default_rng(0)
    actor, emotion = (part.ravel() for part in np.mgrid[1:7, :8])
    ids = np.array([f"01-01-{e + 1:02d}-01-01-01-{a:02d}" for a, e in zip(actor, emotion, strict=True)])
    clips = pd.DataFrame({"clip_id": ids, "speaker": [f"actor{a:02d}" for a in actor], "emotion": EMOTIONS[emotion]})
    clips["fold"] = actor % 2
    clips.to_csv(folder / "clips.csv", index=False)
    signal, heard = np.eye(8)[emotion], np.arange(len(ids)) >= 2
    for name, width, noise in (("egemapsv02", 6, 1.5), ("compare2016", 12, 1.5)):
        save(folder / f"audio_{name}.npz", ids[heard], signal[heard], width, noise, rng)
    for name in ("mean", "mean_v2"):
        save(folder / f"visual_openface_au_{name}.npz", ids, signal, 8, 1.0, rng)
    models = {"wav2vec2": 2.5, "au_bilstm": 1.5, "au_mlp80": 1.5, "fusion": 3.0}
    outputs = {
        f"test_{name}": (signal * sure + rng.normal(size=signal.shape)).astype(np.float32)
        for name, sure in models.items()
    }
    np.savez(folder / "deep_posteriors.npz", clip_id=ids, classes=EMOTIONS, fold=clips["fold"], **outputs)
    return folder


def run(study, data, folder):
    """The whole study with two inner folds; its overall rows, and what was planned."""
    done = run_study(study, folder, "systems.inner_folds=2", data=data)
    assert (folder / "leaderboard.md").is_file() and (folder / "report.html").is_file()
    assert not done.result.failed and (done.results()["status"] == "ok").all()
    overall = done.results(split="all")
    planned = {label for system in done.planned.systems for label in system.labels}
    assert set(overall[overall["kind"] != "reported"]["system"]) - {"picked"} == planned
    return overall


def by_system(overall, metric):
    """A metric's values by system, of the one target that has it."""
    rows = overall[(overall["metric"] == metric) & (overall["target"] != "mean")]
    return rows.set_index("system")["value"]


def test_mosi(mosi, tmp_path):
    overall = run("mosi", mosi, tmp_path)
    fusions = {"audio", "visual", "text", "words", "early", "late", "separate", "joint", "joint-alone", "ridge"}
    assert fusions | {"chain-svr-audio+visual+text+words", "lightgbm-visual"} <= set(overall["system"])
    assert set(overall[overall["picked"] == "yes"]["system"]) == {"joint"}
    ccc = by_system(overall, "ccc")
    assert ccc["text"] > max(ccc["audio"], ccc["visual"], 0.5) and by_system(overall, "accuracy")["words"] > 0.6
    assert "learnt from labels of the training part" in (tmp_path / "leaderboard.md").read_text()


def test_ravdess_deep(ravdess, tmp_path):
    overall = run("ravdess-deep", ravdess, tmp_path)
    accuracy = by_system(overall, "accuracy")
    clips = pd.read_csv(ravdess / "clips.csv")
    models = {"wav2vec2": "wav2vec2", "au-bilstm": "au_bilstm", "au-mlp": "au_mlp80", "source-fusion": "fusion"}
    assert set(overall[overall["kind"] == "imported"]["system"]) == set(models)
    with np.load(ravdess / "deep_posteriors.npz") as stored:
        for system, name in models.items():
            right = EMOTIONS[stored[f"test_{name}"].argmax(axis=1)] == clips["emotion"]
            assert accuracy[system] == pytest.approx(right.mean())
    assert {"handcrafted-mean", "deep-ridge", "late-ridge", "svr-face+face-dynamic"} <= set(overall["system"])
    assert 0.8670 in accuracy.to_numpy()  # the source's fusion, as reported


def test_ravdess_missing(ravdess, tmp_path):
    overall = run("ravdess-missing", ravdess, tmp_path)
    strategies = {f"late-greedy-{way}" for way in ("pattern", "impute", "dropout", "best")}
    assert strategies | {"late-ridge", "svr-compare+face+face-dynamic"} <= set(overall["system"])
    masked = pd.read_csv(tmp_path / "masking.csv")
    shares = {f"{share}% by {unit}" for share in (10, 30, 50, 70, 90) for unit in ("clip", "group")}
    assert set(masked["condition"]) == {"all", "only voice", "only face"} | shares
    value = masked.set_index(["condition", "system"])["value"]
    for system in strategies:
        assert value["all", system] == pytest.approx(by_system(overall, "accuracy")[system])
    voice = next(name for name in ("ridge-compare", "svr-compare") if ("all", name) in value.index)
    # Without a voice nothing but the prior is left of a system that only hears.
    assert value["only face", voice] == pytest.approx(1 / 8)
    assert value["only face", "late-greedy-best"] > 1 / 4
    assert "only voice" in (tmp_path / "masking.md").read_text()


@pytest.mark.parametrize("study", ["mosi", "ravdess-deep", "ravdess-missing"])
def test_absent_tables_are_named(study, mosi, ravdess, tmp_path, capsys):
    source, gone = (mosi, "text_cnn.npz") if study == "mosi" else (ravdess, "audio_compare2016.npz")
    for path in source.iterdir():
        if path.name != gone:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert main([study, "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / gone) in error and "Traceback" not in error


def test_a_wrong_folder_says_what_belongs_there(tmp_path, capsys):
    (tmp_path / "holiday.csv").write_text("place\n")
    assert main(["mosi", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}: has nothing of CMU-MOSI" in error and "clips.csv, audio_covarep_mean.npz, visual" in error
    assert "bc-LSTM/data" in error and not (tmp_path / "run").exists()
