"""Tables as data frames, and the column that holds their ids."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avbaselines.corpora.tables import column_names, id_column, read_table
from avbaselines.errors import InputError


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"clip_id": ["a"], "name": ["b"]}, "clip_id"),
        ({"Unnamed: 0": ["a", "b"]}, "Unnamed: 0"),
        ({"Unnamed: 0": ["1", "2"]}, None),
        ({"file": ["a"], "start": [0], "end": [1]}, "file"),
        ({"file": ["a", "b"], "f0": [0, 1]}, "file"),
        ({"file": ["a", "a"], "f0": [0, 1]}, None),
        ({"name": ["a", "b", "b"], "frameTime": [0, 0, 1]}, "name"),
        ({"name": ["a", "b"]}, "name"),
        ({"name": ["a", "a"]}, None),
        ({"name": [1.0, 2.0]}, None),
    ],
)
def test_where_ids_are_looked_for(columns, found):
    assert id_column(pd.DataFrame(columns), "clip_id") == found


def test_names_of_columns_without_reading_the_table(tmp_path):
    table = pd.DataFrame({"clip_id": ["007"], "f": [1.0]})
    table.to_csv(tmp_path / "x.csv", index=False)
    table.to_parquet(tmp_path / "x.parquet", index=False)
    (tmp_path / "x.arff").write_text("@relation x\n@attribute clip_id string\n@attribute f numeric\n@data\n'007',1\n")
    for name in ("x.csv", "x.parquet", "x.arff"):
        assert column_names(tmp_path / name) == ["clip_id", "f"]
        assert read_table(tmp_path / name, key="x", ids=["clip_id"])["clip_id"].tolist() == ["007"]


def test_codes_keep_their_zeros_and_numbers_stay_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("clip_id, speaker ,age\n1,01,30\n2,02,41\n")
    table = read_table(tmp_path / "x.csv", key="x", ids=["clip_id"], codes=True)
    assert table["speaker"].tolist() == ["01", "02"] and table["age"].tolist() == [30, 41]


def test_texts_of_a_parquet_file_that_are_no_unicode_are_refused(tmp_path):
    damaged = pa.array([b"c1", b"c\xff2"], pa.binary())
    ids = pa.Array.from_buffers(pa.string(), 2, damaged.buffers())
    pq.write_table(pa.table({"clip_id": ids, "f1": [1.0, 2.0]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="x.parquet: cannot be read as a table .*UTF8"):
        read_table(tmp_path / "x.parquet", key="modalities.x", ids=["clip_id"])
