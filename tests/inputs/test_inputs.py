"""One table of inputs that people really have: each gives the right value, or a message that names the cause."""

from collections import Counter

import cases_of_formats
import cases_of_ids
import cases_of_labels
import cases_of_recordings
import cases_of_tables
import pytest

TABLES = (cases_of_formats, cases_of_ids, cases_of_labels, cases_of_tables, cases_of_recordings)
CASES = [case for table in TABLES for case in table.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_input(case, tmp_path):
    case.check(tmp_path)


def test_every_case_has_a_name_of_its_own():
    repeated = [name for name, count in Counter((case.kind, case.name) for case in CASES).items() if count > 1]
    assert not repeated
