"""Permuted features: which clips change places, what the predictions then are, and how they are kept."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.experiment.analyses.permuted_predictions import (
    REPEATS,
    PermutedPredictions,
    donors,
    families_of,
    key_of,
    permute_and_store,
)
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.scheduler import fit_systems


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A run of one system, whose target is nearly its first column; five clips lack the modality."""
    rng, clips = np.random.default_rng(0), people(6, 10)
    X = rng.normal(size=(len(clips), 3))
    study = write_study(
        tmp_path_factory.mktemp("permuted"), clips.assign(arousal=X[:, 0] + 0.2 * rng.normal(size=len(clips))),
        {"audio.csv": pd.DataFrame(X, index=clips["clip_id"], columns=["F0_a", "mfcc_b", "mfcc_c"]).iloc[5:]},
        targets={"arousal": {"metric": "ccc"}}, systems={"fusion": []},
    )  # fmt: skip
    planned = study.prepare()
    return planned, fit_systems(planned, study.folder / "run", RunOptions())


def test_clips_change_places_among_evaluated_clips_that_have_the_modality(fitted):
    corpus = fitted[0].corpus
    dealt = donors(corpus, "audio", [0, 0])
    lacking = np.isnan(corpus.modalities["audio"].X).all(axis=1)
    assert sorted(dealt) == list(range(60)) and (dealt[lacking] == np.flatnonzero(lacking)).all()
    assert (dealt != np.arange(60)).mean() > 0.8 and (dealt != donors(corpus, "audio", [0, 1])).any()


def test_only_the_family_that_knows_changes_what_is_predicted(fitted):
    run, finished = fitted
    (system,), split = run.systems, run.corpus.splits[0]
    families = families_of(run.corpus, system)
    assert [family.label for family in families] == ["audio: prosody", "audio: spectrum"]
    fit = finished.keys[split.id, system.name]
    permute_and_store(system, run.corpus, split, finished.tasks[split.id], finished.store, fit)
    stored = PermutedPredictions.load(finished.store, key_of(fit, families), ["arousal"])
    untouched, permuted = stored.untouched["arousal"], stored.permuted["arousal"]
    np.testing.assert_array_equal(untouched, finished.store.load(fit).test["arousal"])
    assert permuted.shape == (2, REPEATS, len(split.test), 1)
    prosody, spectrum = np.nanmean(np.abs(permuted - untouched), axis=(1, 2, 3))
    assert prosody > 0.5 and spectrum < 0.1
    # Of the clips that lack the modality nothing is predicted, whatever is permuted.
    assert (np.isnan(permuted) == np.isnan(untouched)).all()


def test_another_fit_or_family_has_another_key(fitted):
    families = families_of(fitted[0].corpus, fitted[0].systems[0])
    keys = {key_of("a", families), key_of("b", families), key_of("a", families[:1])}
    assert len(keys) == 3 and key_of("a", families) in keys
