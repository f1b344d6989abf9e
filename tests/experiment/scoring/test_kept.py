"""Values on disk: read again for the same content and code, made anew for anything else."""

import os

import numpy as np
import pandas as pd
import pytest
from made_results import result

from avbaselines.evaluation.comparison import Comparison, compare_means
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.fitting.store import PARTIAL
from avbaselines.experiment.scoring.kept import UNKEPT, Kept, _read, arrays, frame, typed
from avbaselines.results_table import Remark, RemarkKind, ResultRow, results_frame

SCORES, ERRORS = ("avbaselines.evaluation.metrics",), ("avbaselines.errors",)


class Counted:
    def __init__(self, value):
        self.value, self.calls = value, 0

    def __call__(self):
        self.calls += 1
        return self.value


def test_a_value_is_made_once_for_the_same_content_and_code(tmp_path):
    make = Counted(3)
    for kind, content, calls in [
        (typed("sum", int, SCORES), [1, np.ones(2)], 1),
        (typed("sum", int, SCORES), [1, np.ones(2)], 1),
        (typed("sum", int, SCORES), [1, np.zeros(2)], 2),
        (typed("sum", int, ERRORS), [1, np.ones(2)], 3),
        (typed("other", int, SCORES), [1, np.ones(2)], 4),
    ]:
        assert Kept(tmp_path).value(kind, content, make) == 3 and make.calls == calls
    assert Kept(tmp_path, force=True).value(kind, content, make) == 3 and make.calls == 5


def test_what_cannot_be_named_is_made_each_time(tmp_path):
    make, kind = Counted(3), typed("sum", int, ())
    for kept, content in ((Kept(tmp_path), None), (UNKEPT, [1])):
        kept.value(kind, content, make)
        kept.value(kind, content, make)
    assert make.calls == 4 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-1], lambda b: b[:-1] + b"x", lambda b: b"x" + b])
def test_a_damaged_entry_is_made_again(tmp_path, damage):
    make, kind = Counted([1.5]), typed("scores", list[float], ())
    Kept(tmp_path).value(kind, ["a"], make)
    [path] = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert Kept(tmp_path).value(kind, ["a"], make) == [1.5] and make.calls == 2
    assert Kept(tmp_path).value(kind, ["a"], make) == [1.5] and make.calls == 2


def test_rows_and_comparisons_come_back_as_they_were():
    rows = [
        result("late", "arousal", picked=True, modalities=("a", "b"), n_clips=np.int64(5)),
        ResultRow(protocol="honest", system="x", target="mean", metric="ccc", value=float("nan")),
        result("r", "arousal", remarks=(Remark(RemarkKind.FIT, "delay 2 s"),), value=np.float64(0.1)),
    ]
    kind = typed("rows", list[ResultRow], ())
    again = kind.decode(kind.encode(rows))
    pd.testing.assert_frame_equal(results_frame(again), results_frame(rows), check_exact=True)
    assert again[2].remarks == rows[2].remarks and again[0].modalities == ("a", "b")
    compared = compare_means([(METRICS["mae"], np.array([[2.0, 1.0]] * 4), np.array([[2.0, 3.0]] * 4))])
    kind = typed("compared", Comparison, ())
    assert kind.decode(kind.encode(compared)) == compared


def test_tables_come_back_as_they_were():
    table = pd.DataFrame(
        {
            "condition": ["all", "50% by clip"],
            "share": [0.1 + 0.2, np.nan],
            "below": [True, False],
            "n": [1, 2],
            "mixed": pd.Series([np.float64(0.1), None], dtype=object),
        }
    )
    kind = frame("table", ())
    again = kind.decode(kind.encode(table))
    pd.testing.assert_frame_equal(again, table)
    assert again.to_csv() == table.to_csv()
    empty = table.iloc[:0]
    assert list(kind.decode(kind.encode(empty))) == list(table) and len(kind.decode(kind.encode(empty))) == 0


def test_arrays_come_back_as_they_were():
    kind, sums = arrays("sums", ()), {"arousal: 0 1": np.random.default_rng(0).normal(size=(3, 6))}
    again = kind.decode(kind.encode(sums))
    assert list(again) == list(sums) and np.array_equal(again["arousal: 0 1"], sums["arousal: 0 1"])


def test_files_are_written_unless_they_lie_there_as_they_were_written(tmp_path):
    path, calls = tmp_path / "out" / "a.txt", []

    def write():
        calls.append(1)
        path.parent.mkdir(exist_ok=True)
        path.write_text("whole")

    def once(content="a"):
        Kept(tmp_path / "kept").files("text", (), [content], lambda: sorted(path.parent.glob("*")), write)
        return len(calls)

    assert (once(), once()) == (1, 1)
    path.write_text("half")
    assert once() == 2 and path.read_text() == "whole"
    path.unlink()
    assert once() == 3
    (path.parent / "b.txt").write_text("a stranger")  # what lies there beside them may be a stale one of theirs
    assert once() == 4 and once("b") == 5


def test_entries_that_a_run_did_without_go_the_longest_unused_first(tmp_path):
    kind = typed("sum", int, ())
    for number in range(5):
        Kept(tmp_path).value(kind, [number], lambda number=number: number)
    place = {kind.decode(_read(path)): path for path in tmp_path.iterdir()}
    for number, path in place.items():
        os.utime(path, (number, number))
    run = Kept(tmp_path)
    assert run.value(kind, [0], lambda: 9) == 0  # the oldest, which is in use
    left, size = tmp_path / f"{PARTIAL}x", place[4].stat().st_size
    left.write_bytes(bytes(9999))
    assert run.prune() == []
    assert run.prune(2 * size) == [place[2], place[1]]
    assert set(tmp_path.iterdir()) == {place[0], place[3], place[4], left}
    Kept(tmp_path).value(kind, [3], lambda: 9)  # which is the last one used since
    assert Kept(tmp_path).prune(2 * size) == [place[4]]
    assert UNKEPT.prune(0) == [] and Kept(tmp_path / "none").prune(0) == []
