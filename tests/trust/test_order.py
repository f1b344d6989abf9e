"""The same study gives the same results, bit for bit, however its rows are ordered."""

import numpy as np
import pandas as pd
import pytest
from long_order import add_unrelated_column, changed, differences, shuffle_rows
from small_study import SmallStudy, people, small_release, write_study


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> SmallStudy:
    study = small_release(tmp_path_factory.mktemp("given"), speakers=6, clips=6)
    text = study.path.read_text("utf-8").replace('folds = "fold"', "group_kfold = 3")
    study.path.write_text(text, "utf-8")
    return study


@pytest.fixture(scope="module")
def run_of_given(given):
    return run(given)


def run(study: SmallStudy):
    # A matched constant and a subsample of a boosting are what rows in another order move first.
    return study.run("systems.learners=['ridge', 'lightgbm']", "systems.transductive=[]").folder


@pytest.mark.parametrize("change", [shuffle_rows, add_unrelated_column])
def test_rows_in_another_order_and_unrelated_columns_change_nothing(change, given, run_of_given, tmp_path):
    assert differences(run_of_given, run(changed(given, tmp_path / "other", change, seed=1))) == []


def test_frames_in_any_order_are_brought_to_the_order_of_time(tmp_path):
    rng, table = np.random.default_rng(0), people(4, 12)
    frame = np.arange(len(table)) % 12
    # Their ids are in no order that says anything.
    ids = [f"{name}x" for name in rng.permutation(len(table))]
    y = np.sin(frame / 2) + table["fold"]
    table = table.assign(clip_id=ids, recording=table["speaker"], time=frame * 0.5, arousal=y)
    features = pd.DataFrame(rng.normal(size=(len(table), 2)) + y.to_numpy()[:, None], index=ids, columns=list("ab"))
    study = write_study(
        tmp_path / "given",
        table,
        {"audio": features},
        corpus={"recording": "recording", "time": "time"},
        targets={"arousal": {"metric": "ccc"}},
        systems={"delay": [0, 0.5], "smoothing": [0, 1.0]},
    )
    assert differences(run(study), run(changed(study, tmp_path / "other", shuffle_rows, seed=1))) == []
