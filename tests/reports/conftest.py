"""A made-up run for all renderings."""

import pytest
from made_results import made_results

from avbaselines.reports.heading import Heading, ReportTarget


@pytest.fixture
def heading():
    return Heading(
        "Quickstart: 480 made-up clips",
        [ReportTarget("arousal", "ccc"), ReportTarget("valence", "ccc")],
        interval="95 % intervals by resampling speakers",
        protocols={"honest": "everything is learnt on training speakers"},
    )


@pytest.fixture
def results():
    return made_results()
