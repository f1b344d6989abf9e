"""One representation in one split: erased as far as the emotion allows, probed at every strength, or its reason."""

from dataclasses import replace

import numpy as np
import pytest
from planted_speakers import planted

from avbaselines.corpora.corpus import Split, Target
from avbaselines.experiment.analyses.speaker_identity import erasures
from avbaselines.experiment.analyses.speaker_identity.erasures import Job, measure_representation, thinned
from avbaselines.experiment.analyses.speaker_identity.probes import pool_probes
from avbaselines.experiment.analyses.speaker_identity.representations import Measured, Representation
from avbaselines.experiment.fitting.store import Store
from avbaselines.experiment.protocol_run import People
from avbaselines.systems import Identity


class Task:
    """What a split learns from, as far as representations are concerned."""

    seed, matching = 0, False

    def __init__(self, target, y, folds):
        self.targets, self.y, self.folds = [target], {target.name: y}, folds

    def metric(self, target):
        return target.metric


@pytest.fixture(scope="module")
def job():
    """Raw features of twelve speakers, the last four evaluated."""
    X, speakers, emotion, content = planted()
    rows = np.arange(len(X))
    split = Split("test", rows[speakers < 8], rows[:0], rows[speakers >= 8])
    target = Target("mood", "uar", classes=["angry", "calm"])
    y = (emotion == "calm").astype(float)
    people = People(speakers.astype(str), content.astype(str), "sentence")
    options = Identity(learner="ridge", strengths=[0.5, 1.0], probes=["linear"], max_loss=0.1)
    task = Task(target, y[split.fit], speakers[split.fit] % 4)
    return Job("raw", Representation(("audio",)), [X[:, :12], X[:, 12:]], split, task, people, options, [])


@pytest.fixture(scope="module")
def raw(job, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("work"))
    return store, measure_representation(job, store)


def test_features_as_they_are_tell_speakers_and_choose_the_learner(job, raw):
    store, measured = raw
    assert measured.failed == "" and measured.strengths == {0.0} and set(measured.chosen[0]) >= {"penalty", "scaling"}
    for side in ("seen", "unseen"):
        assert pool_probes([measured.part(side, "linear", 0.0)]).corrected > 0.6
    assert Measured.load(store, "raw").chosen == measured.chosen
    predicted = measured.predictions(store, 0.0).test["mood"]
    calm = job.task.y["mood"][:40].mean()
    assert predicted.shape == (len(job.split.test), 2) and calm == 0.5


def test_an_erasure_takes_speakers_that_it_was_fitted_on_and_keeps_the_learner(job, raw):
    store, before = raw
    erased = replace(job, key="erased", representation=Representation(("audio",), "leace"), chosen=before.chosen)
    measured = measure_representation(erased, store)
    assert measured.failed == "" and measured.strength == 1.0 and measured.strengths == {0.5, 1.0}
    assert measured.chosen == before.chosen
    careful = replace(erased, key="careful", options=job.options.model_copy(update={"max_loss": 0.0}))
    assert measure_representation(careful, store).strength < 1
    half, whole = (pool_probes([measured.part("seen", "linear", strength)]).corrected for strength in (0.5, 1.0))
    assert whole < 0.05 < half
    assert measured.pairs(store).n_clips == len(job.split.test)


def test_a_failure_is_its_reason_and_is_not_taken_for_done(job, raw, monkeypatch):
    monkeypatch.setitem(erasures.ERASERS, "leace", lambda blocks: None)
    erased = replace(job, key="broken", representation=Representation(("audio",), "leace"), chosen=raw[1].chosen)
    measured = measure_representation(erased, raw[0])
    assert "Error" in measured.failed and not raw[0].path("broken", ".json").is_file()


def test_modalities_keep_their_own_columns(job):
    assert [block.tolist() for block in job.blocks] == [list(range(12)), list(range(12, 20))]
    assert replace(job, features=job.features[:1]).blocks is None


def test_many_clips_are_thinned_evenly_and_few_are_not():
    rows = np.arange(3 * erasures.MOST_CLIPS)
    assert len(thinned(rows)) == erasures.MOST_CLIPS and thinned(rows)[-1] == rows[-1]
    assert thinned(rows[:10]) is not None and len(thinned(rows[:10])) == 10
