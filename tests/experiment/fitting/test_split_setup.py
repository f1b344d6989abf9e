"""Splits with their inner folds as a table, and what makes finished fits stale."""

import importlib

import numpy as np
import pandas as pd
import pytest
from small_study import people, small_release, write_study

from avbaselines.experiment.fitting.split_setup import code_digest, learning_groups, split_table, split_task


@pytest.fixture
def released(monkeypatch):
    """Pretend that a library has a new release."""

    def release(name):
        monkeypatch.setattr(importlib.import_module(name), "__version__", "99.9")
        code_digest.cache_clear()

    code_digest.cache_clear()
    yield release
    monkeypatch.undo()
    code_digest.cache_clear()


@pytest.mark.parametrize("library", ["lightgbm", "numpy", "optuna", "scipy", "sklearn", "xgboost"])
def test_a_new_release_of_any_library_that_fits_makes_old_fits_stale(released, library):
    before = code_digest()
    code_digest.cache_clear()
    assert code_digest() == before
    released(library)
    assert code_digest() != before


def test_fits_of_another_release_are_not_taken_for_new(released, tmp_path):
    study = small_release(tmp_path, speakers=6, clips=5)
    first, again = (study.run(only=["ridge-audio"]).computed for _ in range(2))
    assert first > 0 and again == 0
    released("xgboost")
    assert study.run(only=["ridge-audio"]).computed == first


def two_speakers(folder, recordings=False):
    """Forty clips of each of two speakers, labels that follow the feature x, each speaker left out once."""
    rng = np.random.default_rng(0)
    clips = people(2, 40)
    x = rng.normal(size=80)
    clips = clips.assign(arousal=x + rng.normal(0, 0.5, 80), mood=np.where(x > 0, "glad", "sad"))
    clips["take"] = [f"t{number // 8}" for number in range(80)]
    tables = {name: pd.DataFrame({"x": x, "noise": rng.normal(size=80)}, index=clips["clip_id"]) for name in ("a", "b")}
    corpus = {"recording": "take"} if recordings else {}
    targets = {"arousal": {"metric": "ccc"}, "mood": {"metric": "uar"}}
    split = {"leave_one_out": "speaker"}
    return write_study(folder, clips, tables, corpus=corpus, split=split, targets=targets)


def test_two_speakers_each_left_out_once_run_to_the_end(tmp_path):
    run = two_speakers(tmp_path).run("systems.fusion=['mean','greedy','ridge']")
    results = run.results(split="all", target="arousal", metric="ccc", kind="measured")
    assert (results["status"] == "ok").all() and {"late-ridge", "late-greedy", "ridge-a"} <= set(results["system"])
    assert results.set_index("system")["value"]["ridge-a"] > 0.6
    assert any("all clips of its training part are of group" in note for note in run.corpus.notes)


@pytest.mark.parametrize(("recordings", "parts"), [(False, 20), (True, 5)])
def test_parts_of_the_only_group_are_never_divided_by_inner_folds(tmp_path, recordings, parts):
    run = two_speakers(tmp_path, recordings).prepare()
    task = split_task(run, run.corpus.splits[0], "cpu", {})
    assert len(np.unique(task.groups)) == 1 and len(np.unique(task.undivided)) == parts
    assert all(len(np.unique(task.folds[task.undivided == part])) == 1 for part in np.unique(task.undivided))
    assert len(np.unique(task.folds)) == 3
    assert all(len(np.unique(task.y["mood"][task.folds == fold])) == 2 for fold in range(3))


def test_groups_stand_for_themselves_where_there_are_two(tmp_path):
    corpus = two_speakers(tmp_path).prepare().corpus
    assert learning_groups(corpus, np.arange(80)).tolist() == [0] * 40 + [1] * 40
    assert learning_groups(corpus, np.arange(0)).tolist() == []


def test_splits_csv_holds_the_very_splits_and_inner_folds(tmp_path):
    study = small_release(tmp_path, speakers=6, clips=5)
    run = study.run(only=["ridge-audio"])
    table, corpus = run.table("splits.csv"), run.corpus
    assert list(table.columns) == ["clip_id", "group", "split", "part", "fold"]
    assert set(table["part"]) == {"train", "test"} and len(table) == 3 * 30
    for split in corpus.splits:
        here = table[table["split"] == split.name].set_index("clip_id")
        assert set(here.index[here["part"] == "test"]) == set(corpus.ids[split.test])
        task = split_task(run.planned, split, "cpu", {})
        assert here.loc[corpus.ids[split.fit], "fold"].tolist() == task.folds.tolist()
        assert here.loc[corpus.ids[split.test], "fold"].isna().all()
        # No group is in two folds, or in training and test.
        learnt = here[here["part"] == "train"]
        assert (learnt.groupby("group")["fold"].nunique() == 1).all()
        assert not set(learnt["group"]) & set(here["group"][here["part"] == "test"])


def test_development_clips_are_told_from_training_clips(tmp_path):
    study = small_release(tmp_path, speakers=6, clips=5)
    given = "split={column='fold', train=['0'], dev=['1'], test=['2']}"
    table = split_table(study.prepare(given))
    fold = pd.read_csv(tmp_path / "clips.csv").set_index("clip_id")["fold"]
    assert table["part"].tolist() == fold[table["clip_id"]].map({0: "train", 1: "dev", 2: "test"}).tolist()
    assert np.array_equal(table["fold"].isna(), table["part"] == "test")
