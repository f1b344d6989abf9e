"""The layout of AVEC 2017 to 2019, whole and broken."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.formats import avec_csv as avec
from avbaselines.corpora.modalities import ModalityOptions, read_modality
from avbaselines.corpora.readers import sewa
from avbaselines.errors import InputError
from avbaselines.schema import validate

HEADER = "name;timestamp;arousal;valence;liking"
FRAMES = {"Devel_DE_01": 5, "Devel_HU_02": 3, "Train_DE_01": 4}


def lines(name, frames, *, hop=0.1, header=HEADER, separator=";", values=None):
    rows = [] if header is None else [header]
    for frame in range(frames):
        numbers = values[frame] if values is not None else (frame / 10, -frame / 10, 0.5)
        rows.append(separator.join([f"'{name}'", f"{frame * hop:.6f}", *(f"{number:.6f}" for number in numbers)]))
    return rows


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


@pytest.fixture
def release(tmp_path):
    """Labels of three recordings, and predictions padded to eight rows."""
    for name, frames in FRAMES.items():
        write(tmp_path / "labels" / f"{name}.csv", lines(name, frames))
        write(tmp_path / "predictions" / f"{name}.csv", lines(name, 8))
    return tmp_path


def read(root, **options):
    context = {"data": root, "folder": root}
    return sewa.read(validate(sewa.Options, options, root / "study.toml", prefix="corpus", context=context), root)


def predictions(root):
    return avec.read_folder(root / "predictions", read(root).clips, columns=sewa.TARGETS, key="predictions.theirs")


def test_clips(release):
    found = read(release)
    assert (found.group, found.recording, found.time, found.root) == ("subject", "recording", "time", release)
    clips = found.clips
    assert list(clips.columns) == ["subject", "recording", "time", "culture", "partition", *sewa.TARGETS]
    assert len(clips) == 12 and clips.index.is_unique and clips.index.name == "clip_id"
    row = clips.loc["Devel_HU_02@0.2"]
    assert row.to_list() == ["Devel_HU_02", "Devel_HU_02", 0.2, "HU", "Devel", 0.2, -0.2, 0.5]


def test_cultures_and_partitions(release):
    assert set(read(release, cultures=["HU"]).clips["recording"]) == {"Devel_HU_02"}
    assert set(read(release, partitions=["Train", "Devel"], cultures=["DE"]).clips["recording"]) == {
        "Devel_DE_01",
        "Train_DE_01",
    }
    with pytest.raises(InputError, match="corpus.partitions.*'Dev'.*'Devel'"):
        read(release, partitions=["Dev"])
    with pytest.raises(InputError, match="both"):
        read(release, partitions=["Train"], cultures=["HU"])


def test_layout_of_2017_has_no_culture(tmp_path):
    write(tmp_path / "labels" / "Devel_07.csv", lines("Devel_07", 2))
    assert read(tmp_path).clips["culture"].unique().tolist() == ["DE"]


def test_labels_elsewhere(release):
    (release / "labels").rename(release / "gold")
    assert len(read(release, labels="${data}/gold").clips) == 12
    with pytest.raises(InputError, match="no folder .*labels.*organisers"):
        read(release)


def test_padding_is_cut(release):
    X, columns = predictions(release)
    assert columns == list(sewa.TARGETS)
    np.testing.assert_array_equal(X, read(release).clips[columns].to_numpy())


def test_frames_in_any_order_of_recordings(release):
    clips = read(release).clips
    clips = clips.iloc[::-1].sort_values("time", kind="stable")
    X, columns = avec.read_folder(release / "predictions", clips, key="predictions.theirs")
    np.testing.assert_array_equal(X, clips[columns].to_numpy())


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("header", [None, HEADER])
def test_separator_and_header(release, separator, header):
    path = release / "labels" / "Devel_DE_01.csv"
    expected = avec.read_recording(path, key="x")
    write(path, lines("Devel_DE_01", 5, separator=separator, header=header and header.replace(";", separator)))
    assert avec.read_recording(path, columns=sewa.TARGETS, key="x").equals(expected)
    if header is None:
        assert list(avec.read_recording(path, key="x").columns) == ["time", "x0", "x1", "x2"]


def replaced(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_missing_subject(release):
    (release / "predictions" / "Devel_HU_02.csv").unlink()
    with pytest.raises(InputError, match="predictions.theirs: .*no file Devel_HU_02.csv.*3 labelled frames"):
        predictions(release)


def test_short_prediction_file(release):
    write(release / "predictions" / "Devel_DE_01.csv", lines("Devel_DE_01", 4))
    with pytest.raises(InputError, match="Devel_DE_01.csv: has 4 rows, up to 0.3 s; the labels have 5, up to 0.4 s"):
        predictions(release)


def test_features_may_end_a_little_before_the_labels(release):
    clips = read(release).clips
    (release / "predictions").rename(release / "audio")
    write(release / "audio" / "Devel_DE_01.csv", lines("Devel_DE_01", 4))
    frames, ids = clips[["recording", "time"]], np.asarray(clips.index, dtype=str)
    options = ModalityOptions(path=str(release / "audio"))
    modality = read_modality("audio", options, ids, release, release, frames)
    lacking = clips.index == "Devel_DE_01@0.4"
    assert np.isnan(modality.X[lacking]).all() and np.isfinite(modality.X[~lacking]).all()
    long = pd.concat([clips] + [clips.iloc[[4]].assign(time=0.4 + frame / 10) for frame in range(1, 22)])
    with pytest.raises(InputError, match="modalities.audio: .*Devel_DE_01.csv: has 4 rows, up to 0.3 s; .*up to 2.5 s"):
        read_modality("audio", options, np.arange(len(long)).astype(str), release, release, long.sort_values("time"))
    write(release / "audio" / "Devel_HU_02.csv", lines("Devel_HU_02", 2, hop=0.2))
    with pytest.raises(InputError, match="Devel_HU_02.csv: has a hop of 0.2 s"):
        read_modality("audio", options, ids, release, release, frames)
    with pytest.raises(InputError, match="modalities.audio: no folder .*video"):
        read_modality("audio", ModalityOptions(path=str(release / "video")), ids, release, release, frames)


@pytest.mark.parametrize("folder", ["labels", "predictions"])
def test_wrong_column_order(release, folder):
    replaced(release / folder / "Devel_DE_01.csv", "arousal;valence", "valence;arousal")
    with pytest.raises(InputError, match="order valence, arousal, liking, expected arousal, valence, liking"):
        predictions(release)


def test_unknown_column(release):
    replaced(release / "labels" / "Devel_DE_01.csv", "liking", "likeing")
    with pytest.raises(InputError, match="no column 'liking'.*did you mean 'likeing'"):
        read(release)


@pytest.mark.parametrize("folder, key", [("labels", "corpus.labels"), ("predictions", "predictions.theirs")])
@pytest.mark.parametrize("value, what", [("loud", "is 'loud'"), ("", "has no value"), ("inf", "is 'inf'")])
def test_a_value_that_is_no_number(release, folder, key, value, what):
    replaced(release / folder / "Devel_DE_01.csv", "0.200000;0.200000;", f"0.200000;{value};")
    with pytest.raises(InputError, match=f"{key}: .*Devel_DE_01.csv, line 4: column 'arousal' {what}"):
        predictions(release)


def test_another_hop(release):
    write(release / "predictions" / "Devel_DE_01.csv", lines("Devel_DE_01", 8, hop=0.04))
    with pytest.raises(InputError, match="Devel_DE_01.csv: has a hop of 0.04 s, the labels one of 0.1 s"):
        predictions(release)


def test_another_start(release):
    path = release / "predictions" / "Devel_DE_01.csv"
    rows = lines("Devel_DE_01", 8)
    write(path, [rows[0], *rows[2:]])
    with pytest.raises(InputError, match="row 1 is at 0.1 s, the label at 0 s"):
        predictions(release)


def test_uneven_times(release):
    path = release / "labels" / "Devel_DE_01.csv"
    rows = lines("Devel_DE_01", 5)
    write(path, rows[:3] + rows[4:])
    with pytest.raises(InputError, match="line 4: time goes from 0.1 to 0.3 s where the hop is 0.1 s"):
        read(release)


def test_other_columns_in_one_file(release):
    replaced(release / "predictions" / "Devel_HU_02.csv", "liking", "more")
    with pytest.raises(InputError, match="Devel_HU_02.csv has 3 value columns .*more.*all files of a folder"):
        avec.read_folder(release / "predictions", read(release).clips, key="modalities.audio")


def test_copy_of_another_recording(release):
    text = (release / "labels" / "Devel_DE_01.csv").read_text()
    (release / "labels" / "Devel_DE_09.csv").write_text(text)
    with pytest.raises(InputError, match="Devel_DE_09.csv, line 2: names recording 'Devel_DE_01'"):
        read(release)


@pytest.mark.parametrize(
    "text, what",
    [
        ("", "is empty"),
        (HEADER + "\n", "has no rows"),
        ("hello\n", "line 1 is 'hello'"),
        (HEADER + "\n'Devel_DE_01';0.0;1;2\n", "5 columns in the header, 4"),
        (HEADER.replace("liking", "valence") + "\n'Devel_DE_01';0.0;1;2;3\n", "'valence' occurs twice"),
        ("'Devel_DE_01';0.0;1;2\n", "has 2 values a line"),
        (HEADER + "\n'Devel_DE_01';0.0;1;2;3\n'Devel_DE_01';0.1;1;2;3;4\n", "cannot be read"),
    ],
)
def test_files_that_are_no_tables(release, text, what):
    (release / "labels" / "Devel_DE_01.csv").write_text(text)
    with pytest.raises(InputError, match=f"Devel_DE_01.csv: .*{what}"):
        read(release)


def test_files_of_another_name(release):
    (release / "labels" / "readme.csv").write_text("a;b;c\n")
    with pytest.raises(InputError, match="readme.csv: is not named like"):
        read(release)


def test_no_files(tmp_path):
    (tmp_path / "labels").mkdir()
    with pytest.raises(InputError, match="has no csv file; needed is the SEWA data"):
        read(tmp_path)


def test_progress(release):
    seen = []
    options = sewa.Options(labels=release / "labels")
    sewa.read(options, release, progress=lambda done, total, what: seen.append((done, total, what)))
    assert seen == [(0, 3, "Devel_DE_01.csv"), (1, 3, "Devel_HU_02.csv"), (2, 3, "Train_DE_01.csv")]
