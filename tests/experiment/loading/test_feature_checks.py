"""Features that are labels, rows that repeat, and values that no extractor means."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.corpus import Modality, Target
from avbaselines.errors import InputError
from avbaselines.experiment.loading.feature_checks import (
    empty_note,
    merge_groups,
    refuse_answers,
    refuse_equals,
    wild_note,
)

N = 40
AROUSAL = np.random.default_rng(0).normal(size=N)
NOISE = np.random.default_rng(1).normal(size=N)
IDS = np.array([f"c{number}" for number in range(N)])


def modality(**columns):
    return Modality("audio", np.column_stack(list(columns.values())).astype(np.float32), list(columns))


def test_a_column_of_the_clips_table_is_no_feature():
    clips = pd.DataFrame({"arousal": AROUSAL, "fold": np.arange(N) % 3})
    fold = clips["fold"].to_numpy(float)
    refuse_equals(modality(x=NOISE, y=NOISE**2), clips, ["arousal", "fold"], ["arousal"], "audio.csv")
    with pytest.raises(InputError, match="audio.csv: column 'y' is 'arousal' of the clips table, no feature"):
        refuse_equals(modality(x=NOISE, y=AROUSAL), clips, ["arousal"], ["arousal"], "audio.csv")
    # A column of few values equals a feature by chance: it is looked for by its own name alone.
    refuse_equals(modality(x=fold), clips, ["fold"], [], "audio.csv")
    with pytest.raises(InputError, match="column 'fold' is 'fold'"):
        refuse_equals(modality(fold=fold), clips, ["fold"], [], "audio.csv")


@pytest.mark.parametrize("told", [AROUSAL, 3 - 2 * AROUSAL, np.exp(AROUSAL)])
def test_a_label_among_the_features_is_refused_under_any_name_and_on_any_scale(told):
    targets, y = [Target("arousal", "ccc")], {"arousal": AROUSAL}
    refuse_answers(modality(x=NOISE, y=AROUSAL + NOISE), targets, y, "audio.csv")
    with pytest.raises(InputError, match="audio.csv: column 'y'.*arousal"):
        refuse_answers(modality(x=NOISE, y=told), targets, y, "audio.csv")


def test_values_beyond_all_others_are_told_of():
    values = np.random.default_rng(0).uniform(1, 2, N)
    assert wild_note(modality(x=values), IDS) == ""
    values[3] = 1e12
    note = wild_note(modality(x=np.ones(N), y=values), IDS)
    assert note.startswith("1 values of audio") and "1e+12 of y in clip c3" in note


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("clips", [12, 40, 300])
def test_features_that_are_none_are_let_through(seed, clips):
    """Few clips and many columns, of numbers and of truth values: chance alone must refuse nobody."""
    rng = np.random.default_rng(seed)
    X = np.hstack([rng.normal(size=(clips, 1000)), rng.integers(0, 2, (clips, 1000)), rng.random((clips, 500)) < 0.03])
    X[rng.random(X.shape) < 0.1] = np.nan
    labels = {"a": rng.uniform(1, 5, clips), "b": rng.integers(0, 2, clips), "c": rng.integers(0, 5, clips)}
    targets = [Target("a", "ccc"), Target("b", "uar", ("no", "yes")), Target("c", "ccc")]
    many = Modality("x", X.astype(np.float32), [f"x{number}" for number in range(2500)])
    refuse_answers(many, targets, {name: values.astype(float) for name, values in labels.items()}, "x")


def test_an_answer_with_gaps_is_found_among_many_columns():
    rng = np.random.default_rng(0)
    labels = rng.uniform(1, 5, 200)
    X = rng.normal(size=(200, 500)).astype(np.float32)
    X[:, 321] = np.where(rng.random(200) < 0.5, np.nan, 2 * labels)
    with pytest.raises(InputError, match="'x321'"):
        refuse_answers(Modality("x", X, [f"x{k}" for k in range(500)]), [Target("a", "ccc")], {"a": labels}, "x")


def test_rows_of_several_tables_join_groups():
    rng = np.random.default_rng(0)
    X, Z = rng.normal(size=(2, 6, 5)).astype(np.float32)
    X[0], Z[2] = X[2], Z[4]
    tables = [Modality("x", X, list("abcde")), Modality("z", Z, list("abcde"))]
    groups, _ = merge_groups(tables, np.array(list("pqrstu")))
    assert groups.tolist() == ["p+r+t", "q", "p+r+t", "s", "p+r+t", "u"]


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros((4, 2)), "all values are 0"),
        (np.full((4, 2), 3.0), "every row is the same;"),
        ([[1.0, np.nan]] * 4, "every row is the same;"),
        ([[0.0, 0.0], [np.nan, np.nan], [0.0, 0.0]], "all values are 0"),
        ([[1.0, 2.0], [1.0, 2.5]], ""),
        ([[1.0, np.nan], [1.0, 2.5]], ""),
        ([[1.0, 2.0]], ""),
    ],
)
def test_a_table_of_equal_rows_is_told(X, words):
    note = empty_note(Modality("face", np.array(X, np.float32), ["a", "b"]))
    assert words in note and bool(note) == bool(words)
