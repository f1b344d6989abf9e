"""The heading of a report."""

import pytest

from avbaselines.errors import InputError
from avbaselines.reports.heading import Heading, ReportTarget


def test_metrics_are_written_as_people_do_or_as_asked():
    heading = Heading("x", [("arousal", "ccc", "regression")], metric_labels={"ccc": "concordance"})
    assert heading.targets == (ReportTarget("arousal", "ccc", "regression"),)
    labels = [heading.metric_label(name) for name in ("ccc", "f1_macro", "unheard_of")]
    assert labels == ["concordance", "F1 macro", "unheard_of"]


def test_a_heading_needs_a_target():
    with pytest.raises(InputError, match="heading/targets: empty"):
        Heading("x", [])
