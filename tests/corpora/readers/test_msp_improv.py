"""The MSP-IMPROV reader: Evaluation.txt, VAVL's labels, the direction of arousal, and releases that are broken."""

import numpy as np
import pandas as pd
import pytest
from releases import make_msp_improv

from avbaselines.corpora.readers import msp_improv
from avbaselines.errors import InputError

LINE = "UTD-IMPROV-S01A-F02-R-FF01.avi; A; A:3.333333; V:2.333333; D:3.000000 ; N:3.666667;\n"


@pytest.fixture
def folder(tmp_path):
    return make_msp_improv(tmp_path / "msp_improv")


def read(folder, **options):
    return msp_improv.read(msp_improv.Options(**options), folder)


def evaluated(tmp_path, text):
    (tmp_path / "Evaluation.txt").write_text(text, encoding="utf-8")
    return read(tmp_path).clips


def test_a_line_of_the_release(tmp_path):
    clip = evaluated(tmp_path, LINE).loc["MSP-IMPROV-S01A-F02-R-FF01"]
    assert clip["arousal"] == pytest.approx(2.666667)  # as VAVL's file has it
    assert (clip["valence"], clip["dominance"], clip["naturalness"]) == (2.333333, 3.0, 3.666667)
    assert (clip["speaker"], clip["session"], clip["gender"], clip["sentence"]) == ("F02", "2", "female", "01")
    assert (clip["emotion"], clip["emotion_intended"], clip["scenario"]) == ("angry", "angry", "read")


def test_release(folder):
    release = read(folder)
    clips = release.clips
    assert len(clips) == 96 and release.group == "session" and clips["session"].nunique() == 6
    assert clips["speaker"].nunique() == 12
    assert pd.isna(clips["emotion"].iloc[0]) and clips["emotion"].notna().sum() == 95
    assert "split1" not in clips


def test_high_is_active(folder):
    for options in ({}, {"vavl": folder / "vavl"}, {"vavl": folder / "vavl", "evaluation": None}):
        clips = read(folder, **options).clips
        assert clips[["arousal", "dominance"]].corr().iloc[0, 1] > 0.5
        means = clips.groupby("emotion_intended")["arousal"].mean()
        assert means["angry"] > means["neutral"] > means["sad"]


def test_votes(folder):
    clips = read(folder).clips
    # the fifth rater's line stands there twice and counts once
    assert (clips["raters"] == 5).all()
    assert (clips["vote_other"] == 0.2).all()
    for attribute in ("arousal", "valence", "dominance"):
        own = clips.filter(like=f"{attribute}_rater")
        assert own.shape[1] == 5 and np.allclose(own, clips[[attribute]])
    assert (clips.loc[clips["emotion"] == "sad", "vote_sad"] == 0.8).all()


def test_a_rater_may_write_semicolons(tmp_path):
    clips = evaluated(tmp_path, LINE + "r1; Sad; Concerned; tired; A:3.0; V:2.0; D:3.0; N:4.0;\n")
    assert clips["vote_sad"].iloc[0] == 1.0


def test_raters_lines_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "Evalution.txt").write_text(LINE + "r1; Sad; A:?\n")
    notes = read(tmp_path).notes
    assert any("1 raters' lines of Evalution.txt cannot be read (such as line 2)" in note for note in notes)


def test_vavl_beside_the_release(folder):
    release = read(folder, vavl=folder / "vavl")
    clips = release.clips
    assert clips["split1"].isna().sum() == 1 and clips["split1"].isna().iloc[0]
    known = clips.dropna(subset=["split1"])
    np.testing.assert_allclose(known["vavl_arousal"], known["arousal"], atol=2e-6)
    for number, (dev, test) in enumerate(((4, 5), (2, 3), (1, 2), (6, 1), (5, 6)), 1):
        sessions = known.groupby(f"split{number}")["session"].unique()
        assert list(sessions["Development"]) == [str(dev)] and list(sessions["Test"]) == [str(test)]
        assert len(sessions["Train"]) == 4


def test_vavl_alone(folder):
    (folder / "Evaluation.txt").unlink()
    clips = msp_improv.read(msp_improv.Options(vavl=folder / "vavl"), None).clips
    assert len(clips) == 95 and "emotion" not in clips
    assert clips["arousal"].equals(clips["vavl_arousal"].rename("arousal"))
    assert clips.loc["MSP-IMPROV-S01S-M03-S-MM02", "session"] == "3"


@pytest.mark.parametrize(
    "text, message",
    [
        (LINE.replace("; A;", "; Q;"), r"Evaluation\.txt, line 1: class 'Q' of clip 'MSP-IMPROV-S01A-F02-R-FF01'"),
        (LINE + "\n" + LINE, "line 3: a second label row for clip 'MSP-IMPROV-S01A-F02-R-FF01'"),
        (LINE.replace("A:3.333333", "A:many"), "line 1: .* cannot be read"),
        (LINE.replace("V:2.333333", "V:7.0"), "valence of clip 'MSP-IMPROV-S01A-F02-R-FF01' is 7, outside its scale"),
        (LINE.replace("S01A", "S01Z"), "is no name of a clip"),
        ("nothing\n", "no line starts with UTD-IMPROV-"),
    ],
)
def test_broken_evaluation(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        evaluated(tmp_path, text)


def test_an_unlabelled_attribute_is_missing(tmp_path):
    clips = evaluated(tmp_path, LINE.replace("D:3.000000", "D:NaN"))
    assert np.isnan(clips["dominance"].iloc[0]) and clips["valence"].iloc[0] == 2.333333


def test_an_arousal_turned_round_is_refused(folder):
    for number in range(1, 6):
        path = folder / "vavl" / f"labels_consensus_{number}.csv"
        table = pd.read_csv(path)
        table.assign(EmoAct=6 - table["EmoAct"]).to_csv(path, index=False)
    with pytest.raises(InputError, match="the arousal of this file has been turned round"):
        read(folder, vavl=folder / "vavl")


def test_a_missing_partition_is_named(folder):
    (folder / "vavl" / "labels_consensus_5.csv").unlink()
    with pytest.raises(InputError, match=r"labels_consensus_5\.csv: this partition is missing"):
        read(folder, vavl=folder / "vavl")


def test_no_labels(tmp_path):
    with pytest.raises(InputError, match=r"no Evaluation\.txt there, .* MSP-IMPROV, licensed"):
        read(tmp_path)
    with pytest.raises(InputError, match="no file"):
        read(tmp_path, evaluation=tmp_path / "absent.txt")
