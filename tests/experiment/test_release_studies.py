"""Shipped studies of classes and attributes on releases in miniature: every row that the files ask for."""

import re

import numpy as np
import pytest
from releases import make_crema_d, make_mer2023, make_msp_improv, make_recola
from small_study import run as run_study

from avbaselines.catalog import find
from avbaselines.experiment.study_plan import prepare
from avbaselines.run import main
from avbaselines.study import load_study


def run(study, data, out, *overrides, **options):
    done = run_study(study, out, *overrides, data=data, **options)
    assert not done.result.failed
    return done.results()


SMALL = ["systems.learners=['ridge']", "systems.inner_folds=3"]


def test_vavl_on_crema_d(tmp_path):
    data = make_crema_d(tmp_path / "data", media=True)
    table = run("vavl-crema-d", data, tmp_path / "run", *SMALL)
    measured = table[(table["kind"] == "measured") & (table["target"] == "emotion") & (table["metric"] == "accuracy")]
    splits = measured[measured["system"] == "ridge-audio+face"].set_index("split")
    assert set(splits.index) == {f"vavl_split{number}" for number in range(1, 6)} | {"all", "all-pooled"}
    parts = splits.drop(["all", "all-pooled"])["value"]
    assert splits.loc["all", "value"] == pytest.approx(parts.mean())
    assert f"over 5 splits (deviation {np.std(parts):.3f})" in splits.loc["all", "note"]
    reported = table[table["kind"] == "reported"].set_index(["system", "metric"])["value"]
    vavl = {"accuracy": 0.826, "f1_micro": 0.826, "f1_macro": 0.779}
    assert reported["VAVL (audio-visual)"].to_dict() == vavl
    assert reported["label ceiling (audio-visual raters)", "f1_micro"] == 0.828
    studied = (tmp_path / "run" / "study.toml").read_text()
    assert 'soft = "targets"' in studied


def test_vavl_on_msp_improv(tmp_path):
    data = make_msp_improv(tmp_path / "data", media=True)
    table = run("vavl-msp-improv", data, tmp_path / "run", *SMALL, only=["chain-ridge-audio", "late-score-weighted"])
    arousal = table[(table["target"] == "arousal") & (table["metric"] == "ccc") & (table["kind"] == "measured")]
    assert set(arousal["split"]) == {f"split{number}" for number in range(1, 6)} | {"all", "all-pooled"}
    assert arousal[arousal["split"] == "all"]["value"].max() > 0.3


def test_mer2023_processed(tmp_path):
    data = make_mer2023(tmp_path / "data", layout="processed", media=True)
    path = find("studies", "mer2023")
    corpus = prepare(load_study(path), path, data, ["honest"])[0].corpus
    assert [(split.name, len(split.train), len(split.test)) for split in corpus.splits] == [
        ("multi", 60, 12),
        ("noise", 60, 12),
        ("semi", 60, 12),
    ]


def test_mer2023(tmp_path):
    data = make_mer2023(tmp_path / "data", media=True)
    table = run("mer2023", data, tmp_path / "run", *SMALL)
    combined = table[(table["target"] == "combined") & (table["system"] == "three-structures-joint")]
    assert set(combined["split"]) == {"multi", "noise", "all", "all-pooled"}  # MER-SEMI has no valence
    emotion = table[(table["target"] == "emotion") & (table["system"] == "three-structures-joint")]
    assert {"semi"} <= set(emotion["split"])
    text = (tmp_path / "run" / "leaderboard.md").read_text()
    assert "no speaker ids: folds are random" in text and "mean of the fits that each leave one fold out" in text
    figures = table[table["kind"] == "reported"]
    handcrafted = figures[(figures["system"] == "organisers: eGeMAPS") & (figures["split"] == "multi")]
    assert set(handcrafted["value"]) == {0.1728, 3.31, -0.66}
    assert handcrafted["note"].str.contains("unscaled").all()


@pytest.mark.parametrize(
    "study, needed",
    [
        ("vavl-crema-d", "https://github.com/CheyneyComputerScience/CREMA-D"),
        ("vavl-msp-improv", "MSP-IMPROV, licensed by the MSP lab"),
        ("mer2023", "on request from its organisers"),
        ("mosi", "clips.csv, audio_covarep_mean.npz, .*github.com/declare-lab/multimodal-deep-learning"),
        ("ravdess-deep", "deep_posteriors.npz .*github.com/cristinalunaj/MMEmotionRecognition"),
        ("ravdess-missing", "clips.csv, audio_egemapsv02.npz, .*zenodo.org/records/1188976"),
    ],
)
def test_absent_corpora_say_what_to_get(study, needed, capsys, monkeypatch, tmp_path):
    for name in ("CREMA_D", "MSP_IMPROV", "MER2023", "DATA"):
        monkeypatch.delenv(f"AVBASELINES_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main([study]) == 2
    error = capsys.readouterr().err
    assert re.search(needed, error) and "--data" in error and "Traceback" not in error


def test_the_list_names_them(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    for study in ("mosi", "ravdess-deep", "vavl-crema-d", "vavl-msp-improv", "mer2023"):
        assert study in listed
    assert "broken" not in listed


def test_recola(tmp_path):
    data = make_recola(tmp_path / "data", seconds=5.0, media=True)
    few = [
        f'{modality}-{window}s={{recipe="{recipe}",media="${{data}}/{media}",window={window}.0,hop=0.4}}'
        for modality, recipe, media in (
            ("audio", "egemaps-windows", "recordings_audio"),
            ("face", "openface-windows", "openface"),
        )
        for window in (3, 4)
    ]
    overrides = [f"modalities={{{', '.join(few)}}}", "systems.learners=['ridge']", "systems.delay=[0, 0.8]"]
    table = run("recola", data, tmp_path / "run", *overrides)
    measured = table[(table["kind"] == "measured") & (table["metric"] == "ccc_per_recording")]
    assert set(measured["split"]) == {"dev", "all"}
    assert {"ridge-audio-3s", "ridge-face-4s", "audio", "face", "audio-face", "late-ridge"} <= set(measured["system"])
    reported = table[table["kind"] == "reported"]
    assert set(zip(reported["split"], reported["protocol"], strict=True)) == {("dev", "paper"), ("test", "honest")}
