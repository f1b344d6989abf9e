"""What goes missing together, and what a clip may be left with."""

import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.planning.missing_patterns import masks, sources


def study_of(folder, *modalities, **masking):
    table = pd.DataFrame({"x": [0.0]}, index=["c0"])
    made = write_study(
        folder, people(4, 2).assign(arousal=1.0), dict.fromkeys(modalities, table),
        targets={"arousal": {"metric": "ccc"}}, masking=masking,
    )  # fmt: skip
    return made.load()


def test_a_study_that_does_not_ask_hides_nothing(tmp_path):
    assert masks(study_of(tmp_path, "audio", "face")) == {}


def test_modalities_of_a_source_go_together_and_the_others_alone(tmp_path):
    study = study_of(tmp_path, "audio", "prosody", "face", "words", sources={"voice": ["audio", "prosody"]})
    assert sources(study) == {"voice": ("audio", "prosody"), "face": ("face",), "words": ("words",)}
    assert masks(study) == {
        "voice": ("face", "words"),
        "face": ("audio", "prosody", "words"),
        "words": ("audio", "prosody", "face"),
        "voice+face": ("words",),
        "voice+words": ("face",),
        "face+words": ("audio", "prosody"),
    }


@pytest.mark.parametrize(
    ("modalities", "given", "words"),
    [
        (("audio", "face"), {"voice": ["audoi"]}, "masking.sources.voice: no modality 'audoi'.*'audio'"),
        (("audio", "face"), {"voice": ["audio"], "ear": ["audio"]}, "sources.ear: 'audio' is in another source"),
        (("audio", "face"), {"face": ["audio"]}, "call 'face' something else"),
        (("audio", "face"), {"a+b": ["audio"]}, "call 'a.b' something else"),
        (("audio", "face"), {"all": ["audio", "face"]}, "takes 2 to 4 sources, got 1"),
        (("a", "b", "c", "d", "e"), {"one": ["a"]}, "takes 2 to 4 sources, got 5"),
    ],
)
def test_sources_that_cannot_be_are_named(tmp_path, modalities, given, words):
    with pytest.raises(InputError, match=words):
        masks(study_of(tmp_path, *modalities, sources=given))


def test_a_name_that_could_be_two_is_refused_where_modalities_are_hidden(tmp_path):
    with pytest.raises(InputError, match=r"masking: modalities\.a\+b has a '\+' in its name; rename it, or put it"):
        masks(study_of(tmp_path / "one", "a+b", "c", shares=[0.5]))
    named = masks(study_of(tmp_path / "two", "a+b", "c", sources={"both": ["a+b"]}))
    assert named == {"both": ("c",), "c": ("a+b",)}
    assert masks(study_of(tmp_path / "three", "a+b", "c")) == {}
