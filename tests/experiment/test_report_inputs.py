"""What the page draws: rows put together of several systems, and places in time."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_results import result

from avbaselines.corpora.corpus import Split, SplitId
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem, PickedSystem
from avbaselines.experiment.report_inputs import predictions_shown, weights_shown
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.systems import Stage

SYSTEMS = [
    BaseSystem(name="a", raw_label="a-raw", learner="svr"),
    FusionSystem(name="b", raw_label="b-raw", fusion=Stage(method="ridge"), depth=1, parts=("a",)),
]


@pytest.fixture
def parts():
    """Two splits; in the first the system a was picked, in the second b."""
    nobody = np.array([], int)
    splits = [Split("0", np.arange(2, 4), nobody, np.arange(2)), Split("1", np.arange(2), nobody, np.arange(2, 4))]
    corpus = SimpleNamespace(
        ids=np.array(list("wxyz")), splits=splits, targets=[SimpleNamespace(name="arousal")],
        recordings=np.array(["r", "r", "s", "s"]), times=np.array([0.0, 1, 0, 1]),
    )  # fmt: skip
    system = PickedSystem(name=PICKED, raw_label="picked-raw", choices=("a", "b"))
    picked = Scored(system.rows[0], system, {}, {})
    return [(SimpleNamespace(protocol="honest", corpus=corpus, systems=SYSTEMS), [picked], splits)]


def test_the_unmatched_twin_of_a_row_put_together_is_put_together_too(parts, tmp_path):
    rows = [
        ("honest", split, part, system, clip, float(number))
        for number, (system, split) in enumerate((s, k) for s in ("a-raw", "b-raw", PICKED, "else") for k in "01")
        for part in ("test", "train_oof")
        for clip in ("wx" if (split == "0") == (part == "test") else "yz")
    ]
    table = pd.DataFrame(rows, columns=["protocol", "split", "part", "system", "clip_id", "prediction"])
    table.to_parquet(tmp_path / "predictions.parquet")
    shown = predictions_shown(tmp_path, parts, [result(PICKED, "arousal", picked=True), result("else", "arousal")])
    assert set(shown["part"]) == {"test"} and "else" not in set(shown["system"])
    twin = shown[shown["system"] == "picked-raw"]
    assert list(twin["clip_id"]) == list("wxyz") and list(twin["prediction"]) == [0, 0, 3, 3]
    assert list(twin["recording"]) == list("rrss") and list(twin["time"]) == [0, 1, 0, 1]


def test_a_row_put_together_takes_of_each_system_its_share_of_splits(parts):
    loaded = SimpleNamespace(weights={"arousal": [0.7]})
    outcome = SimpleNamespace(
        keys={(SplitId("0"), "b"): "k", (SplitId("1"), "b"): "k"},
        failures={},
        store=SimpleNamespace(load=lambda key: loaded),
    )
    table = weights_shown(parts, [outcome]).set_index(["system", "input"])
    assert table.loc[("b", "a"), "weight"] == pytest.approx(0.7) and set(table["protocol"]) == {"honest"}
    assert table.loc[PICKED, "weight"].to_dict() == {"a": 0.5, "b": 0.5}
