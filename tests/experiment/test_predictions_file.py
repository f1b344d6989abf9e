"""predictions.parquet: who is in it, in which order, and how much room it takes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from small_board import AROUSAL, EMOTION, GROUPS, MOOD, SPLITS, TRUTH, N, corpus, scored

from avbaselines.errors import InputError
from avbaselines.experiment import predictions_file
from avbaselines.experiment.predictions_file import FILE, write_predictions

KEYS = ["protocol", "split", "part", "system", "target", "class", "clip_id", "group", "truth", "prediction"]


def written(folder, *protocols):
    made = corpus(AROUSAL, EMOTION)
    rows = [scored("close", made, 0.1), scored("far", made, 1)]
    runs = [(SimpleNamespace(protocol=name, corpus=made), rows, SPLITS) for name in protocols or ("honest",)]
    write_predictions(folder, runs)
    return pd.read_parquet(folder / FILE)


def test_every_row_split_and_part_is_there(tmp_path):
    table = written(tmp_path)
    assert list(table) == KEYS and len(table) == 2 * 3 * (N + N)  # systems, columns, clips tested and learnt from
    own = table[(table["system"] == "far") & (table["target"] == "arousal") & (table["part"] == "test")]
    assert list(own["clip_id"].astype(str)) == [f"c{n}" for n in range(N)] and list(own["group"]) == list(GROUPS)
    assert np.array_equal(own["truth"], TRUTH) and list(own["split"]) == ["0"] * 6 + ["1"] * 6
    assert np.allclose(own["prediction"] - own["truth"], np.where(np.arange(N) % 3 == 0, -1, 1))
    moods = table[(table["system"] == "far") & (table["class"] == "sad") & (table["part"] == "train_oof")]
    assert set(moods["target"]) == {"mood"} and list(moods["clip_id"]) == [f"c{n % N}" for n in range(6, N + 6)]
    assert np.array_equal(moods["truth"], np.roll(MOOD, -6))


def test_texts_are_categories_truth_is_exact_and_predictions_have_seven_digits(tmp_path):
    table = written(tmp_path)
    assert (table["prediction"].dtype, table["truth"].dtype) == (np.float32, np.float64)
    assert all(isinstance(table[name].dtype, pd.CategoricalDtype) for name in KEYS[:8])


def test_two_protocols_share_a_file(tmp_path):
    table = written(tmp_path, "honest", "paper")
    assert table.groupby("protocol", observed=True).size().to_dict() == {"honest": 72 * 2, "paper": 72 * 2}


def test_row_groups_are_bounded_and_hold_the_evaluated_clips_first(tmp_path, monkeypatch):
    whole = written(tmp_path)
    monkeypatch.setattr(predictions_file, "ROW_GROUP", 30)
    pd.testing.assert_frame_equal(written(tmp_path), whole)
    file = pq.ParquetFile(tmp_path / FILE)
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [36, 36, 36, 36]
    assert list(whole["part"][:72].unique()) == ["test"] and "test" not in set(whole["part"][72:])


def test_beyond_a_bound_the_last_split_alone_keeps_its_out_of_fold_predictions(tmp_path, monkeypatch):
    monkeypatch.setattr(predictions_file, "MOST_OOF_ROWS", 10)
    table = written(tmp_path)
    assert set(table.loc[table["part"] != "test", "split"]) == {"1"} and (table["part"] == "test").sum() == 72


def test_what_repeats_from_system_to_system_takes_next_to_no_room(tmp_path):
    rng, n = np.random.default_rng(0), 4000
    made = SimpleNamespace(
        ids=np.array([f"speaker_{k % 40:02d}_recording_{k:06d}" for k in range(n)]), targets=[AROUSAL],
        groups=np.array([f"speaker_{k % 40:02d}" for k in range(n)]), y={"arousal": rng.normal(size=n)},
    )  # fmt: skip
    split = SimpleNamespace(name="0", test=np.arange(n), fit=np.arange(0), dev=np.arange(0))
    rows = [
        SimpleNamespace(name=f"svr-{k}", failed=None, test={"0": {"arousal": rng.normal(size=(n, 1))}},
                        oof={"0": {"arousal": np.empty((0, 1))}})
        for k in range(50)
    ]  # fmt: skip
    write_predictions(tmp_path, [(SimpleNamespace(protocol="honest", corpus=made), rows, [split])])
    assert (tmp_path / FILE).stat().st_size < 5 * 50 * n  # of each row 4 bytes are its prediction


def test_nothing_fitted_is_an_error_that_says_why(tmp_path):
    made = corpus(AROUSAL)
    row = scored("close", made, 0.1, failed={"0": "no clip has it"})
    row.test = {}
    with pytest.raises(InputError, match=r"nothing to write \(close: no clip has it\)"):
        write_predictions(tmp_path, [(SimpleNamespace(protocol="honest", corpus=made), [row], SPLITS)])
    assert not (tmp_path / FILE).exists()
