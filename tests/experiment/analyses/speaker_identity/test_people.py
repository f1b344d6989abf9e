"""Speakers and contents by column, by default, and where a column does not serve."""

import pandas as pd
import pytest
from small_study import people as clips_of
from small_study import small_release, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.analyses.base import Source
from avbaselines.experiment.analyses.speaker_identity.people import people_of


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    clips = clips_of(4, 3).assign(sentence=[1, 2, 3] * 4, hall=["a", "b"] * 6)
    clips = clips.assign(gap=[None, *"bcdefghijkl"], mood=range(12))
    features = pd.DataFrame({"a": [3, 1, 2] * 4}).set_index(clips["clip_id"])
    return write_study(
        tmp_path_factory.mktemp("people"), clips, {"audio": features}, targets={"mood": {"metric": "ccc"}}
    )


def read(release, *overrides):
    planned = release.prepare(*overrides)
    return people_of(planned.study, Source(release.path), planned.corpus)


def test_by_default_speakers_are_groups_and_nothing_is_said(release):
    people = read(release)
    assert people.speakers.tolist() == [f"s{number}" for number in range(4) for _ in range(3)]
    assert people.content is None and people.content_label == ""


def test_columns_are_read_in_the_order_of_the_corpus(release):
    people = read(release, "identity={content='sentence', speaker='hall'}")
    assert people.speakers.tolist() == ["a", "b"] * 6 and people.content.tolist() == ["1", "2", "3"] * 4
    assert people.content_label == "sentence"


def test_a_column_with_gaps_is_refused(release):
    with pytest.raises(InputError, match="identity.content: clip 'c0' has no gap"):
        read(release, "identity={content='gap'}")


def test_recordings_are_contents(tmp_path):
    study = small_release(tmp_path, speakers=3, clips=4)
    study.change(recording=lambda table: table["speaker"] + "r")
    planned = study.prepare("corpus.recording=recording")
    people = people_of(planned.study, Source(study.path), planned.corpus)
    assert people.content_label == "recording"
    assert people.content.tolist() == [f"s{number}r" for number in range(3) for _ in range(4)]
