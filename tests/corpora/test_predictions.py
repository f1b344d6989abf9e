"""Predictions of external systems: joined by id, brought to posteriors, and refused where they would mislead."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.corpus import Split, Target
from avbaselines.corpora.predictions import PredictionOptions, read_prediction
from avbaselines.errors import InputError

IDS = np.array(["c0", "c1", "c2", "c3"])
AROUSAL, MOOD = Target("arousal", "ccc", range=(0.0, 1.0)), Target("mood", "uar", ("glad", "sad"))
NOBODY = np.array([], dtype=int)
SPLITS = [
    Split("a", np.array([2, 3]), NOBODY, np.array([0, 1])),
    Split("b", np.array([0, 1]), NOBODY, np.array([2, 3])),
]


def read(folder, file, targets=(AROUSAL,), splits=(), frames=None, **options):
    return read_prediction(
        "deep", PredictionOptions(path=file, **options), IDS, list(targets), None, folder, splits, frames
    )


def write(folder, name="deep.csv", **columns):
    pd.DataFrame({"clip_id": IDS[::-1], **columns}).to_csv(folder / name, index=False)


def test_a_path_alone_is_all_that_is_needed():
    assert PredictionOptions.model_validate("deep.csv") == PredictionOptions(path="deep.csv", id="clip_id", key="X")


def test_values_are_joined_by_id(tmp_path):
    write(tmp_path, arousal=[0.3, 0.2, 0.1, 0.0])
    deep = read(tmp_path, "deep.csv")
    assert deep.of("a")["arousal"].ravel().tolist() == [0.0, 0.1, 0.2, 0.3]


def test_clips_that_are_evaluated_nowhere_may_lack_a_prediction(tmp_path):
    pd.DataFrame({"clip_id": ["c0", "c1"], "arousal": [0.5, 0.5]}).to_csv(tmp_path / "deep.csv", index=False)
    values = read(tmp_path, "deep.csv", splits=SPLITS[:1]).of("a")["arousal"].ravel()
    assert np.isnan(values).tolist() == [False, False, True, True]
    with pytest.raises(InputError, match="has no arousal for 2 evaluated clips, such as 'c2'"):
        read(tmp_path, "deep.csv", splits=SPLITS)


@pytest.mark.parametrize(
    ("glad", "sad", "expected"),
    [
        ([0.2] * 4, [0.8] * 4, 0.2),
        ([20.0] * 4, [80.0] * 4, 0.2),
        ([-1.0] * 4, [0.0] * 4, 1 / (1 + np.e)),
        ([1.0, 2.0, 1.0, 1.0], [2.0] * 4, 1 / 3),
    ],
    ids=["posteriors", "per cent", "negative", "other sums"],
)
def test_class_scores_become_posteriors(tmp_path, glad, sad, expected):
    write(tmp_path, glad=glad, sad=sad)
    posteriors = read(tmp_path, "deep.csv", [MOOD]).of("a")["mood"]
    assert posteriors.sum(axis=1) == pytest.approx(1) and posteriors[0, 0] == pytest.approx(expected)


def test_columns_named_by_target_and_class_go_first(tmp_path):
    write(tmp_path, **{"mood=glad": 1.0, "mood=sad": 0.0, "glad": 0.0, "sad": 1.0})
    assert read(tmp_path, "deep.csv", [MOOD]).of("a")["mood"].tolist() == [[1.0, 0.0]] * 4


def test_predicted_labels_are_certain(tmp_path):
    write(tmp_path, mood=["sad", "glad", "glad", "glad"])
    assert read(tmp_path, "deep.csv", [MOOD]).of("a")["mood"][-1].tolist() == [0.0, 1.0]


def test_a_fold_column_gives_each_split_its_own(tmp_path):
    table = pd.DataFrame([(clip, fold, value) for fold, value in (("a", 0.1), ("b", 0.9)) for clip in IDS],
                         columns=["clip_id", "fold", "arousal"])  # fmt: skip
    table.to_csv(tmp_path / "deep.csv", index=False)
    deep = read(tmp_path, "deep.csv", splits=SPLITS)
    assert deep.of("a")["arousal"].ravel().tolist() == [0.1] * 4
    assert deep.of("b")["arousal"].ravel().tolist() == [0.9] * 4
    assert deep.values["arousal"].ravel().tolist() == [0.1, 0.1, 0.9, 0.9]
    with pytest.raises(InputError, match="fold 'b' is no split of this study .a."):
        read(tmp_path, "deep.csv", splits=SPLITS[:1])


@pytest.mark.parametrize("names", ["classes", "columns"])
def test_npz_files(tmp_path, names):
    scores = np.array([[0.25, 0.75]] * 4)
    np.savez(tmp_path / "deep.npz", clip_id=IDS, scores=scores, **{names: np.array(["glad", "sad"])})
    assert read(tmp_path, "deep.npz", [MOOD], key="scores").of("a")["mood"].tolist() == scores.tolist()


@pytest.mark.parametrize(
    ("arrays", "key", "words"),
    [
        ({"scores": np.ones((4, 2))}, "score", "no array 'score' .did you mean 'scores'"),
        ({"X": np.ones((4, 2))}, "X", "cannot be read as predictions"),
        ({"X": np.ones((4, 3)), "columns": ["a", "b"]}, "X", "cannot be read as predictions"),
    ],
)
def test_npz_files_that_cannot_be_read(tmp_path, arrays, key, words):
    np.savez(tmp_path / "deep.npz", clip_id=IDS, **arrays)
    with pytest.raises(InputError, match=words):
        read(tmp_path, "deep.npz", [MOOD], key=key)


def test_a_folder_with_a_table_a_recording(tmp_path):
    frames = pd.DataFrame({"recording": ["r1", "r1", "r2", "r2"], "time": [0.0, 0.1, 0.0, 0.1]})
    (tmp_path / "deep").mkdir()
    for recording, value in (("r1", 0.25), ("r2", 0.5)):
        rows = "".join(f"'{recording}';{time};{value}\n" for time in (0.0, 0.1))
        (tmp_path / "deep" / f"{recording}.csv").write_text(f"name;timestamp;arousal\n{rows}")
    deep = read(tmp_path, "deep", frames=frames)
    assert deep.of("a")["arousal"].ravel().tolist() == [0.25, 0.25, 0.5, 0.5]
    for targets, given in (((MOOD,), frames), ((AROUSAL,), None)):
        with pytest.raises(InputError, match="is a folder, which only regressed corpora"):
            read(tmp_path, "deep", targets, frames=given)


@pytest.mark.parametrize(
    ("targets", "columns", "words"),
    [
        ([AROUSAL], {"arousl": 0.5}, "no column 'arousal' .did you mean 'arousl'"),
        ([AROUSAL], {"arousal": ["?", "0", "0", "0"]}, "arousal of clip 'c3' is no finite number"),
        ([AROUSAL], {"arousal": [0, 0, np.inf, 0]}, "arousal of clip 'c1' is no finite number"),
        ([AROUSAL], {"arousal": [0, 0, 0, -1.5]}, r"arousal of clip 'c0' is -1.5, far outside \[0, 1\]"),
        ([MOOD], {"glad": 0.5}, "neither a column 'mood' nor one for each class .glad, sad"),
        ([MOOD], {"glad": [0.5, 0.5, 0.5, np.nan], "sad": 0.5}, "a class score of clip 'c0' is no finite number"),
        ([MOOD], {"mood": ["glad", "sda", "sad", "sad"]}, "'sda' is no class of mood .did you mean 'sad'"),
        ([MOOD], {"glad": [0, 0, 0, 1], "sad": 0}, "all class scores of clip 'c3' are 0 .3 such clips"),
        ([AROUSAL], {"clip_id": ["c0"] * 4, "arousal": 0.5}, "clip id 'c0' occurs more than once"),
    ],
)
def test_predictions_that_would_mislead_are_refused(tmp_path, targets, columns, words):
    write(tmp_path, **columns)
    with pytest.raises(InputError, match=words):
        read(tmp_path, "deep.csv", targets, SPLITS)


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.npz"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(InputError, match=f"predictions.deep: no file .*{name}"):
        read(tmp_path, name)


def test_a_table_without_the_id_column_is_refused(tmp_path):
    pd.DataFrame({"label": IDS, "arousal": 0.5}).to_csv(tmp_path / "deep.csv", index=False)
    with pytest.raises(InputError, match="no id column 'clip_id'"):
        read(tmp_path, "deep.csv")
    assert (read(tmp_path, "deep.csv", id="label").of("a")["arousal"] == 0.5).all()


def test_files_that_match_are_seeds_of_one_model(tmp_path):
    for seed, values in enumerate(([0.0, 0.1, 0.2, 0.3], [0.4, 0.3, 0.2, 0.1])):
        write(tmp_path, f"deep{seed}.csv", arousal=values)
    deep = read(tmp_path, "deep*.csv")
    assert len(deep.seeds) == 2 and deep.seeds[1].values["arousal"].ravel().tolist() == [0.1, 0.2, 0.3, 0.4]
    assert deep.of("a")["arousal"].ravel() == pytest.approx([0.2] * 4)
    assert read(tmp_path, "deep1.csv").seeds == ()
    with pytest.raises(InputError, match=r"no file matches .*net\*.csv"):
        read(tmp_path, "net*.csv")


def test_a_column_tells_the_seeds_of_one_file_apart(tmp_path):
    two = pd.DataFrame({"clip_id": np.tile(IDS, 2), "seed": np.repeat([7, 8], 4), "glad": 0.5, "sad": 0.5})
    two.assign(fold=np.tile(["a", "a", "b", "b"], 2)).to_csv(tmp_path / "deep.csv", index=False)
    deep = read(tmp_path, "deep.csv", [MOOD], SPLITS)
    assert len(deep.seeds) == 2 and set(deep.by_fold) == {"a", "b"} and not np.isnan(deep.values["mood"]).any()
    two.iloc[:-1].to_csv(tmp_path / "short.csv", index=False)
    with pytest.raises(InputError, match="has no mood for 1 evaluated clips, such as 'c3'"):
        read(tmp_path, "short.csv", [MOOD], SPLITS)
    uneven = two.assign(fold=["a", "a", "b", "b", "a", "a", "a", "a"])
    uneven.to_csv(tmp_path / "uneven.csv", index=False)
    with pytest.raises(InputError, match="has no mood|different folds"):
        read(tmp_path, "uneven.csv", [MOOD], SPLITS)
