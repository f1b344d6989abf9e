"""Rows of results.csv and their remarks."""

import io
import math

import pandas as pd
import pytest
from made_results import POOLED, RESUBSTITUTION, made_results, result

from avbaselines.results_table import COLUMNS, LABELLED, Remark, RemarkKind, joined, phrases, results_frame

CONTRACT = (
    "protocol,split,system,picked,kind,modalities,learner,task,stage,target,metric,value,ci_low,ci_high,n_clips,n_groups,"
    "seconds,status,note,tied,transductive"
)


def test_the_columns_are_those_that_other_people_s_scripts_rely_on():
    assert ",".join(COLUMNS) == CONTRACT
    assert results_frame([]).columns.tolist() == list(COLUMNS) and results_frame([]).empty


def test_a_row_is_written_as_text_and_numbers():
    row = result("late", "arousal", picked=True, modalities=("audio", "face"), stage=1, n_clips=480,
                 remarks=(POOLED, Remark(RemarkKind.FIT, "delay 2 s")))  # fmt: skip
    start, end = "honest,all,late,yes,measured,audio+face,,single,1,arousal,", "pooled over clips; delay 2 s,,"
    assert results_frame([row]).to_csv(index=False).splitlines()[1] == f"{start}ccc,0.5,,,480,,3.2,ok,{end}"


def test_what_a_row_does_not_say_is_empty_once_written_and_read():
    frame = results_frame(made_results())
    back = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    reported = back[back["kind"] == "reported"]
    assert reported[["stage", "seconds", "n_clips", "ci_low"]].isna().all(axis=None)
    assert frame["stage"].dtype == float and frame["n_clips"].dtype == float  # numbers with gaps
    failed = back[back["status"] == "failed"].iloc[0]
    assert math.isnan(failed["value"]) and failed["note"] == "MemoryError: 12 GiB asked for"


@pytest.mark.parametrize("kind", RemarkKind)
def test_only_what_may_mislead_stands_beside_the_name(kind):
    assert (kind.label is not None) == (kind in LABELLED)


def test_labels_are_words():
    assert [kind.label for kind in LABELLED] == ["transductive", "resubstitution", "not above the mean"]
    assert RESUBSTITUTION.kind.label == "resubstitution"


@pytest.mark.parametrize("text", ["", "delay 2 s", "fuses the best of 3: arousal: a; valence: b; a second thing"])
def test_phrases_joined_are_the_text(text):
    remarks = phrases(RemarkKind.FIT, text)
    assert joined(remarks) == text and len(remarks) == (text.count(";") + 1 if text else 0)
