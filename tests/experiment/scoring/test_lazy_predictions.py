"""Predictions that are read when they are asked for, each split once."""

from types import SimpleNamespace

import numpy as np
import pytest

from avbaselines.corpora.corpus import SplitId
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.scoring.lazy_predictions import ComposedPredictions, LazyPredictions, SystemPredictions


@pytest.fixture
def read():
    """Splits in the order in which they were read."""
    return []


@pytest.fixture
def predictions(read):
    def finished(split, system):
        read.append(split.outer)
        raw = Fitted(test={"arousal": np.full((2, 1), float(split.outer))}, oof={"arousal": np.zeros((2, 1))})
        matched = {"arousal": raw.test["arousal"] + 10}
        return SimpleNamespace(raw=raw, test=matched, oof=matched, filled=lambda values: values)

    return SystemPredictions(SimpleNamespace(finished=finished), None, [SplitId("0"), SplitId("1")])


def test_nothing_is_read_until_it_is_asked_for_and_each_split_once(predictions, read):
    matched, raw = (LazyPredictions(predictions, raw, "test") for raw in (False, True))
    assert list(matched) == ["0", "1"] and len(raw) == 2 and "1" in matched and "2" not in matched and read == []
    assert matched["1"]["arousal"][0, 0] == 11 and raw["1"]["arousal"][0, 0] == 1 and read == ["1"]
    assert LazyPredictions(predictions, True, "oof")["1"]["arousal"][0, 0] == 0 and read == ["1"]
    with pytest.raises(KeyError):
        matched["2"]


def test_a_row_put_together_reads_of_each_split_the_row_meant_there(predictions, read):
    matched, raw = (LazyPredictions(predictions, raw, "test") for raw in (False, True))
    composed = ComposedPredictions({"0": matched, "1": raw})
    assert list(composed) == ["0", "1"] and len(composed) == 2 and read == []
    assert composed["1"]["arousal"][0, 0] == 1 and read == ["1"] and composed["0"] is matched["0"]
    assert "2" not in composed
