"""``python -m avbaselines.init FOLDER``: its studies of corpora, real and in miniature, pass ``--dry-run``."""

import tomllib

import numpy as np
import pandas as pd
import pytest
import releases
from small_study import small_release

from avbaselines import init
from avbaselines.experiment.loading.corpus import read_release
from avbaselines.run import main as run
from avbaselines.study import load_study

CHANGED = {
    "cmu_pom": 0, "cmu_mosi": 0, "ravdess": 0, "sewa_dev": 0,
    "crema_d_ratings": 1, "crema_d_release": 1, "vavl_labels": 1,  # labels alone: the table of features is to be named
}  # fmt: skip
"""Lines that a person has to change, by corpus."""
MADE = {
    "crema_d": releases.make_crema_d,
    "msp_improv": releases.make_msp_improv,
    "mer2023": releases.make_mer2023,
    "mer2023-processed": lambda folder: releases.make_mer2023(folder, layout="processed"),
    "recola": releases.make_recola,
}


def with_features(out, data):
    """Change one line: name a table of features, made up here, in the first one that is a comment."""
    lines = out.read_text("utf-8").splitlines()
    begin = lines.index("[modalities]")
    number = next(row for row in range(begin, len(lines)) if lines[row].startswith("# ") and " = " in lines[row])
    table = out.parent / "made.csv"
    lines[number] = f'features = "{table}"'
    out.write_text("\n".join(lines), "utf-8")
    ids = read_release(load_study(out), out, data).clips.index
    features = np.random.default_rng(0).normal(size=(len(ids), 4))
    pd.DataFrame(features, ids, list("abcd")).rename_axis("clip_id").to_csv(table)


def dry_run(folder, out, changed):
    assert init.main([str(folder), "--out", str(out)]) == 0
    if changed:
        assert run([str(out), "--data", str(folder), "--dry-run", "--jobs", "1"]) == 2
        with_features(out, folder)
    return run([str(out), "--data", str(folder), "--dry-run", "--jobs", "1"])


@pytest.mark.real
@pytest.mark.parametrize("name", CHANGED)
def test_real_corpora_pass_a_dry_run_with_at_most_one_line_changed(name, shared_data, tmp_path):
    if not (shared_data / name).is_dir():
        pytest.skip(f"{shared_data / name} is not there")
    assert dry_run(shared_data / name, tmp_path / "study.toml", CHANGED[name]) == 0


@pytest.mark.real
def test_a_lone_file_of_recola_names_the_reader_and_passes_on_a_release(shared_data, tmp_path, capsys):
    if not (shared_data / "recola_sample").is_dir():
        pytest.skip("the file of RECOLA is not there")
    out, release = tmp_path / "study.toml", releases.make_recola(tmp_path / "release", seconds=4.0)
    assert init.main([str(shared_data / "recola_sample"), "--out", str(out)]) == 0
    assert "ATTENTION: the reader recola refuses what is there" in capsys.readouterr().out
    with_features(out, release)
    assert run([str(out), "--data", str(release), "--dry-run", "--jobs", "1"]) == 0


@pytest.mark.parametrize("name", MADE)
def test_releases_in_miniature_pass_a_dry_run_with_one_line_changed(name, tmp_path):
    assert dry_run(MADE[name](tmp_path / "release"), tmp_path / "study.toml", 1) == 0


@pytest.mark.parametrize("make", [releases.make_sewa, releases.make_creativeit])
def test_a_release_with_features_passes_a_dry_run_as_it_is(make, tmp_path):
    assert dry_run(make(tmp_path / "release"), tmp_path / "study.toml", 0) == 0


