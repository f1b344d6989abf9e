"""The CREMA-D reader: votes, ties and missing levels, VAVL's partitions, and releases that are broken."""

import numpy as np
import pandas as pd
import pytest
from releases import make_crema_d

from avbaselines.corpora.readers import crema_d
from avbaselines.errors import InputError


@pytest.fixture
def folder(tmp_path):
    return make_crema_d(tmp_path / "crema_d")


def read(folder, vavl=True):
    return crema_d.read(crema_d.Options(vavl=folder / "vavl" if vavl else None), folder)


def edit(path, change, text=()):
    table = pd.read_csv(path, dtype=dict.fromkeys(text, str)).rename(columns={"Unnamed: 0": ""})
    change(table).to_csv(path, index=False)


def test_clips(folder):
    release = read(folder, vavl=False)
    clips = release.clips
    assert (release.group, release.root, clips.index.name) == ("speaker", folder, "clip_id")
    assert len(clips) == 72 and clips["speaker"].nunique() == 6
    clip = clips.loc["1002_TIE_HAP_XX"]
    assert (clip["sentence"], clip["emotion_intended"], clip["level_intended"]) == ("TIE", "happy", "XX")
    assert (clip["sex"], clip["age"], clip["race"]) == ("female", 21, "Caucasian")
    assert clip["face_emotion"] == "happy" and clip["face_happy"] == 0.7 and clip["face_raters"] == 10
    assert not [column for column in clips if column.startswith("vavl")]


def test_votes_become_shares(folder):
    clips = read(folder).clips
    for channel in crema_d.CHANNELS:
        shares = clips[[f"{channel}_{name}" for name in crema_d.CLASSES.values()]]
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        winners = clips[f"{channel}_emotion"]
        known = winners.notna()
        assert (shares.idxmax(axis=1)[known].str.removeprefix(f"{channel}_") == winners[known]).all()


def test_channels_are_not_mixed_up(folder):
    clips = read(folder).clips
    hits = [clips.loc["1003_IEO_SAD_XX", f"{channel}_sad"] for channel in ("voice", "face", "audiovisual")]
    assert hits == [0.6, 0.7, 0.8]


def test_ties_have_no_winner(folder):
    release = read(folder)
    first, second = release.clips.iloc[0], release.clips.iloc[1]
    assert pd.isna(first["voice_emotion"]) and first["voice_angry"] == first["voice_disgust"] == 0.5
    assert pd.isna(second["audiovisual_emotion"]) and second["voice_emotion"] == "disgust"
    assert release.clips["voice_emotion"].isna().sum() == 1
    assert any("1 clips by voice, 0 clips by face, 1 clips by audiovisual" in note for note in release.notes)


def test_a_level_nobody_gave_is_missing(folder):
    clips = read(folder).clips
    for name in crema_d.CLASSES.values():
        chosen = clips[f"voice_{name}"] > 0
        assert clips[f"voice_level_{name}"].notna().equals(chosen)
        assert clips.loc[chosen, f"voice_level_{name}"].between(0, 100).all()


def test_vavl(folder):
    release = read(folder)
    clips = release.clips
    assert pd.isna(clips["vavl_emotion"].iloc[1]) and clips["vavl_emotion"].notna().sum() == 71
    assert clips.loc["1004_IEO_FEA_XX", "vavl_emotion"] == "fear"
    assert clips.loc["1004_IEO_FEA_XX", "vavl_fear"] == pytest.approx(0.01 + 0.94 * 0.8)
    for number in range(1, 6):
        parts = clips.dropna(subset=["vavl_emotion"]).groupby(f"vavl_split{number}")["speaker"].unique()
        assert {part: len(speakers) for part, speakers in parts.items()} == {"Train": 4, "Development": 1, "Test": 1}
    assert len({clips.loc["1001_IEO_ANG_XX", f"vavl_split{number}"] for number in range(1, 6)}) == 2
    assert any("71 of 72" in note for note in release.notes)


