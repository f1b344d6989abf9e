"""Finished fits on disk: read back as they were, written whole or not at all."""

import shutil

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.store import MODEL, Fitted, Store, Trial, digest, replacing

FITTED = Fitted(
    oof={"arousal": np.array([[0.5], [np.nan]])},
    test={"arousal": np.array([[1.0]]), "mood": np.array([[0.25, 0.75]])},
    masked={"face": {"arousal": np.array([[2.0]])}},
    weights={"arousal": [0.5, 0.5]},
    selected={"arousal": ["a", "b"]},
    shares={"arousal": 0.3},
    note="said",
    trials=[Trial(0, 0.5, "complete", {"x": 1.0}), Trial(1, None, "failed", {}, "it broke")],
    importance={"x": 1.0},
    seconds=1.5,
)


def test_a_fit_is_read_as_it_was_written(tmp_path):
    store = Store(tmp_path)
    assert not store.has("a1")
    store.save("a1", FITTED)
    again = store.load("a1")
    assert store.has("a1") and store.path("a1", MODEL).name == "a1.skops"
    for part in ("oof", "test"):
        assert list(getattr(again, part)) == list(getattr(FITTED, part))
        for name, values in getattr(FITTED, part).items():
            np.testing.assert_array_equal(getattr(again, part)[name], values)
    assert again.under("face").test["arousal"].tolist() == [[2.0]] and again.under("").test is again.test
    for name in ("weights", "selected", "shares", "note", "trials", "importance", "seconds"):
        assert getattr(again, name) == getattr(FITTED, name)


SPOILT = {
    "empty": lambda content: b"",
    "broken off": lambda content: content[:-1],
    "other bytes": lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
    "bytes added": lambda content: content + b"0",
    "another first line": lambda content: content.replace(b"a1", b"a2", 1),
    "no fit": lambda content: b"no fit",
    "without its first line": lambda content: content.partition(b"\n")[2],
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_damaged_file_is_as_good_as_none(tmp_path, spoil):
    store = Store(tmp_path)
    store.save("a1", FITTED)
    path = store.path("a1")
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InputError, match="a1.npz: finished work that is damaged; the same command does it again"):
        store.load("a1")
    assert not store.has("a1") and not store.has("a1") and store.damaged == [path]
    store.save("a1", FITTED)
    assert store.has("a1")


def test_a_file_of_another_key_is_damage_and_a_missing_one_is_none(tmp_path):
    store = Store(tmp_path)
    store.save("a1", FITTED)
    shutil.copy(store.path("a1"), store.path("b2"))
    assert store.has("a1") and not store.has("b2") and not store.has("c3")
    assert store.damaged == [store.path("b2")]


def test_a_model_counts_only_as_it_was_when_its_fit_was_stored(tmp_path):
    store = Store(tmp_path)
    model = store.path("a1", MODEL)
    model.write_bytes(b"estimators")
    store.save("a1", FITTED)
    assert not store.has_model("a1") and store.damaged == []  # a model of a fit that kept none
    store.save("a1", FITTED, with_model=True)
    assert store.has_model("a1")
    model.write_bytes(b"Estimators")
    assert not store.has_model("a1") and store.damaged == [model]
    model.unlink()
    assert not store.has_model("a1")


def test_nothing_is_replaced_where_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("whole")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "whole" and list(tmp_path.iterdir()) == [path]


def test_a_digest_changes_with_any_part_and_their_order():
    parts = [np.array([1.0]), np.array([1]), np.array([1.0], np.float32), np.array(["1"]), [1.0], {"a": 1}]
    assert len({digest(part) for part in parts}) == len(parts)
    assert digest("a", "b") != digest("b", "a") and digest("ab") != digest("a", "b")
    assert digest(np.arange(6).reshape(2, 3).T) == digest(np.ascontiguousarray(np.arange(6).reshape(2, 3).T))
