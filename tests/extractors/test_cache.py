"""The feature cache: found by content, whole or not at all."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from avbaselines.extractors import FeatureCache
from avbaselines.extractors.cache import _columns
from avbaselines.extractors.rows import Rows

ABOUT = {"recipe": "r", "extractor": "e", "version": "1", "options": {}}
LONG_AGO = 1_000_000_000


def rows(value=1.0, windows=3, size=4):
    X = np.full((windows, size), value, np.float32)
    X[0, 0] = np.nan
    return Rows(X, tuple(f"c{i}" for i in range(size)), np.arange(windows) / 10, "remark", 1.5, 0.5, {"scale": "0-5"})


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "cache")


def only(cache, pattern):
    (path,) = cache.folder.rglob(pattern)
    return path


def test_rows_come_back_as_they_were(cache):
    cache.put("g", "ab12", rows(), ABOUT)
    back = cache.get("g", "ab12")
    np.testing.assert_array_equal(back.X, rows().X)
    np.testing.assert_array_equal(back.times, rows().times)
    assert back[1:2] + back[3:] == rows()[1:2] + rows()[3:]
    assert back.X.flags.writeable


def test_a_clip_without_windows_and_faces_comes_back_too(cache):
    cache.put("g", "ab", rows()._replace(times=None, detection_rate=np.nan), ABOUT)
    back = cache.get("g", "ab")
    assert back.times is None
    assert np.isnan(back.detection_rate)


def test_another_group_or_key_is_not_there(cache):
    cache.put("g", "ab12", rows(), ABOUT)
    assert cache.get("h", "ab12") is None
    assert cache.get("g", "ab13") is None


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-3], lambda d: d[:-1] + bytes([d[-1] ^ 1]), lambda d: b"", lambda d: d[5:]]
)
def test_a_damaged_entry_is_not_used(cache, damage):
    cache.put("g", "ab12", rows(), ABOUT)
    path = only(cache, "*.row")
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get("g", "ab12") is None
    cache.put("g", "ab12", rows(), ABOUT)
    assert cache.get("g", "ab12") is not None


def test_content_follows_the_bytes_not_the_name(cache, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"same")
    b.write_bytes(b"same")
    assert cache.content(a) == cache.content(b)
    b.write_bytes(b"diff")
    assert cache.content(a) != cache.content(b)


def test_a_hash_is_remembered_until_the_file_changes(cache, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    os.utime(path, (LONG_AGO, LONG_AGO))
    first = cache.content(path)
    path.write_bytes(b"new")
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert cache.content(path) == first, "the file was read again"
    os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))
    assert cache.content(path) != first


def test_a_damaged_or_mistaken_memo_is_not_believed(cache, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    for path in (a, b):
        path.write_text(path.name)
        os.utime(path, (LONG_AGO, LONG_AGO))
    first = cache.content(a)
    memo = only(cache, "contents/*/*")
    whole = memo.read_text()
    cache.content(b)
    mistaken = next(path for path in cache.folder.glob("contents/*/*") if path != memo).read_text()
    for text in ("", "0" * 64, "0" * 128, whole[:64], whole[:-1], whole + "0", "z" * 64, mistaken, "0" + whole[1:]):
        memo.write_text(text)
        assert cache.content(a) == first


def test_no_change_of_a_byte_of_an_entry_is_served(cache):
    cache.put("g", "ab12", rows(), ABOUT)
    rng = np.random.default_rng(0)
    for path in (only(cache, "*.row"), only(cache, "columns-*")):
        whole = path.read_bytes()
        for place in rng.integers(len(whole), size=200):
            changed = bytearray(whole)
            changed[place] ^= int(rng.integers(1, 256))
            path.write_bytes(changed)
            _columns.cache_clear()
            assert cache.get("g", "ab12") is None
        path.write_bytes(whole)
    assert cache.get("g", "ab12") is not None


def test_an_entry_of_another_recording_is_not_served(cache):
    for key in ("ab12", "ab34"):
        cache.put("g", key, rows(), ABOUT)
    first, second = sorted(cache.folder.rglob("*.row"))
    second.write_bytes(first.read_bytes())
    assert cache.get("g", "ab12") is not None and cache.get("g", "ab34") is None


def test_a_fresh_file_is_hashed_each_time(cache, tmp_path):
    # changed twice within the clock's grain, size and time may be the same
    path = tmp_path / "a"
    path.write_bytes(b"old")
    stamp = time.time()
    os.utime(path, (stamp, stamp))
    first = cache.content(path)
    path.write_bytes(b"new")
    os.utime(path, (stamp, stamp))
    assert cache.content(path) != first


def test_the_report_and_pruning(cache):
    cache.put("g", "ab", rows(), ABOUT)
    cache.put("g", "cd", rows(), ABOUT)
    cache.put("h", "ab", rows(size=100), {**ABOUT, "recipe": "large"})
    report = cache.usage()
    assert [(usage.name, usage.entries) for usage in report] == [("large (h)", 1), ("r (g)", 2)]
    assert report[1].bytes == sum(path.stat().st_size for path in cache.folder.glob("features/g/*/*.row"))
    old = next(cache.folder.glob("features/g/ab/*.row"))
    os.utime(old, (LONG_AGO, LONG_AGO))
    assert cache.prune(days=30)[0] == 1
    assert cache.get("g", "ab") is None
    assert cache.get("g", "cd") is not None
    assert cache.prune(days=0)[0] == 2
    assert cache.usage() == []


def test_use_keeps_an_entry_from_being_pruned(cache):
    cache.put("g", "ab", rows(), ABOUT)
    path = only(cache, "*.row")
    os.utime(path, (LONG_AGO, LONG_AGO))
    cache.get("g", "ab")
    assert cache.prune(days=30)[0] == 0


def test_pruning_takes_what_killed_runs_left(cache):
    cache.put("g", "ab", rows(), ABOUT)
    left = cache.folder / "features/g/ab/123.part"
    left.write_bytes(b"half")
    os.utime(left, (LONG_AGO, LONG_AGO))
    cache.prune(days=10)
    assert not left.exists()
    assert cache.get("g", "ab") is not None


def write_for_ever(folder):
    cache = FeatureCache(folder)
    value = 0
    while True:
        value += 1
        cache.put("g", "ab12", rows(float(value), size=20000), ABOUT)


def test_writers_beside_each_other_and_killed_ones_leave_whole_entries(cache):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_for_ever, args=(cache.folder,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        deadline = time.monotonic() + 20
        seen = set()
        while len(seen) < 5 and time.monotonic() < deadline:
            if found := list(cache.folder.rglob("*.row")):
                back = cache.get("g", "ab12")
                assert back is not None, f"a half entry in {found}"
                assert len(np.unique(back.X[1:])) == 1
                seen.add(float(back.X[1, 1]))
        assert len(seen) >= 5
    finally:
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            writer.join()
    assert cache.get("g", "ab12") is not None


def test_the_folder_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path / "here"))
    assert FeatureCache().folder == tmp_path / "here"
    monkeypatch.delenv("AVBASELINES_CACHE")
    assert FeatureCache().folder.name == "avbaselines"
