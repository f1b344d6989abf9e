"""Words about a study that stand beside its results."""

import pytest

from avbaselines.errors import InputError
from avbaselines.reports.heading import Heading, ReportTarget


def test_targets_have_names_metrics_and_kinds():
    heading = Heading("study", [("arousal", "ccc"), ("mood", "uar", "classes")])
    assert heading.targets == (ReportTarget("arousal", "ccc", "regression"), ReportTarget("mood", "uar", "classes"))


def test_a_heading_needs_a_target():
    with pytest.raises(InputError, match="heading/targets: empty"):
        Heading("study", [])


def test_metrics_are_written_for_people_and_a_study_may_say_how():
    heading = Heading("study", [("arousal", "ccc")], metric_labels={"uar": "balanced accuracy"})
    assert heading.metric_label("ccc") == "CCC" and heading.metric_label("uar") == "balanced accuracy"
    assert heading.metric_label("made-up") == "made-up"
