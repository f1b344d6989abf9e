"""The RECOLA reader: its three layouts, ARFF files, withheld labels, and releases that are broken."""

import numpy as np
import pandas as pd
import pytest
from releases import make_recola

from avbaselines.corpora.formats.arff import read_arff
from avbaselines.corpora.readers import recola
from avbaselines.errors import InputError

RATERS = ["FM1", "FM2", "FM3", "FF1", "FF2", "FF3"]


def read(folder, **options):
    return recola.read(recola.Options(**options), folder)


@pytest.fixture
def avec(tmp_path):
    return make_recola(tmp_path / "recola", seconds=2.0)


def test_avec_2016(avec):
    steps = []
    release = recola.read(recola.Options(), avec, progress=lambda *step: steps.append(step))
    clips = release.clips
    assert (release.group, release.recording, release.time) == ("recording", "recording", "time")
    assert len(clips) == 9 * 51 and clips["recording"].nunique() == 9 and clips.index.is_unique
    assert clips["recording"].unique().tolist()[:4] == ["train_1", "train_2", "train_3", "dev_1"]
    clip = clips.loc["dev_2@0.40"]
    assert (clip["recording"], clip["time"], clip["partition"]) == ("dev_2", 0.4, "dev")
    table = read_arff(avec / "ratings_gold_standard" / "valence" / "dev_2.arff")
    assert clip["valence"] == table["GoldStandard"][10]
    assert steps[-1] == (9, 9, "test_3")


def test_individual_ratings(avec):
    clips = read(avec).clips
    labelled = clips[clips["partition"] != "test"]
    for dimension in ("arousal", "valence"):
        rated = labelled[[f"{dimension}_{rater}" for rater in RATERS]]
        assert rated.notna().all(axis=None)
        spread = rated.sub(labelled[dimension], axis=0).groupby(labelled["recording"]).std()
        assert (spread < 1e-4).all(axis=None)  # each rater is off by a constant in these files


def test_withheld_labels_are_missing(avec):
    release = read(avec)
    missing = release.clips[["arousal", "valence"]].isna().all(axis=1)
    assert missing.equals(release.clips["partition"] == "test")
    assert any("3 recordings have frames without labels" in note for note in release.notes)


def test_avec_2018_leaves_test_labels_out(tmp_path):
    clips = read(make_recola(tmp_path / "r", layout="avec2018", seconds=1.0)).clips
    assert set(clips["partition"]) == {"train", "dev"} and clips["arousal"].notna().all()
    assert clips["arousal_FF3"].notna().all()


def test_a_gold_standard_is_chosen_among_several(tmp_path):
    folder = make_recola(tmp_path / "r", layout="avec2018", seconds=1.0)
    for path in (folder / "labels" / "gs_1").rglob("*.arff"):
        copy = folder / "labels" / "gs_2" / path.relative_to(folder / "labels" / "gs_1")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    with pytest.raises(InputError, match=r"\(labels/gs_1, labels/gs_2\); choose one by corpus.gold"):
        read(folder)
    assert len(read(folder, gold=folder / "labels" / "gs_1").clips) == 6 * 26


def test_original_layout(tmp_path):
    release = read(make_recola(tmp_path / "r", layout="original", seconds=1.0))
    clips = release.clips
    assert clips["recording"].unique().tolist()[:2] == ["P16", "P17"] and "partition" not in clips
    mean = clips[[f"arousal_{rater}" for rater in RATERS]].mean(axis=1)
    np.testing.assert_allclose(clips["arousal"], mean)
    assert any("plain mean of the raters" in note for note in release.notes)


def test_centred_gold_standard_as_csv(tmp_path):
    for dimension, first in (("arousal", 0.5), ("valence", -0.5)):
        path = tmp_path / "Ratings_affective_behaviour_CCC_centred" / dimension / "P16.csv"
        path.parent.mkdir(parents=True)
        path.write_text(f"time,gold standard\n0,{first}\n0.04,0.1\n0.08,\n")
    clips = read(tmp_path).clips
    assert clips["arousal"].tolist()[:2] == [0.5, 0.1] and np.isnan(clips["arousal"].iloc[2])
    assert clips["valence"].iloc[0] == -0.5


