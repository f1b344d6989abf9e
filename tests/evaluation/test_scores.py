import numpy as np
import pytest

from avbaselines.evaluation import scores
from avbaselines.evaluation.metrics import METRICS, score

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_function_of_its_name(name):
    truth, prediction = RNG.integers(0, 3, 40), RNG.integers(0, 3, 40)
    extra = (np.repeat(np.arange(4), 10),) if METRICS[name].per_recording else ()
    assert getattr(scores, name)(truth, prediction, *extra) == score(name, truth, prediction, *extra)


def test_posteriors_count_by_their_largest():
    assert scores.uar([0, 1], [[0.2, 0.8], [0.1, 0.9]]) == 0.5
