"""A study under a protocol: resubstitution puts every evaluated clip on both sides of one split."""

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split, Target
from avbaselines.experiment.protocol_run import People, ProtocolRun, resubstituted

NOBODY = np.array([], dtype=int)


def corpus(splits):
    ids = np.array([f"c{number}" for number in range(5)])
    return Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.zeros(5)}, splits=splits, once=False)


def test_resubstitution_fits_and_scores_the_evaluated_clips_of_all_splits():
    splits = [
        Split("a", np.array([0, 1]), NOBODY, np.array([3, 4])),
        Split("b", np.array([0, 4]), NOBODY, np.array([3, 2])),
    ]
    before = corpus(splits)
    after = resubstituted(before)
    (split,) = after.splits
    assert split.fit.tolist() == split.test.tolist() == [2, 3, 4] and len(split.dev) == 0
    assert after.once and before.splits is splits


def test_a_run_starts_without_people_and_analyses():
    run = ProtocolRun("honest", None, corpus([]), [])
    assert run.people is None and run.analyses == () and not run.resubstitution
    assert People(np.array(["s"])).content_label == ""
