"""Hidden modalities on the whole road: what the table says, that it says the same again, and that bundles agree."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.analyses.missing_modalities import LEFT, _conditions
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.planning.missing_patterns import masks, sources
from avbaselines.experiment.study_run import execute, prepare
from avbaselines.study import load_study

STUDY = """
title = "masked"
[corpus]
reader = "table"
clips = "clips.csv"
group = "speaker"
[split]
column = "partition"
train = ["train"]
test = ["test"]
[targets]
arousal = { metric = "ccc" }
mood = { metric = "accuracy" }
[modalities]
audio = "audio.npz"
prosody = "prosody.npz"
face = "face.npz"
[systems]
learners = ["ridge"]
inner_folds = 3
fusion = ["mean", { method = "greedy", missing = "best" }, { method = "ridge", missing = "pattern" }]
[masking]
shares = [0.2, 0.8]
sources = { voice = ["audio", "prosody"] }
"""


def write_release(folder, speakers=24, clips=8):
    """Voice and face both know both targets; a few faces are missing, and one speaker has nothing else."""
    rng = np.random.default_rng(0)
    n = speakers * clips
    speaker = np.repeat(np.arange(speakers), clips)
    arousal, mood = rng.normal(size=n), rng.integers(0, 3, n)
    known = np.column_stack([arousal, 2 * np.eye(3)[mood]])
    ids = np.array([f"c{number}" for number in range(n)])
    table = {"clip_id": ids, "speaker": [f"s{s}" for s in speaker], "arousal": arousal}
    table |= {"partition": np.where(speaker < 16, "train", "test"), "mood": np.array(["glad", "sad", "mad"])[mood]}
    pd.DataFrame(table).to_csv(folder / "clips.csv", index=False)
    voiced, seen = speaker >= 1, (rng.permutation(n) >= n // 20) | (speaker < 1)
    for name, has, noise in (("audio", voiced, 1.0), ("prosody", voiced, 1.5), ("face", seen, 1.2)):
        X = (known + noise * rng.normal(size=known.shape))[has].astype(np.float32)
        np.savez(folder / f"{name}.npz", clip_id=ids[has], X=X, columns=[f"{name}{k}" for k in range(4)])
    (folder / "study.toml").write_text(STUDY)
    return folder


def run(folder, *overrides):
    path = folder / "study.toml"
    sides = prepare(load_study(path, overrides), path, None, ["honest"])
    return execute(sides, folder / "run"), sides[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = write_release(tmp_path_factory.mktemp("masked"))
    result, side = run(folder)
    assert not result.failed
    return folder, result, side


def cells(table, target="arousal"):
    return table[table["target"] == target].set_index(["condition", "system"])


def test_table_figure_and_what_stays_as_it_was(finished):
    folder, result, _ = finished
    table = pd.read_csv(folder / "run" / "masking.csv")
    random = [f"{share} by {by}" for by in ("clip", "group") for share in ("20%", "80%")]
    assert list(dict.fromkeys(table["condition"])) == ["all", "only voice", "only face", *random]
    results = pd.read_csv(folder / "run" / "results.csv")
    results = results[(results["split"] == "test") & (results["target"] == "arousal") & (results["metric"] == "ccc")]
    stored = results.set_index("system")["value"]
    found = cells(table)
    for name in ("late-greedy-best", "late-ridge-pattern", "ridge-face"):
        assert found.loc[("all", name), "value"].item() == pytest.approx(stored[name], abs=1e-9)
    # Hiding the voice leaves a system of faces as it is, and one of voices with nothing.
    assert found.loc[("only face", "ridge-face"), "value"].item() == pytest.approx(stored["ridge-face"], abs=1e-9)
    assert found.loc[("only voice", "ridge-face"), "value"].item() == pytest.approx(0, abs=1e-9)
    assert (found.loc[pd.IndexSlice[:, LEFT], "difference"] == 0).all()
    fused = table[table["system"].isin(["late-greedy-best", "late-ridge-pattern"])]
    assert fused["value"].notna().all() and not fused.loc[fused["system"] == "late-greedy-best", "below"].any()
    text = (folder / "run" / "report.html").read_text()
    assert "missing modalities by clip" in text and "missing modalities by group" in text
    assert "only voice" in (folder / "run" / "masking.md").read_text()


def test_labels_of_masked_clips_change_no_prediction_and_the_draw_repeats(finished):
    folder, _, _ = finished
    before = pd.read_csv(folder / "run" / "masking.csv")
    clips = pd.read_csv(folder / "clips.csv")
    again, _ = run(folder)
    assert again.computed == 0
    pd.testing.assert_frame_equal(before, pd.read_csv(folder / "run" / "masking.csv"))
    other = clips.copy()
    other.loc[other["partition"] == "test", "arousal"] *= -1
    other.to_csv(folder / "clips.csv", index=False)
    moved, _ = run(folder)
    clips.to_csv(folder / "clips.csv", index=False)
    run(folder)
    # Nothing was fitted or predicted anew, and scores are those of the same predictions against other labels.
    assert moved.computed == 0
    value = cells(moved.masking.table)["value"]
    assert value[("only voice", "late-greedy-best")].item() < 0 < cells(before)["value"][("only voice", LEFT)].item()


def test_a_bundle_given_one_modality_predicts_what_the_table_scored(finished):
    folder, result, side = finished
    corpus, test = side.corpus, side.corpus.splits[0].test
    system = bundle.load(folder / "run", "late-greedy-best")
    tables = {"audio": folder / "audio.npz", "prosody": folder / "prosody.npz"}
    clips = pd.DataFrame({"clip_id": corpus.ids[test]})
    predicted = system.predict(tables, clips)["arousal"].to_numpy()
    expected = cells(result.masking.table).loc[("only voice", "late-greedy-best"), "value"].item()
    assert score("ccc", corpus.y["arousal"][test], predicted) == pytest.approx(expected, abs=1e-5)


def test_groups_lose_together_and_no_clip_loses_all(finished):
    _, _, side = finished
    corpus = side.corpus
    kept = {"": (), **masks(side.study)}
    has = {"voice": corpus.modalities["audio"].present, "face": corpus.modalities["face"].present}
    drawn = {name: values for name, _, share, values in _conditions(side, side.study.masking, kept) if share > 0}
    assert len(drawn) == 4
    for name, values in drawn.items():
        for mask in ("voice", "face"):
            assert has[mask][values == mask].all(), name
        if name.endswith("clip"):
            assert np.mean(values != "") <= float(name.split("%")[0]) / 100
    for group in np.unique(corpus.groups):
        assert len(set(drawn["80% by group"][corpus.groups == group]) - {""}) <= 1
    both = has["voice"] & has["face"]
    assert ((drawn["20% by clip"] == "") | (drawn["20% by clip"] == drawn["80% by clip"])).all() and both.any()


def test_sources_that_cannot_be(tmp_path):
    write_release(tmp_path)

    def refused(sources_):
        study = load_study(tmp_path / "study.toml", [f"masking.sources={sources_}"])
        with pytest.raises(InputError) as error:
            masks(study)
        return str(error.value)

    assert "no modality 'audoi'" in refused('{ voice = ["audoi"] }') and "audio" in refused('{ voice = ["audoi"] }')
    assert "another source" in refused('{ a = ["face"], voice = ["face"] }')
    assert "2 to 4 sources" in refused('{ voice = ["audio", "prosody", "face"] }')
    with pytest.raises(InputError, match="missing"):
        load_study(tmp_path / "study.toml", ['systems.fusion=[{ method = "lightgbm", missing = "best" }]'])
    study = load_study(tmp_path / "study.toml")
    assert sources(study) == {"voice": ("audio", "prosody"), "face": ("face",)}


@pytest.mark.parametrize("learner", ["lightgbm", "xgboost"])
def test_boosting_learns_from_clips_that_lack_a_block_and_predicts_them(tmp_path, learner):
    write_release(tmp_path)
    overrides = [f"systems.learners=['{learner}']", "systems.fusion=[]", "targets={ arousal = { metric = 'ccc' } }"]
    path = tmp_path / "study.toml"
    only = [f"{learner}-audio+prosody+face"]
    sides = prepare(load_study(path, [*overrides, "masking.shares=[0.5]"]), path, None, ["honest"], only=only)
    result = execute(sides, tmp_path / "run")
    predictions = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    oof = predictions[(predictions["part"] == "train_oof") & (predictions["system"] == only[0])]
    faces_only = oof[oof["group"] == "s0"]
    assert faces_only["prediction"].nunique() > 4  # its own predictions, not one stand-in
    value = cells(result.masking.table)["value"]
    assert value[("only face", only[0])].item() > 0.1
