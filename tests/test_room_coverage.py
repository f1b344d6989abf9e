"""The gate of `make coverage`."""

import pytest
from room_coverage import PACKAGE, by_room, least


def summary(statements, lines, branches, taken):
    names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return {"summary": dict(zip(names, (statements, lines, branches, taken), strict=True))}


def test_a_room_is_all_its_files_with_their_branches():
    files = {
        "avbaselines/evaluation/metrics.py": summary(60, 60, 20, 20),
        "avbaselines/evaluation/inner/more.py": summary(10, 5, 10, 5),
        "avbaselines/evaluations.py": summary(100, 0, 0, 0),
    }
    shares = by_room(files, {"evaluation": 95.0, "gone": 1.0})
    assert shares == {"evaluation": pytest.approx(90.0), "gone": 0.0}


def test_every_room_that_is_held_to_something_exists():
    rooms = least()
    assert rooms and all(0 < percent <= 100 for percent in rooms.values())
    assert [room for room in rooms if not (PACKAGE / room).is_dir()] == []
