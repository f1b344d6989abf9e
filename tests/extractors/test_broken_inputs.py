"""All broken or odd recordings at once: each gets its row and reason, the sound ones beside them are unharmed."""

import numpy as np
import pytest
from cases_of_recordings import AUDIO, FACES, openface, raw, text, tone, wav

from avbaselines.errors import InputError
from avbaselines.extractors import FeatureCache, extract, find_media, load_recipe


def build_audio(folder):
    for name, (suffix, build, _, _) in AUDIO.items():
        build(folder / f"{name}.{suffix}")
    wav(tone(0.7))(folder / "sound_one.wav")
    return find_media(folder, load_recipe("egemaps").suffixes)


def build_faces(folder):
    for name, (build, _, _) in FACES.items():
        build(folder / f"{name}.csv")
    text(openface(90))(folder / "sound_one.csv")
    return find_media(folder, (".csv",))


def check(table, expected, unharmed, cache):
    for name, (status, told) in expected.items():
        row = table.status.loc[name]
        assert (name, row["status"]) == (name, status), row["reason"]
        assert told in row["reason"] or any(part in row["reason"] for part in told.split("|")), row["reason"]
        assert bool(row["reason"]) == (status != "ok")
        features = table.frame().loc[name].to_numpy()
        assert np.isnan(features).all() == (status == "failed"), name
    assert np.isfinite(unharmed.X).all()
    np.testing.assert_array_equal(table.frame().loc["sound_one"], unharmed.X[0])
    made = table.status["status"] != "failed"

    assert len(list(cache.folder.glob("features/*/*/*.row"))) <= made.sum()


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_broken_recording_has_its_reason(tmp_path, jobs):
    (tmp_path / "in").mkdir()
    media = build_audio(tmp_path / "in")
    assert len(media) == len(AUDIO) + 1
    cache = FeatureCache(tmp_path / "cache")
    table = extract("egemaps", media, cache=cache, max_failed=1.0, jobs=jobs)
    alone = extract("egemaps", {"x": media["sound_one"]}, cache=False)
    check(table, {name: (status, told) for name, (_, _, status, told) in AUDIO.items()}, alone, cache)
    nothing_cached_for_the_failed(cache, media, table)


def test_every_broken_face_table_has_its_reason(tmp_path):
    (tmp_path / "in").mkdir()
    media = build_faces(tmp_path / "in")
    cache = FeatureCache(tmp_path / "cache")
    table = extract("openface", media, cache=cache, max_failed=1.0)
    alone = extract("openface", {"x": media["sound_one"]}, cache=False)
    check(table, {name: (status, told) for name, (_, status, told) in FACES.items()}, alone, cache)
    nothing_cached_for_the_failed(cache, media, table)


def nothing_cached_for_the_failed(cache, media, table):
    kept = {path.stem for path in cache.folder.glob("features/*/*/*.row")}
    for clip_id, status in table.status["status"].items():
        if media[clip_id].is_file():
            assert (cache.content(media[clip_id]) in kept) == (status != "failed"), clip_id


def test_above_five_percent_the_run_stops_and_says_so(tmp_path):
    for index in range(19):
        wav(tone(0.2 + index / 100))(tmp_path / f"good{index}.wav")
    raw(b"")(tmp_path / "bad.wav")
    media = find_media(tmp_path, (".wav",))
    assert len(extract("egemaps", media, cache=False).failed) == 1, "1 of 20 is not above 5 %"
    raw(b"no sound")(tmp_path / "bad2.wav")
    with pytest.raises(InputError) as error:
        extract("egemaps", find_media(tmp_path, (".wav",)), cache=False)
    told = str(error.value)
    assert "2 of 21 recordings failed (9.5%; 5.0% may)" in told
    assert "bad: the file is empty (0 bytes)" in told
    assert "bad2: cannot be decoded" in told
