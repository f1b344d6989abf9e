"""One table of inputs that people really have: each gives the right value, or a message that names the cause."""

from collections import Counter

import cases_of_ids
import cases_of_labels
import cases_of_recordings
import cases_of_tables
import pytest

CASES = [*cases_of_ids.CASES, *cases_of_labels.CASES, *cases_of_tables.CASES, *cases_of_recordings.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_input(case, tmp_path):
    case.check(tmp_path)


def test_every_case_has_a_name_of_its_own():
    repeated = [name for name, count in Counter((case.kind, case.name) for case in CASES).items() if count > 1]
    assert not repeated
