"""What the figures take from the table of predictions."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.reports.predictions import classes, evaluated, group_scores


def frame(**columns):
    base = {"protocol": "honest", "split": "all", "part": "test", "system": "svr", "target": "arousal", "class": ""}
    table = pd.DataFrame(columns)
    return table.assign(**{name: value for name, value in base.items() if name not in table})


def test_only_labelled_test_rows_of_that_system_are_evaluated():
    rows = frame(
        part=["test", "train_oof", "dev", "test", "test", "test", "test"],
        protocol=["honest"] * 5 + ["paper", "honest"],
        system=["svr", "svr", "svr", "other", "svr", "svr", "svr"],
        truth=[1, 2, 3, 4, np.nan, 6, 7],
        prediction=[1.0] * 6 + [np.nan],
    )
    assert evaluated(rows, "honest", "svr", "arousal")["truth"].tolist() == [1]
    assert evaluated(rows, "honest", "svr", "valence").empty


def test_classes_are_read_clip_by_clip_whatever_the_order_of_rows():
    rows = frame(
        **{"class": ["sad", "angry", "angry", "sad"]},
        clip_id=["b", "a", "b", "a"],
        group=["g"] * 4,
        truth=[1, 1, 0, 0],
        prediction=[0.3, 0.9, 0.7, 0.1],
    )
    names, truth, guess, groups = classes(rows)
    assert (
        names == ["angry", "sad"]
        and truth.tolist() == [0, 1]
        and guess.tolist() == [0, 0]
        and list(groups) == ["g"] * 2
    )


def test_group_scores_come_worst_first_and_leave_out_what_cannot_be_scored():
    truth = np.tile(np.arange(6.0), 4)
    rows = frame(group=np.repeat(["good", "bad", "constant", "few"], 6), truth=truth, prediction=truth)
    rows.loc[rows.group == "bad", "prediction"] = truth[::-1][:6]
    rows.loc[rows.group == "constant", "truth"] = 1.0
    rows = rows.iloc[:-2]
    scores = group_scores(rows, "ccc", "regression")
    assert scores.index.tolist() == ["bad", "good"] and scores["score"].tolist() == pytest.approx([-1, 1])
    for error in ("mae", "rmse", "mse"):  # of an error the largest is the worst
        assert group_scores(rows, error, "regression").index[0] == "bad"