def messy(folder):
    """Tables of a spreadsheet, a broken one, one of other clips, predictions, an array and notes, in many folders."""
    rng, n = np.random.default_rng(0), 60
    ids = [f"vp{number // 6 + 1:02d}_ep{number % 6}.wav" for number in range(n)]
    for name in ("Tabellen", "old", "npy", "out", ".git"):
        (folder / name).mkdir(parents=True)
    arousal = [f"{value:.1f}".replace(".", ",") for value in np.clip(rng.normal(3, 1, n), 1, 5)]
    arousal[3] = "?"
    clips = pd.DataFrame({"Dateiname": ids, "wer": [clip[:4] for clip in ids], "Alter": 30, "Arousal": arousal})
    clips["Set"] = ["Training"] * 48 + ["Test"] * 12
    clips.to_csv(folder / "Tabellen" / "Übersicht final (2).csv", sep=";", index=False)
    features = pd.DataFrame(rng.normal(size=(n, 3)), [clip.upper().removesuffix(".WAV") for clip in ids], list("abc"))
    features.to_csv(folder / "features.csv", index_label="file")
    features.set_axis([f"x{number}" for number in range(n)]).to_csv(folder / "old" / "features.csv", index_label="file")
    pd.DataFrame({"id": ids, "Arousal": 3.0}).to_csv(folder / "out" / "model.csv", index=False)
    (folder / "broken.csv").write_text("a,b\n1,2,3,4\n5")
    (folder / "README.txt").write_text("notes")
    np.save(folder / "npy" / "x.npy", np.ones(3))
    return folder


def test_a_messy_folder_passes_a_dry_run_as_it_is_and_what_is_passed_over_is_told(tmp_path, capsys):
    assert dry_run(messy(tmp_path / "corpus"), tmp_path / "study.toml", 0) == 0
    told = " ".join(capsys.readouterr().out.split())
    for words in (
        "ATTENTION: is wer who speaks (or is seen)?",
        "${data}/broken.csv is not read",
        "${data}/old/features.csv is not taken: its ids (such as 'x0') are of no clip",
        "${data}/npy/x.npy, are not read",
        "predictions.model: holds Arousal, too",
    ):
        assert words in told


def test_recordings_of_a_release_become_recipes_and_pass_a_dry_run_as_they_are(tmp_path):
    release = releases.make_recola(tmp_path / "release", seconds=6.0, media=True)
    assert dry_run(release, tmp_path / "study.toml", 0) == 0


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "my corpus"
    small_release(folder)
    return folder


def test_own_tables_are_told_with_the_reasons_and_the_next_command(corpus, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert init.main([str(corpus)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "named like a speaker: 12 of them in 144 clips" in told
    assert f"Next: python -m avbaselines.run 'my corpus.toml' --data '{corpus}' --dry-run" in told
    written = tomllib.loads((tmp_path / "my corpus.toml").read_text("utf-8"))
    assert written["corpus"]["group"] == "speaker" and set(written["modalities"]) == {"audio", "face"}
    assert written["targets"] == {"arousal": {"metric": "ccc"}, "mood": {"metric": "accuracy"}}
    assert run(["my corpus.toml", "--data", str(corpus), "--dry-run", "--jobs", "1"]) == 0


def test_a_file_that_is_there_stays_but_for_force(corpus, tmp_path, capsys):
    out = tmp_path / "mine.toml"
    out.write_text("mine")
    assert init.main([str(corpus), "--out", str(out)]) == 2
    assert "mine.toml: is there already" in capsys.readouterr().err and out.read_text() == "mine"
    assert init.main([str(corpus), "--out", str(out), "--force"]) == 0
    assert out.read_text() != "mine" and [path.name for path in tmp_path.iterdir()].count("mine.toml") == 1
    assert not list(tmp_path.glob(".*"))


def test_errors_are_a_line(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    nowhere = tmp_path / "gone" / "x.toml"
    for words in ([tmp_path / "gone"], [tmp_path / "empty"], [tmp_path / "empty", "--out", nowhere]):
        assert init.main([str(word) for word in words]) == 2
        told = capsys.readouterr().err
        assert told.startswith("error: ") and len(told.splitlines()) <= 2


def test_a_killed_write_leaves_nothing(corpus, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert init.main([str(corpus), "--out", str(tmp_path / "mine.toml")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["my corpus"]
