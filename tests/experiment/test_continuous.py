"""Studies continuous in time: a release in the layout of AVEC 2019, from its features to bundles for new windows."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter1d
from small_study import people, read_table, write_study
from small_study import run as run_study

from avbaselines.catalog import find
from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.study_plan import prepare
from avbaselines.run import main
from avbaselines.study import load_study

TARGETS = ("arousal", "valence", "liking")
SUBJECTS = [f"{part}_{culture}_{n:02d}" for part, most in (("Train", 3), ("Devel", 2)) for culture in ("DE", "HU")
            for n in range(1, most + 1)]  # fmt: skip
FRAMES, LAG = 100, 20
# What each feature set knows of the three targets, its separator, whether it has a header, and rows beyond the labels'.
SETS = {
    "audio_features_egemaps_functionals": ((1.0, 0.2, 0.1), ";", False, -2),
    "audio_features_mfcc_functionals": ((0.8, 0.1, 0.1), ";", False, 0),
    "audio_features_egemaps_xbow": ((0.6, 0.2, 0.4), ",", False, 12),
    "audio_features_mfcc_xbow": ((0.3, 0.2, 0.1), ",", False, 12),
    "visual_features_functionals": ((0.3, 1.0, 0.2), ";", True, 0),
    "visual_features_xbow": ((0.2, 0.7, 0.2), ",", True, 12),
}


def make_sewa(folder, subjects=SUBJECTS):
    """AVEC 2019's folders; the labels are of what could be heard and seen 2.0 s earlier."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(3, 5))
    for name in subjects:
        traces = gaussian_filter1d(rng.normal(size=(FRAMES + LAG + 40, 3)), 6, axis=0) * 3
        write(folder / "labels", name, 6, traces[LAG : LAG + FRAMES], ";", ("name", "timestamp", *TARGETS))
        for directory, (shares, separator, header, extra) in SETS.items():
            heard = traces[2 * LAG : 2 * LAG + FRAMES + extra]
            X = (heard * shares) @ mix + 0.2 * rng.normal(size=(len(heard), 5))
            columns = ("name", "timestamp", *"abcde") if header else None
            write(folder / directory, name, 2, X, separator, columns)
    return folder


