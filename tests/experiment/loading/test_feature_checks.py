"""Answers among the features, and rows that repeat."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Modality, Target
from avbaselines.errors import InputError
from avbaselines.experiment.loading.feature_checks import merge_groups, refuse_answers


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("clips", [12, 40, 300])
def test_features_that_are_none_are_let_through(seed, clips):
    """Few clips and many columns, of numbers and of truth values: chance alone must refuse nobody."""
    rng = np.random.default_rng(seed)
    X = np.hstack([rng.normal(size=(clips, 1000)), rng.integers(0, 2, (clips, 1000)), rng.random((clips, 500)) < 0.03])
    X[rng.random(X.shape) < 0.1] = np.nan
    labels = {"a": rng.uniform(1, 5, clips), "b": rng.integers(0, 2, clips), "c": rng.integers(0, 5, clips)}
    targets = [Target("a", "ccc"), Target("b", "uar", ("no", "yes")), Target("c", "ccc")]
    modality = Modality("x", X.astype(np.float32), [f"x{number}" for number in range(2500)])
    refuse_answers(modality, targets, {name: values.astype(float) for name, values in labels.items()}, "x")


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
