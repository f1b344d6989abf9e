"""The smaller sections of a study file: defaults, and values refused."""

import pytest
from pydantic import ValidationError

from avbaselines.study_sections import CombinedOptions, CorpusSection, PaperProtocol, Reported


def test_keys_that_belong_to_the_reader_are_kept_apart():
    section = CorpusSection(reader="table", clips="clips.csv", recording="", time="t")
    assert (section.recording, section.time, section.options) == (None, "t", {"clips": "clips.csv"})
    with pytest.raises(ValidationError, match="valid dictionary"):
        CorpusSection.model_validate("table")


def test_a_reported_figure_is_a_number():
    figure = {"system": "LSTM", "target": "arousal", "metric": "ccc", "source": "Table 1"}
    assert Reported(value=0.5, **figure).split == "all"
    with pytest.raises(ValidationError, match="finite number"):
        Reported(value=float("nan"), **figure)


def test_the_weight_of_an_error_is_positive():
    with pytest.raises(ValidationError, match="greater than 0"):
        CombinedOptions(label="emotion", value="valence", weight=0)


def test_a_paper_protocol_says_what_is_different():
    with pytest.raises(ValidationError, match="note"):
        PaperProtocol()