def write(folder, name, digits, values, separator, header):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [separator.join(header)] if header else []
    for number, row in enumerate(values):
        rows.append(separator.join([f"'{name}'", f"{number / 10:.{digits}f}", *(f"{value:.6f}" for value in row)]))
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The shipped study on the tiny release."""
    data = make_sewa(tmp_path_factory.mktemp("sewa"))
    out = data / "run"
    arguments = ["multistage-features", "--data", str(data), "--out", str(out), "--jobs", "1"]
    assert main([*arguments, "--set", "systems.inner_folds=3"]) == 0
    return data, out


def read_results(out):
    return read_table(out / "results.csv")


def one(results, **wanted):
    for column, value in wanted.items():
        results = results[results[column] == value]
    assert len(results) == 1
    return results.iloc[0]


def test_the_features_path_from_the_release_to_a_leaderboard(finished):
    _, out = finished
    results = read_results(out)
    assert set(results["status"]) == {"ok"} and set(results["kind"]) == {"measured", "reported"}
    measured = results[(results["kind"] == "measured") & (results["split"] == "all")]
    assert {"ridge-egemaps", "ridge-egemaps+faus", "greedy", "matched-mean-of-best", "stage-1", "stage-5"} <= set(
        measured["system"]
    )
    assert (measured["n_clips"] == 4 * FRAMES).all() and (measured["n_groups"] == 4).all()
    # The concordance stands there pooled and per recording.
    stored = pd.read_parquet(out / "predictions.parquet")
    rows = stored[(stored["part"] == "test") & (stored["system"] == "stage-1") & (stored["target"] == "valence")]
    each = [score("ccc", part["truth"], part["prediction"]) for _, part in rows.groupby("group", observed=True)]
    pooled = one(measured, system="stage-1", target="valence", metric="ccc")
    alone = one(measured, system="stage-1", target="valence", metric="ccc_per_recording")
    assert pooled["value"] == pytest.approx(score("ccc", rows["truth"], rows["prediction"]))
    assert alone["value"] == pytest.approx(np.mean(each)) and len(each) == 4
    assert one(measured, system="stage-1", target="mean", metric="ccc")["value"] > 0.5


def test_the_lag_of_the_labels_is_found_noted_and_pays(finished, tmp_path):
    data, out = finished
    row = one(read_results(out), system="ridge-egemaps", target="arousal", metric="ccc", split="all")
    assert "delay 2 s" in row["note"] or "delay arousal 2 s" in row["note"]
    assert "2 clips without egemaps" not in row["note"]
    overrides = ["systems.inner_folds=3", "systems.delay=[0]", "systems.smoothing=[0]"]
    run = run_study("multistage-features", tmp_path, *overrides, data=data, only=["ridge-egemaps"])
    assert run.planned.systems[0].timing is None
    undelayed = one(run.results(), system="ridge-egemaps", target="arousal", metric="ccc", split="all")
    assert row["value"] > 0.6 and row["value"] > undelayed["value"] + 0.3
    overrides = ["systems.inner_folds=3", 'systems.tasks=["chain"]', "systems.delay=[0, 1, 2, 3]"]
    name = "chain-ridge-egemaps"
    run = run_study("multistage-features", tmp_path / "chain", *overrides, data=data, only=[name])
    chained = one(run.results(), system=name, target="arousal", metric="ccc", split="all")
    assert chained["status"] == "ok" and "2 s" in chained["note"]


def windows(data, part="Devel"):
    """Clips and tables of what the run evaluated, as somebody with new recordings would bring them."""
    names = [name for name in SUBJECTS if name.startswith(part)]
    ids = [f"{name}@{frame / 10:.1f}" for name in names for frame in range(FRAMES)]
    clips = pd.DataFrame({"recording": np.repeat(names, FRAMES), "time": np.tile(np.arange(FRAMES) / 10, len(names))})
    return clips.set_index(pd.Index(ids, name="clip_id"))


def tables(data, system, clips):
    found = {}
    for name, modality in system.modalities.items():
        directory, (_, separator, header, _) = next(
            (key, value) for key, value in SETS.items() if key == modality.made.path
        )
        parts = []
        for recording, rows in clips.groupby("recording", sort=False):
            table = pd.read_csv(
                data / directory / f"{recording}.csv", sep=separator, header=0 if header else None, quotechar="'"
            )
            table = table.iloc[: len(rows), 2:].set_axis(modality.columns, axis=1)
            parts.append(table.set_index(rows.index[: len(table)]))
        found[name] = pd.concat(parts)
    return found


@pytest.mark.parametrize("name", ["ridge-egemaps", "ridge-mfcc+faus-raw", "matched-mean-of-best", "stage-1", "stage-3"])
def test_bundles_predict_windows_as_the_run_did(finished, name):
    data, out = finished
    system, clips = bundle.load(out, name), windows(data)
    predicted = system.predict(tables(data, system, clips), clips)
    stored = pd.read_parquet(out / "predictions.parquet", filters=[("system", "==", name), ("part", "==", "test")])
    for target in TARGETS:
        rows = stored[stored["target"] == target].set_index("clip_id")["prediction"].reindex(predicted.index)
        np.testing.assert_allclose(predicted[target], rows, rtol=1e-4, atol=1e-4)


def test_a_delayed_bundle_needs_recording_and_time(finished):
    data, out = finished
    system, clips = bundle.load(out, "ridge-egemaps"), windows(data)
    with pytest.raises(InputError, match="ridge-egemaps: .*clips table with the columns clip_id, recording and time"):
        system.predict(tables(data, system, clips))
    uneven = clips.drop(index=clips.index[5])
    with pytest.raises(InputError, match="'Devel_DE_01': a frame at 0.4 s is followed by one at 0.6 s"):
        system.predict(tables(data, system, clips), uneven)


def test_only_the_best_inputs_are_fused_and_named(finished):
    _, out = finished
    results = read_results(out)
    note = one(results, system="stage-1", target="mean", metric="ccc", split="all")["note"]
    chosen = note.split("fuses the best of 22: ")[1].split(";")[0].split(", ")
    assert len(chosen) == len(set(chosen)) == 11
    card = bundle.load(out, "mean-of-best").card
    assert {len(names) for names in card.selected.values()} == {11} and set(card.selected) == set(TARGETS)
    # A target has its own: what hears arousal is fused for it, what sees valence for that.
    assert all("egemaps" in name or "mfcc" in name for name in card.selected["arousal"])
    assert all("faus" in name for name in card.selected["valence"])
    assert "stage-1" in bundle.load(out, "stage-2").card.selected["valence"]


def refused(data, *overrides, match):
    path = find("studies", "multistage-features")
    with pytest.raises(InputError, match=match):
        prepare(load_study(path, overrides), path, data, ["honest"])


def test_what_delay_and_smoothing_need(finished, tmp_path):
    data, _ = finished
    refused(data, "systems.delay=[0, 10]", match=r"systems.delay: recording '\w+_01' lasts 10 s, and a delay of 10 s")
    refused(data, "systems.delay=[-1]", match=r"systems.delay.*greater than or equal to 0")
    refused(data, "systems.smoothing=[]", match=r"systems.smoothing")
    clips = people(4, 10).assign(t=np.tile(np.arange(10) * 0.5, 4), mood=np.tile(["glad", "sad"], 20))
    clips["arousal"] = np.random.default_rng(0).normal(size=40)
    clips.loc[7, "t"] = 3.7
    audio = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 2)), clips["clip_id"])
    study = write_study(
        tmp_path, clips, {"audio": audio}, split={"group_kfold": 2}, targets={"arousal": {"metric": "ccc"}},
        systems={"smoothing": [0, 1]},
    )  # fmt: skip

    def refused_table(*overrides, match):
        with pytest.raises(InputError, match=match):
            study.prepare(*overrides)

    refused_table(match="systems.smoothing: .*corpus.recording and corpus.time")
    timed = ['corpus.recording="speaker"', 'corpus.time="t"']
    refused_table(*timed, match="systems.smoothing: recording 's0': a frame at 3 s is followed by one at 3.7 s")
    refused_table(*timed, 'targets.mood.metric="uar"', match="systems.smoothing: is for regressed targets, and mood")


def test_what_is_missing_from_the_release_is_named(tmp_path):
    data = make_sewa(tmp_path, [name for name in SUBJECTS if name.endswith("01")])
    folder = data / "visual_features_xbow"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    refused(data, match="modalities.faus-words: no folder .*visual_features_xbow")
    for file in (data / "labels").glob("Train*"):
        file.unlink()
    refused(data, match="corpus.partitions: no label file .* is of 'Train'.*needed is the SEWA data")
