"""Corpora that have a reader: recognised by their layout, drafted after the shipped study that fits."""

import pytest
import releases

from avbaselines.errors import InputError
from avbaselines.first_study.folder import look
from avbaselines.first_study.releases import known_layouts, shipped_studies, studies_of_these_tables
from avbaselines.first_study.shipped import draft_of_release

MADE = {
    "crema_d": (releases.make_crema_d, {"vavl": "${data}/vavl"}),
    "msp_improv": (releases.make_msp_improv, {"vavl": "${data}/vavl"}),
    "mer2023": (releases.make_mer2023, {}),
    "recola": (lambda folder: releases.make_recola(folder, seconds=2.0), {}),
    "sewa": (releases.make_sewa, {}),
    "creativeit": (lambda folder: releases.make_creativeit(folder, seconds=2.0), {}),
}


@pytest.mark.parametrize("name", MADE)
def test_each_layout_is_recognised_and_no_other(name, tmp_path):
    make, options = MADE[name]
    assert list(known_layouts(make(tmp_path))) == [(name, options)]


@pytest.mark.parametrize("layout", ["avec2016", "avec2018", "original"])
def test_each_layout_of_recola_is_recognised(layout, tmp_path):
    assert [name for name, _ in known_layouts(releases.make_recola(tmp_path, layout, 2.0))] == ["recola"]


def test_the_shipped_study_that_finds_most_there_is_followed(tmp_path):
    draft = draft_of_release(look(releases.make_sewa(tmp_path)), "sewa", {})
    assert draft.value("corpus", "partitions") == ["Train", "Devel"]
    assert draft.value("modalities", "faus") == "${data}/visual_features_functionals"
    assert not any(entry.key == "mfcc" for entry in draft.entries)
    assert "multistage-features" in draft.advice[0]


def test_a_corpus_without_groups_is_drafted_with_a_grave_word(tmp_path):
    draft = draft_of_release(look(releases.make_mer2023(tmp_path)), "mer2023", {})
    assert any(question.grave and "NO GROUP" in question.text for question in draft.questions)


def test_a_release_that_the_reader_refuses_is_drafted_with_its_reason(tmp_path):
    (tmp_path / "dev_1.arff").write_text("@relation GOLDSTANDARD\n")
    assert [name for name, _ in known_layouts(tmp_path)] == ["recola"]
    draft = draft_of_release(look(tmp_path), "recola", {})
    assert draft.value("targets", "arousal") == {"metric": "ccc"}
    grave = [question.text for question in draft.questions if question.grave]
    assert any("no folder with arousal/ and valence/" in text for text in grave)


def test_a_reader_without_a_shipped_study_refuses_by_itself(tmp_path):
    (tmp_path / "03-01-06-01-02-01-12.wav").touch()
    found = look(tmp_path)
    assert draft_of_release(found, "ravdess", {}) is None
    (tmp_path / "03-01-06-01-02-01-12.wav").rename(tmp_path / "03-01-06-01-02-01-99.wav")
    with pytest.raises(InputError, match="none of the corpus' 24"):
        draft_of_release(found, "ravdess", {})


def test_shipped_studies_of_tables_are_named_where_all_their_files_are(tmp_path):
    for file in ("clips.csv", "audio_covarep_seq.npz"):
        (tmp_path / file).touch()
    assert "pom" not in studies_of_these_tables(tmp_path)
    (tmp_path / "visual_facet_seq.npz").touch()
    assert "pom" in studies_of_these_tables(tmp_path)
    assert "multistage-fusion" in dict(shipped_studies("sewa"))
