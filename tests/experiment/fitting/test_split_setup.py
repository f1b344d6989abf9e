"""Splits with their inner folds as a table, and what makes finished fits stale."""

import importlib

import numpy as np
import pandas as pd
import pytest
from small_study import small_release

from avbaselines.experiment.fitting.split_setup import code_digest, split_table, split_task


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
