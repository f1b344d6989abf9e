"""Probes of predictions: who is told, why somebody is not, and that it is measured once."""

from types import SimpleNamespace

import numpy as np
import pytest

from avbaselines.corpora.corpus import Split
from avbaselines.experiment.analyses.speaker_identity.people import IdentityRun
from avbaselines.experiment.analyses.speaker_identity.prediction_probes import probe_predictions
from avbaselines.experiment.analyses.speaker_identity.probes import pool_probes
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.store import Store
from avbaselines.experiment.protocol_run import People
from avbaselines.systems import Identity

SPEAKERS = np.repeat([f"s{number}" for number in range(8)], 10)
ROWS, NOBODY = np.arange(80), np.array([], dtype=int)


def identity_run(folder, tests, content=None):
    """A run of whose corpus splits evaluate the given clips."""
    splits = [Split(str(number), NOBODY, NOBODY, test) for number, test in enumerate(tests)]
    corpus = SimpleNamespace(splits=splits, targets=[SimpleNamespace(name="mood")])
    run = SimpleNamespace(corpus=corpus, study=SimpleNamespace(seed=0))
    scored = SimpleNamespace(run=run, fitted=SimpleNamespace(store=Store(folder)))
    return IdentityRun(scored, People(SPEAKERS, content), Identity(probes=["linear"]))


def row(name, values, identity):
    test = {split.name: {"mood": values[split.test]} for split in identity.scored.run.corpus.splits}
    return SimpleNamespace(name=name, test=test, failed={})


@pytest.fixture
def values():
    """Predictions that hold the speaker, and others that do not."""
    rng = np.random.default_rng(0)
    telling = 5 * np.repeat(np.arange(8), 10)[:, None] + rng.normal(size=(80, 1))
    return telling, rng.normal(size=(80, 1))


def test_predictions_that_hold_the_speaker_tell_and_are_probed_once(tmp_path, values):
    identity = identity_run(tmp_path, [ROWS[:40], ROWS[40:]])
    rows = [row("telling", values[0], identity), row("idle", values[1], identity)]
    probed, computed = probe_predictions(identity, rows, RunOptions())
    assert computed == 2 and len(probed["telling"].parts["linear"]) == 2
    told, guessed = (pool_probes(probed[name].parts["linear"]).corrected for name in ("telling", "idle"))
    assert told > 0.7 > 0.3 > guessed
    again, computed = probe_predictions(identity, rows, RunOptions())
    assert computed == 0 and again["telling"].parts["linear"][0].shares.tolist() == (
        probed["telling"].parts["linear"][0].shares.tolist()
    )
    assert probe_predictions(identity, rows, RunOptions(force=True))[1] == 2
    # Other predictions under the same name are other work.
    assert probe_predictions(identity, [row("telling", values[1], identity)], RunOptions())[1] == 0
    assert probe_predictions(identity, [row("idle", values[0] + 1, identity)], RunOptions())[1] == 1


def test_speakers_evaluated_alone_are_probed_together(tmp_path, values):
    identity = identity_run(tmp_path, [ROWS[start : start + 10] for start in range(0, 80, 10)])
    probed, _ = probe_predictions(identity, [row("telling", values[0], identity)], RunOptions())
    (part,) = probed["telling"].parts["linear"]
    assert len(part.names) == 8


def test_what_cannot_be_probed_has_its_reason_and_failed_rows_are_left_out(tmp_path, values):
    identity = identity_run(tmp_path, [ROWS], content=SPEAKERS)  # each speaker says one thing alone
    failed = SimpleNamespace(name="failed", test={}, failed={"0": "broke"})
    probed, _ = probe_predictions(identity, [row("telling", values[0], identity), failed], RunOptions())
    assert list(probed) == ["telling"] and "more than one content" in probed["telling"].reason
    assert probed["telling"].parts == {}