def test_a_missing_partition_is_named(folder):
    (folder / "vavl" / "label_consensus_3.csv").unlink()
    with pytest.raises(InputError, match=r"label_consensus_3\.csv: this partition is missing"):
        read(folder)


def test_two_label_rows_for_a_clip_are_named(folder):
    edit(folder / "vavl" / "label_consensus_2.csv", lambda table: pd.concat([table, table.iloc[[4]]]))
    with pytest.raises(InputError, match=r"consensus_2\.csv, line 73: a second label row for clip '1001_IEO_SAD_XX'"):
        read(folder)


@pytest.mark.parametrize(
    "column, value, message",
    [
        ("Split_Set", "Validation", "line 2: Split_Set 'Validation' of clip '1001_IEO_ANG_XX' is none of Train"),
        ("fear", "much", "line 2: fear of clip '1001_IEO_ANG_XX' is 'much'"),
        ("fear", 0.5, r"labels of clip '1001_IEO_ANG_XX' are not those of label_consensus_1\.csv"),
        ("FileName", "1001_IEO_ANG_HI.wav", "has no row for clip"),
    ],
)
def test_broken_partitions(folder, column, value, message):
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[0, column] = value
        return table

    edit(folder / "vavl" / "label_consensus_4.csv", change)
    with pytest.raises(InputError, match=message):
        read(folder)


def test_an_unknown_class_letter_is_named(folder):
    def change(table):
        table.loc[6, "FaceVote"] = "A:Q"
        return table

    edit(folder / "processedResults" / "summaryTable.csv", change)
    with pytest.raises(InputError, match=r"summaryTable\.csv, line 8: FaceVote of clip '1001_TIE_ANG_XX' is 'A:Q'"):
        read(folder)


@pytest.mark.parametrize(
    "values, message",
    [
        (dict.fromkeys("ADFHNS", 0), "line 3: clip '1001_IEO_DIS_XX': the votes of this row sum to zero"),
        ({"numResponses": 7}, "line 3: clip '1001_IEO_DIS_XX': the votes do not sum to numResponses"),
        ({"A": -1}, "a count of votes is no whole number"),
        ({"fileName": "1001_XXX_DIS_XX"}, "is not in SentenceFilenames"),
        ({"fileName": "1001_IEO_ANG_XX"}, r"\(voice\): clip '1001_IEO_ANG_XX' has two rows"),
        ({"D": 2, "S": 8, "A": 0, "F": 0, "H": 0, "N": 0}, "clip '1001_IEO_DIS_XX' is said to be 'D' by voice, .* 'S'"),
    ],
)
def test_broken_votes(folder, values, message):
    def change(table):
        for column, value in values.items():
            table.loc[1, column] = value
        return table

    edit(folder / "processedResults" / "tabulatedVotes.csv", change)
    with pytest.raises(InputError, match=message):
        read(folder)


def test_a_clip_without_votes_is_named(folder):
    edit(folder / "processedResults" / "tabulatedVotes.csv", lambda table: table.drop(index=100))
    with pytest.raises(InputError, match=r"tabulatedVotes\.csv \(face\): clip '\w+' has no row"):
        read(folder)


def test_an_actor_without_a_row_is_named(folder):
    edit(folder / "VideoDemographics.csv", lambda table: table[table["ActorID"] != 1005])
    with pytest.raises(InputError, match="no row for actor '1005' of clip '1005_IEO_ANG_XX'"):
        read(folder)


@pytest.mark.parametrize("name", ["processedResults/summaryTable.csv", "VideoDemographics.csv"])
def test_a_missing_table_says_what_to_get(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match="no such file; needed is CREMA-D from https"):
        read(folder)


def test_no_folder():
    with pytest.raises(InputError, match="AVBASELINES_CREMA_D"):
        crema_d.read(crema_d.Options(), None)
