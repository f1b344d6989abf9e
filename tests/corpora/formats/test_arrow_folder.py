"""Saved data sets and parquet shards, as Hugging Face writes them; more are in the table of inputs."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avbaselines.corpora.formats.arrow_folder import arrow_features, arrow_table, is_arrow_folder
from avbaselines.errors import InputError

LABELS = {"info": {"features": {"mood": {"names": ["glad", "sad"], "_type": "ClassLabel"}, "id": {"_type": "Value"}}}}


def test_shards_in_a_folder_data_say_their_split_and_their_class_labels(tmp_path):
    (tmp_path / "data").mkdir()
    table = pa.table({"id": ["a", "b"], "mood": [1, -1], "audio": [{"bytes": b"x", "path": "a.wav"}] * 2})
    table = table.replace_schema_metadata({"huggingface": json.dumps(LABELS)})
    for part in ("train", "test"):
        pq.write_table(table, tmp_path / "data" / f"{part}-00000-of-00001.parquet")
    found, notes = arrow_table(tmp_path, "corpus.clips")
    assert found["mood"].tolist()[:1] == ["sad"] and found["mood"].isna().tolist() == [False, True] * 2
    assert found["partition"].tolist() == ["test", "test", "train", "train"]
    assert notes == [f"{tmp_path.name}: audio left out, which is no column of single values"]


def test_files_of_one_data_set_have_the_same_columns(tmp_path):
    pq.write_table(pa.table({"id": ["a"], "x": [1]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"id": ["b"], "y": [1]}), tmp_path / "1.parquet")
    with pytest.raises(InputError, match="1.parquet has other columns than 0.parquet"):
        arrow_table(tmp_path, "corpus.clips")


def test_types_of_shards_are_brought_together_or_refused(tmp_path):
    pq.write_table(pa.table({"id": ["a"], "x": pa.array([1], pa.int32())}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"id": ["b"], "x": [1.5]}), tmp_path / "1.parquet")
    assert arrow_table(tmp_path, "corpus.clips")[0]["x"].tolist() == [1.0, 1.5]
    pq.write_table(pa.table({"id": ["b"], "x": ["word"]}), tmp_path / "1.parquet")
    with pytest.raises(InputError, match="do not fit together"):
        arrow_table(tmp_path, "corpus.clips")


def test_vectors_of_fixed_size_and_gaps(tmp_path):
    vectors = pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2.0, 3.0, None]), 2)
    pq.write_table(pa.table({"clip_id": ["a", "b"], "v": vectors}), tmp_path / "x.parquet")
    ids, X, columns = arrow_features(tmp_path, "modalities.x", "clip_id", None)
    assert ids == ["a", "b"] and columns == ["v_0", "v_1"]
    np.testing.assert_array_equal(X, [[1.0, 2.0], [3.0, np.nan]])
    pq.write_table(pa.table({"clip_id": ["a", "b"], "v": [[1.0], None]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="1 rows of 'v' are empty"):
        arrow_features(tmp_path, "modalities.x", "clip_id", None)
    with pytest.raises(InputError, match="array = 'w' is no column of vectors"):
        arrow_features(tmp_path, "modalities.x", "clip_id", "w")


def test_other_folders_are_none(tmp_path):
    (tmp_path / "x.csv").touch()
    assert not is_arrow_folder(tmp_path) and not is_arrow_folder(tmp_path / "nowhere")
    (tmp_path / "dataset_dict.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset_dict\.json: cannot be read"):
        is_arrow_folder(tmp_path)
