"""What lies in a folder."""

import pytest

from avbaselines.errors import InputError
from avbaselines.first_study.folder import look


def made(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("clip_id,AU01_r\na,1\n")
    return root


def test_tables_series_and_media_are_told_apart(tmp_path):
    series = [f"openface/c{number}.csv" for number in range(4)]
    media = ["wav/s1/a.wav", "wav/s2/b.WAV", "film/x/a.mp4", "film/x/b.mp4"]
    found = look(made(tmp_path, "clips.csv", "old/x.parquet", ".hidden/y.csv", "x.npy", "notes.txt", *series, *media))
    assert [path.name for path in found.tables] == ["clips.csv", "x.parquet"]
    assert {path.name: columns for path, columns in found.series.items()} == {"openface": ["clip_id", "AU01_r"]}
    assert {found.name(path): number for path, number in found.audio.items()} == {"${data}/wav": 2}
    assert {found.name(path): number for path, number in found.video.items()} == {"${data}/film/x": 2}
    assert [path.name for path in found.arrays] == ["x.npy"]


def test_parts_of_one_table_are_no_tables_a_clip(tmp_path):
    found = look(made(tmp_path, "train.csv", "dev.csv", "test.csv"))
    assert len(found.tables) == 3 and not found.series


@pytest.mark.parametrize("names", [[], ["notes.txt"]])
def test_a_folder_with_nothing_to_read_is_refused(tmp_path, names):
    with pytest.raises(InputError, match="holds no table and no recording"):
        look(made(tmp_path, *names))
    with pytest.raises(InputError, match="no such folder"):
        look(tmp_path / "gone")
