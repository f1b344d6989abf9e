"""Feature tables as they stand in their files."""

import numpy as np
import pandas as pd

from avbaselines.corpora.feature_tables import read_features


def test_truth_values_of_a_csv_are_0_and_1(tmp_path):
    pd.DataFrame({"clip_id": ["a", "b"], "smile": [True, False]}).to_csv(tmp_path / "x.csv", index=False)
    assert read_features(tmp_path / "x.csv", "x").X.ravel().tolist() == [1.0, 0.0]


def test_sequences_of_different_lengths_are_padded_with_nan(tmp_path):
    steps = np.empty(2, object)
    steps[0], steps[1] = np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]), np.ones((1, 2), np.float32)
    np.savez(tmp_path / "x.npz", clip_id=np.array(["a", "b"]), X=steps)
    X = read_features(tmp_path / "x.npz", "x").X
    assert X[0].tolist() == [[1, 2], [3, 4]] and X[1, 0].tolist() == [1, 1] and np.isnan(X[1, 1]).all()


def test_a_wide_table_is_read_without_loss(tmp_path):
    X = np.random.default_rng(0).normal(size=(20, 3000)).astype(np.float32)
    table = pd.DataFrame(X, columns=[f"f{number}" for number in range(3000)])
    table.assign(clip_id=[f"c{number}" for number in range(20)]).to_csv(tmp_path / "x.csv", index=False, quoting=2)
    np.testing.assert_array_equal(read_features(tmp_path / "x.csv", "x").X.astype(np.float32), X)
