"""Saving feature tables and reading them again."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.extractors import FeatureTable

ODD_IDS = ["007", "NA", "ünï,“x”\n2"]


@pytest.fixture
def table():
    status = pd.DataFrame(
        {
            "status": ["ok", "partial", "failed"],
            "reason": ["", 'silent, "odd"', "the file is empty (0 bytes)"],
            "duration": [1.25, 1 / 3, np.nan],
            "detection_rate": [np.nan, 0.1, np.nan],
        },
        index=pd.Index(ODD_IDS, name="clip_id"),
    )
    X = np.array([[1 / 3, 1e-30], [np.float32(16777217.0), -0.0], [np.nan, np.nan]], np.float32)
    info = {"recipe": "r", "options": {"window": None}, "scale": "0-5"}
    return FeatureTable(np.array(ODD_IDS), X, ["AU01_r", "b c"], status, info)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz"])
def test_a_table_comes_back_bit_for_bit_with_its_status(table, tmp_path, suffix):
    path = tmp_path / "deep" / f"t.{suffix}"
    table.save(path)
    back = FeatureTable.load(path)
    assert back.X.dtype == np.float32
    np.testing.assert_array_equal(back.X.view(np.int32), table.X.view(np.int32))
    assert back.clip_id.tolist() == ODD_IDS
    assert back.columns == table.columns
    assert back.info == table.info
    pd.testing.assert_frame_equal(back.status, table.status, check_dtype=False, check_index_type=False)
    assert not list(path.parent.glob(".*")), "a temporary file was left"


def test_readers_of_plain_tables_see_ids_and_features_only(table, tmp_path):
    table.save(tmp_path / "t.parquet")
    assert pd.read_parquet(tmp_path / "t.parquet").columns.tolist() == ["clip_id", "AU01_r", "b c"]
    table.save(tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv").columns.tolist() == ["clip_id", "AU01_r", "b c"]


def test_a_write_that_breaks_off_leaves_the_old_table_and_no_half_one(table, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    table.save(path)
    before = path.read_bytes()

    def disk_full(self, part):
        part.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FeatureTable, "_to_csv", disk_full)
    with pytest.raises(InputError, match="No space left on device"):
        table.save(path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.csv", "t.status.json"]


def test_failed_clips_are_listed(table):
    assert table.failed.index.tolist() == [ODD_IDS[2]]


def test_an_unknown_format_is_told(table, tmp_path):
    with pytest.raises(InputError, match=r"unknown table format '.xls'; use one of .parquet"):
        table.save(tmp_path / "t.xls")


@pytest.mark.parametrize("suffix", ["parquet", "csv", "npz"])
def test_a_table_of_somebody_else_is_told(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    frame = pd.DataFrame({"clip_id": ["a"], "x": [1.0]})
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "csv":
        frame.to_csv(path)
    else:
        np.savez(path, X=np.zeros(3))
    with pytest.raises(InputError, match="extract it again|no such file"):
        FeatureTable.load(path)


def test_rows_that_do_not_match_are_refused(table):
    with pytest.raises(ValueError, match="same order"):
        FeatureTable(table.clip_id, table.X, table.columns, table.status.iloc[::-1], {})
