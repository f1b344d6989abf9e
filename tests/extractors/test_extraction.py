"""The road from recordings to a table: cache, workers, progress, refusals."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from avbaselines.errors import InputError
from avbaselines.extractors import FeatureCache, Segment, audio, extract, extraction, find_media, load_recipe

RATE = 16000


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(4):
        at = np.arange(RATE // 2) / RATE
        sf.write(folder / f"c{index}.wav", 0.3 * np.sin(2 * np.pi * (150 + 40 * index) * at), RATE)
    return find_media(folder, (".wav",))


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "cache")


@pytest.fixture
def extracted(monkeypatch):
    """Names of the recordings that were really extracted, not found."""
    names = []
    real = audio.extract_one

    def spy(segment, options, settings):
        names.append(segment.path.stem)
        return real(segment, options, settings)

    monkeypatch.setattr(audio, "extract_one", spy)
    return names


def test_a_second_run_reads_the_cache_and_gives_the_same(media, cache, extracted):
    first = extract("egemaps", media, cache=cache)
    again = extract("egemaps", media, cache=cache)
    assert len(extracted) == 4
    np.testing.assert_array_equal(first.X, again.X)
    assert first.status.equals(again.status)
    assert first.info == again.info


def test_only_what_changed_is_extracted_again(media, cache, extracted):
    extract("egemaps", media, cache=cache)
    sf.write(media["c2"], 0.2 * np.random.default_rng(0).standard_normal(RATE), RATE)
    extract("egemaps", media, cache=cache)
    assert extracted[4:] == ["c2"]


def test_the_cache_is_shared_by_name_and_place_but_not_by_options(media, cache, extracted, tmp_path):
    extract("egemaps", media, cache=cache)
    copy = tmp_path / "copy.wav"
    copy.write_bytes(media["c1"].read_bytes())
    renamed = load_recipe("egemaps").model_copy(update={"name": "mine"})
    extract(renamed, {"other": copy}, cache=cache)
    assert len(extracted) == 4
    extract("gemaps", {"c1": media["c1"]}, cache=cache)
    extract(load_recipe("egemaps").with_options(window=0.2, hop=0.1), {"c1": media["c1"]}, cache=cache)
    extract("egemaps", {"part": Segment(media["c1"], 0.1, 0.4)}, cache=cache)
    assert len(extracted) == 7


def test_another_version_of_the_extractor_starts_anew(media, cache, extracted, monkeypatch):
    extract("egemaps", media, cache=cache)
    monkeypatch.setattr(audio, "REVISION", audio.REVISION + 1)
    extract("egemaps", media, cache=cache)
    assert len(extracted) == 8


def test_rows_follow_the_order_asked_for_and_know_how_they_were_made(media):
    order = ["c3", "c0", "c2"]
    table = extract("egemaps", {clip_id: media[clip_id] for clip_id in order}, cache=False)
    assert table.clip_id.tolist() == order
    assert table.status["duration"].tolist() == [0.5] * 3
    assert table.status["detection_rate"].isna().all()
    assert table.info["extractor"] == "opensmile"
    assert "opensmile 2" in table.info["version"]
    assert table.info["options"]["feature_set"] == "eGeMAPSv02"


def test_progress_counts_what_was_found_and_what_is_made(media, cache):
    extract("egemaps", {"c0": media["c0"]}, cache=cache)
    seen = []
    extract("egemaps", media, cache=cache, progress=lambda *step: seen.append(step))
    assert seen == [(1, 4, "found in the cache"), (2, 4, "c1"), (3, 4, "c2"), (4, 4, "c3")]


def test_an_interrupted_run_keeps_what_it_had(media, cache, extracted):
    def stop(done, total, clip_id):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract("egemaps", media, cache=cache, progress=stop)
    extract("egemaps", media, cache=cache)
    assert extracted == ["c0", "c1", "c2", "c3"]


def test_nothing_to_extract_is_an_error():
    with pytest.raises(InputError, match="no recordings"):
        extract("egemaps", {})


def test_a_cache_that_cannot_be_written_is_an_error(media, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="the cache cannot be written"):
        extract("egemaps", media, cache=FeatureCache(tmp_path / "file" / "cache"))


def test_a_defect_of_one_file_is_a_row_not_the_end(media, monkeypatch):
    real = audio.extract_one

    def fragile(segment, options, settings):
        if segment.path.stem == "c1":
            raise RuntimeError("something nobody thought of")
        return real(segment, options, settings)

    monkeypatch.setattr(audio, "extract_one", fragile)
    table = extract("egemaps", media, cache=False, max_failed=0.3)
    assert table.failed["reason"].tolist() == ["unexpected RuntimeError: something nobody thought of"]


def test_tables_of_different_tools_do_not_mix(tmp_path):
    libre = "frame_idx,frame_time_in_ms,pitch,yaw,roll,au_12,au_12_intensity\n"
    libre += "".join(f"{i},{i * 40},1,2,3,1,{i % 5}\n" for i in range(20))
    feat = "frame,FaceScore,AU12\n" + "".join(f"{i},0.99,0.5\n" for i in range(20))
    (tmp_path / "a.csv").write_text(libre)
    (tmp_path / "b.csv").write_text(libre.replace(",1,2,3,", ",1,2,4,"))
    (tmp_path / "c.csv").write_text(feat)
    media = find_media(tmp_path, (".csv",))
    table = extract("action-units", media, cache=False, max_failed=1.0)
    assert table.failed.index.tolist() == ["c"]
    assert "are not those of most clips" in table.failed["reason"].iloc[0]
    with pytest.raises(InputError, match="1 of 3 recordings failed"):
        extract("action-units", media, cache=False)


def test_thousands_of_column_names_are_kept_once(media, cache):
    """Names of its own for each clip would take gigabytes for ten thousand clips of ComParE."""
    import tracemalloc

    for _ in range(2):  # extracted, then found in the cache
        many = {f"{clip_id}-{copy}": path for copy in range(10) for clip_id, path in media.items()}
        extract("compare", {"first": media["c0"]}, cache=cache)
        tracemalloc.start()
        table = extract("compare", many, cache=cache)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 * table.X.nbytes + 3e6


def die_on_c1(segment, *_):
    """Stands for a decoder that brings its process down; runs in a worker."""
    if segment.path.stem == "c1":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return f"reason of {segment.path.stem}"


def work_that_may_die(task):
    return die_on_c1(task[0])


@pytest.mark.slow
def test_a_file_that_kills_its_worker_is_a_row_not_the_end(media):
    tasks = {clip_id: (Segment(path), None) for clip_id, path in media.items()}
    outcomes = dict(extraction._run(work_that_may_die, tasks, jobs=2))
    assert outcomes.pop("c1") == extraction._DIED
    assert outcomes == {clip_id: f"reason of {clip_id}" for clip_id in ("c0", "c2", "c3")}


def test_a_few_tables_are_read_without_worker_processes():
    """Clips that failed are tried in every run, and a worker process takes longer to start than a table to read."""
    few = {f"c{number}": extraction.Segment(Path(f"{number}.csv")) for number in range(extraction.FEW)}
    assert extraction._few_tables(few)
    assert not extraction._few_tables(few | {"one more": extraction.Segment(Path("more.csv"))})
    assert not extraction._few_tables({"sound": extraction.Segment(Path("sound.wav"))})
