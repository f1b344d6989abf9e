"""Hidden modalities on the whole road: what the table says, that it says the same again, and that bundles agree."""

import numpy as np
import pandas as pd
import pytest
from small_study import MOODS, SmallStudy, people, write_study

from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.analyses.missing_modalities import REFERENCE, conditions
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.planning.missing_patterns import masks, sources


def masked_study(folder) -> SmallStudy:
    """Voice and face both know both targets; a few faces are missing, and one speaker has nothing else."""
    rng, clips = np.random.default_rng(0), people(24, 8)
    n, speaker = len(clips), np.repeat(np.arange(24), 8)
    arousal, mood = rng.normal(size=n), rng.integers(0, 3, n)
    known = np.column_stack([arousal, 2 * np.eye(3)[mood]])
    voiced, seen = speaker >= 1, (rng.permutation(n) >= n // 20) | (speaker < 1)
    tables = {}
    for name, has, noise in (("audio", voiced, 1.0), ("prosody", voiced, 1.5), ("face", seen, 1.2)):
        X = (known + noise * rng.normal(size=known.shape))[has]
        tables[name] = pd.DataFrame(X, index=clips["clip_id"][has], columns=[f"{name}{k}" for k in range(4)])
    fusion = ["mean", {"method": "greedy", "missing": "best"}, {"method": "ridge", "missing": "pattern"}]
    return write_study(
        folder, clips.assign(arousal=arousal, mood=MOODS[mood]), tables,
        split={"column": "partition", "train": ["train"], "test": ["test"]},
        targets={"arousal": {"metric": "ccc"}, "mood": {"metric": "accuracy"}}, systems={"fusion": fusion},
        masking={"shares": [0.2, 0.8], "sources": {"voice": ["audio", "prosody"]}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    study = masked_study(tmp_path_factory.mktemp("masked"))
    run = study.run()
    assert not run.result.failed
    return study, run


def cells(table, target="arousal"):
    return table[table["target"] == target].set_index(["condition", "system"])


def test_table_figure_and_what_stays_as_it_was(finished):
    _, run = finished
    table = run.table("masking.csv")
    random = [f"{share} by {by}" for by in ("clip", "group") for share in ("20%", "80%")]
    assert list(dict.fromkeys(table["condition"])) == ["all", "only voice", "only face", *random]
    stored = run.results(split="test", target="arousal", metric="ccc").set_index("system")["value"]
    found = cells(table)
    for name in ("late-greedy-best", "late-ridge-pattern", "ridge-face"):
        assert found.loc[("all", name), "value"].item() == pytest.approx(stored[name], abs=1e-9)
    # Hiding the voice leaves a system of faces as it is, and one of voices with nothing.
    assert found.loc[("only face", "ridge-face"), "value"].item() == pytest.approx(stored["ridge-face"], abs=1e-9)
    assert found.loc[("only voice", "ridge-face"), "value"].item() == pytest.approx(0, abs=1e-9)
    assert (found.loc[pd.IndexSlice[:, REFERENCE], "difference"] == 0).all()
    fused = table[table["system"].isin(["late-greedy-best", "late-ridge-pattern"])]
    assert fused["value"].notna().all() and not fused.loc[fused["system"] == "late-greedy-best", "below"].any()
    text = run.text("report.html")
    assert "missing modalities by clip" in text and "missing modalities by group" in text
    assert "only voice" in run.text("masking.md")


def test_labels_of_masked_clips_change_no_prediction_and_the_draw_repeats(finished, tmp_path):
    study, before = finished[0].copy(tmp_path), finished[1].table("masking.csv")
    again = study.run()
    assert again.computed == 0
    pd.testing.assert_frame_equal(before, again.table("masking.csv"))
    study.change(arousal=lambda table: table["arousal"].where(table["partition"] != "test", -table["arousal"]))
    moved = study.run()
    # Nothing was fitted or predicted anew, and scores are those of the same predictions against other labels.
    assert moved.computed == 0
    value = cells(moved.table("masking.csv"))["value"]
    assert value[("only voice", "late-greedy-best")].item() < 0
    assert cells(before)["value"][("only voice", REFERENCE)].item() > 0


def test_a_bundle_given_one_modality_predicts_what_the_table_scored(finished):
    study, run = finished
    corpus, test = run.corpus, run.corpus.splits[0].test
    system = bundle.load(run.folder, "late-greedy-best")
    tables = {"audio": study.folder / "audio.npz", "prosody": study.folder / "prosody.npz"}
    clips = pd.DataFrame({"clip_id": corpus.ids[test]})
    predicted = system.predict(tables, clips)["arousal"].to_numpy()
    expected = cells(run.table("masking.csv")).loc[("only voice", "late-greedy-best"), "value"].item()
    assert score("ccc", corpus.y["arousal"][test], predicted) == pytest.approx(expected, abs=1e-5)


def test_groups_lose_together_and_no_clip_loses_all(finished):
    planned = finished[1].planned
    corpus = planned.corpus
    has = {"voice": corpus.modalities["audio"].present, "face": corpus.modalities["face"].present}
    drawn = {condition.name: condition.masks for condition in conditions(planned) if condition.share > 0}
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
    study = masked_study(tmp_path)

    def refused(sources_):
        changed = study.load(f"masking.sources={sources_}")
        with pytest.raises(InputError) as error:
            masks(changed)
        return str(error.value)

    assert "no modality 'audoi'" in refused('{ voice = ["audoi"] }') and "audio" in refused('{ voice = ["audoi"] }')
    assert "another source" in refused('{ a = ["face"], voice = ["face"] }')
    assert "2 to 4 sources" in refused('{ voice = ["audio", "prosody", "face"] }')
    with pytest.raises(InputError, match="missing"):
        study.load('systems.fusion=[{ method = "lightgbm", missing = "best" }]')
    assert sources(study.load()) == {"voice": ("audio", "prosody"), "face": ("face",)}


@pytest.mark.parametrize("learner", ["lightgbm", "xgboost"])
def test_boosting_learns_from_clips_that_lack_a_block_and_predicts_them(tmp_path, learner):
    overrides = [f"systems.learners=['{learner}']", "systems.fusion=[]", "targets={ arousal = { metric = 'ccc' } }"]
    only = [f"{learner}-audio+prosody+face"]
    run = masked_study(tmp_path).run(*overrides, "masking.shares=[0.5]", only=only)
    predictions = run.predictions()
    oof = predictions[(predictions["part"] == "train_oof") & (predictions["system"] == only[0])]
    faces_only = oof[oof["group"] == "s0"]
    assert faces_only["prediction"].nunique() > 4  # its own predictions, not one stand-in
    value = cells(run.table("masking.csv"))["value"]
    assert value[("only face", only[0])].item() > 0.1
