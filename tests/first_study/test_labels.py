"""Targets guessed from the columns of a clips table."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.first_study.draft import Draft
from avbaselines.first_study.labels import add_targets, find_targets

N = 40
RNG = np.random.default_rng(0)
RATINGS = np.clip(RNG.normal(3, 1, N), 1, 5).round(1)
RATINGS[:2] = 1, 5


def label(name, values):
    found = find_targets(pd.DataFrame({name: values}))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("name", "values", "options", "likely"),
    [
        ("arousal", RATINGS, {"metric": "ccc", "range": [1, 5]}, True),
        ("vivid", (2 * RATINGS).round() / 2, {"metric": "ccc", "range": [1, 5]}, True),  # a scale of ratings
        ("EmoVal", RATINGS - 0.05, {"metric": "ccc"}, True),  # reaches no end of a scale: no range
        ("pitch", RATINGS * 71.3, {"metric": "ccc"}, False),
        ("votes_angry", np.arange(N) % 11, {"metric": "ccc", "range": [0, 10]}, False),
        ("share_angry", (np.arange(N) % 11) / 10, {"metric": "ccc", "range": [0, 1]}, False),
        ("emotion", ["sad", "glad"] * (N // 2), {"metric": "accuracy"}, True),
        ("emotion", ["sad"] * 32 + ["glad"] * 8, {"metric": "uar"}, True),
        ("emotion", np.arange(N) % 6, {"metric": "accuracy"}, True),  # classes told by numbers
        ("sentiment_pos", np.arange(N) % 2, {"metric": "accuracy"}, True),
        ("style", ["loud", "soft"] * (N // 2), {"metric": "accuracy"}, False),
    ],
)
def test_what_a_column_is(name, values, options, likely):
    found = label(name, values)
    assert (found.options, found.likely) == (options, likely)


@pytest.mark.parametrize("name", ["age", "gender", "duration_s", "n_frames", "utt_index", "sentence", "numResponses"])
def test_what_is_told_about_clips_is_no_target(name):
    assert label(name, RATINGS) is None


def test_marks_of_missing_labels_are_told():
    texts = [str(value) for value in RATINGS]
    texts[3] = "?"
    assert label("arousal", texts).options == {"metric": "ccc", "missing": ["?"], "range": [1, 5]}
    numbers = RATINGS.copy()
    numbers[3:6] = -10
    found = label("valence", numbers)
    assert found.options == {"metric": "ccc", "missing": [-10], "range": [1, 5]} and "stands apart" in found.why


def test_doubtful_ones_are_in_force_only_where_nothing_else_is():
    table = pd.DataFrame({"arousal": RATINGS, "style": ["loud", "soft"] * (N // 2)})
    draft = Draft("x")
    add_targets(draft, table, [])
    assert [(entry.key, entry.active) for entry in draft.entries] == [("arousal", True), ("style", False)]
    draft = Draft("x")
    add_targets(draft, table, ["arousal"])
    assert [(entry.key, entry.active) for entry in draft.entries] == [("style", True)] and draft.questions[0].grave
    draft = Draft("x")
    add_targets(draft, table, ["arousal", "style"])
    assert not draft.entries and "name it" in draft.questions[0].text


def test_of_many_doubtful_ones_a_few_are_written():
    draft = Draft("x")
    add_targets(draft, pd.DataFrame({f"f{number}": RNG.normal(size=N) for number in range(30)}), [])
    assert len(draft.entries) == 8 and "22 more columns" in draft.questions[0].text


def test_names_that_a_study_cannot_have_are_changed():
    draft = Draft("x")
    add_targets(draft, pd.DataFrame({"val/mean": RATINGS, "mean": RATINGS}), [])
    columns = {entry.key: entry.value["column"] for entry in draft.entries}
    assert columns == {"val-mean": "val/mean", "mean-label": "mean"}
