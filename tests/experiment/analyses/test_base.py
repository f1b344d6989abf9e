"""Defaults of the interface that every analysis has."""

from pathlib import Path

import pytest

from avbaselines.experiment.analyses.base import Analysis, AnalysisResult, Source


class Nothing(Analysis):
    name = "nothing"

    def wanted(self, study):
        return False

    def run(self, context):
        return AnalysisResult()


def test_an_analysis_that_says_no_more_changes_and_adds_nothing():
    planned = object()
    assert Nothing().check(planned, Source(Path("study.toml"))) is planned
    assert Nothing().pairs(object()) == [] and Nothing().files == () and not Nothing().every_protocol
    result = Nothing().run(None)
    assert (result.files, result.rows, result.drawings, result.terminal) == ({}, [], [], [])
    assert result.computed == 0 and not result.failed


def test_when_and_what_must_be_said():
    with pytest.raises(TypeError, match="wanted"):
        Analysis()