def test_hop(avec):
    clips = read(avec, hop=0.4).clips
    assert len(clips) == 9 * 6
    assert clips.loc[clips["recording"] == "dev_1", "time"].tolist() == [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]
    every = read(avec).clips
    assert clips.loc["train_3@1.20", "arousal"] == every.loc["train_3@1.20", "arousal"]
    with pytest.raises(InputError, match="corpus.hop: 0.1 s is no multiple of 0.04 s"):
        read(avec, hop=0.1)


@pytest.mark.parametrize(
    "name, message",
    [
        ("valence/dev_2.arff", "valence: has no file of recording 'dev_2', which arousal/ has"),
        ("arousal/dev_2.arff", "arousal: has no file of recording 'dev_2', which valence/ has"),
    ],
)
def test_a_missing_file_is_named(avec, name, message):
    (avec / "ratings_gold_standard" / name).unlink()
    with pytest.raises(InputError, match=message):
        read(avec)


def test_a_gap_in_the_numbers_is_named(avec):
    for dimension in ("arousal", "valence"):
        (avec / "ratings_gold_standard" / dimension / "train_2.arff").unlink()
    with pytest.raises(InputError, match="train_2 is missing, though train_3 is there"):
        read(avec)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("dev_1,0.08,", "dev_1,0.12,", "frame 3 is at 0.12 s rather than 0.08 s"),
        ("dev_1,0.08,", "dev_1,0.08,x", r"dev_1\.arff, line 12: GoldStandard is 'x.*', which is no number"),
        ("dev_1,0.08,", "dev_1,0.08,1,", "line 12: 4 values for 3 attributes"),
        ("@data", "@dato", "line 8: '@dato' is no line of an ARFF header"),
        ("@attribute GoldStandard", "@attribute frameTime", "line 5: attribute 'frameTime' stands there twice"),
    ],
)
def test_broken_arff(avec, old, new, message):
    path = avec / "ratings_gold_standard" / "arousal" / "dev_1.arff"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        read(avec)


def test_an_infinite_value_is_named(avec):
    path = avec / "ratings_gold_standard" / "valence" / "train_1.arff"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], "train_1,2,1e999"]))
    with pytest.raises(InputError, match=r"train_1\.arff(: a value is infinite|, line 60: GoldStandard is '1e999')"):
        read(avec)


def test_a_shorter_file_is_refused(avec):
    path = avec / "ratings_individual" / "valence" / "dev_1.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(InputError, match=r"valence/dev_1\.csv: has 50 frames, .*arousal/dev_1\.arff has 51"):
        read(avec)


def test_a_broken_rating_is_named(avec):
    path = avec / "ratings_individual" / "arousal" / "train_1.csv"
    lines = path.read_text().splitlines()
    lines[4] = lines[4].rpartition(";")[0]
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"train_1\.csv, line 5: .* is no row of 7 numbers"):
        read(avec)


def test_arff_dialect(tmp_path):
    path = tmp_path / "table.arff"
    path.write_text(
        "% a comment\n@RELATION x\n@ATTRIBUTE 'the name' STRING\n@attribute kind {a,b}\n@Attribute value REAL\n@DATA\n"
        "'one, with a comma',a,1.5\n% another\n\ntwo,b,?\n"
    )
    table = read_arff(path)
    assert table.columns.tolist() == ["the name", "kind", "value"]
    assert table["the name"].tolist() == ["one, with a comma", "two"]
    pd.testing.assert_series_equal(table["value"], pd.Series([1.5, np.nan], name="value"))
    path.write_text("@relation x\n@attribute a numeric\n@data\n{0 1}\n")
    with pytest.raises(InputError, match="line 4: sparse rows are not read"):
        read_arff(path)


def test_no_labels(tmp_path):
    with pytest.raises(InputError, match="no folder with arousal/ and valence/ of a known layout.*RECOLA"):
        read(tmp_path)
    with pytest.raises(InputError, match="AVBASELINES_RECOLA"):
        read(None)
