"""py-feat in its own process, played by stand-ins that this interpreter finds on its path."""

import os
import stat
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.extractors import FeatureCache, extract, find_media, load_recipe, pyfeat
from avbaselines.extractors.media import MediaError
from avbaselines.extractors.pyfeat_worker import WEIGHTS
from avbaselines.extractors.recipe import FaceOptions

DETECTOR = """
import os, time
import pandas as pd

class Detectorv1:
    def __init__(self, **models):
        assert models["emotion_model"] is models["identity_model"] is models["gaze_model"] is None
        print("py-feat talks to stdout")

    def detect(self, video, data_type, batch_size, skip_frames, progress_bar):
        assert data_type == "video" and not progress_bar
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(f"{os.path.basename(video)} {batch_size} {skip_frames} {os.environ['HF_HUB_OFFLINE']}\\n")
        name = os.path.basename(video)
        if name.startswith("slow"):
            time.sleep(60)
        if name.startswith("fatal"):
            os._exit(3)
        if name.startswith("bad"):
            raise ValueError("cannot see")
        n = 20
        face = 0.0 if name.startswith("nobody") else 0.99
        return pd.DataFrame({
            "FaceRectX": 1.0, "FaceRectY": 1.0, "FaceRectWidth": 50.0, "FaceRectHeight": 50.0, "FaceScore": [face] * n,
            "x_0": 1.0, "Pitch": 1.0, "Roll": 2.0, "Yaw": 3.0, "AU06": 0.9, "AU12": [i / n for i in range(n)],
            "anger": 0.1, "frame": range(n), "input": video,
        })
"""
LIBRARIES = {"py-feat": "2.1.5", "torch": "2.13.0+cpu", "torchvision": "0.29.2", "torchcodec": "0.17.0"}


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Folder with stand-ins for py-feat and its libraries, first on the workers' path."""
    site = tmp_path / "site"
    for name, version in LIBRARIES.items():
        information = site / f"{name.replace('-', '_')}-{version}.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for package, text in {
        "torch": "def set_num_threads(n): assert n == 1\n",
        "torchvision": "",
        "torchcodec": "",
        "torchcodec/decoders": "",
        "feat": DETECTOR,
    }.items():
        (site / package).mkdir()
        (site / package / "__init__.py").write_text(text)
    for repository, files in WEIGHTS.items():
        snapshot = site / "feat/resources" / f"models--{repository.replace('/', '--')}" / "snapshots" / "abc"
        snapshot.mkdir(parents=True)
        (snapshot / files[-1]).write_bytes(b"")
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.delenv(pyfeat.VARIABLE, raising=False)
    pyfeat._server.cache_clear()
    yield site
    pyfeat._server(sys.executable).stop()
    pyfeat._server.cache_clear()


@pytest.fixture
def video(tmp_path):
    return filmed(tmp_path / "talk.mp4", "mpeg4")


def filmed(path, codec):
    import av

    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=10)
        stream.width = stream.height = 64
        for index in range(20):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 10 * index, np.uint8), format="rgb24")
            picture.pts = index
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


def named(video, name):
    path = video.with_name(f"{name}.mp4")
    path.write_bytes(video.read_bytes() + name.encode())
    return path


def test_all_in_place_gives_the_version(stand_in):
    assert pyfeat.check() == "2.1.5"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_missing_library_is_told_with_the_remedy(stand_in, library):
    if find_spec(library.replace("py-feat", "feat")):
        pytest.skip(f"{library} is installed here")
    (information,) = stand_in.glob(f"{library.replace('-', '_')}-*.dist-info")
    (information / "METADATA").unlink()
    information.rmdir()
    with pytest.raises(InputError, match=rf"{library} is not installed there.*avbaselines\[face\].*--face-python"):
        pyfeat.check()


def test_libraries_that_do_not_fit_are_told_in_plain_words(stand_in):
    told = "operator torchvision::nms does not exist"
    (stand_in / "torchvision/__init__.py").write_text(f"raise RuntimeError('{told}')\n")
    with pytest.raises(InputError) as error:
        pyfeat.check()
    message = str(error.value)
    assert (
        "torchvision cannot be imported; these builds do not fit each other: torch 2.13.0+cpu, torchvision 0.29.2"
        in message
    )
    assert "together from one index" in message
    assert told in message


@pytest.mark.parametrize("repository", WEIGHTS)
def test_missing_weights_are_told_at_once_which_from_where_and_into_which_folder(stand_in, video, repository):
    folder = stand_in / "feat/resources"
    for path in (folder / f"models--{repository.replace('/', '--')}").rglob("*.*"):
        if path.is_file():
            path.unlink()
    started = time.monotonic()
    with pytest.raises(InputError) as error:
        extract("action-units", {"talk": video}, cache=False)
    assert time.monotonic() - started < 15
    assert f"py-feat's weights {repository} are missing from {folder}" in str(error.value)
    assert "https://huggingface.co/py-feat" in str(error.value)
    assert not os.path.exists(os.environ["SEEN"]), "a detector was started"


def test_tables_need_no_pyfeat(tmp_path):
    (tmp_path / "t.csv").write_text("frame,FaceScore,AU12\n" + "".join(f"{i},0.99,0.5\n" for i in range(9)))
    extract("action-units", {"t": tmp_path / "t.csv"}, cache=False, face_python="/nowhere/python")


def test_an_interpreter_that_is_not_there_is_told():
    with pytest.raises(InputError, match="/nowhere/python: cannot be started.*AVBASELINES_FACE_PYTHON"):
        pyfeat.check("/nowhere/python")


def test_an_interpreter_that_dies_is_told(tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho Illegal instruction >&2\nexit 132\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(InputError, match=r"exit status 132\): Illegal instruction"):
        pyfeat.check(script)


def test_the_interpreter_may_be_named_by_the_environment(monkeypatch):
    monkeypatch.setenv(pyfeat.VARIABLE, "/from/environment")
    assert pyfeat.interpreter() == "/from/environment"
    assert pyfeat.interpreter("/named") == "/named"
    monkeypatch.delenv(pyfeat.VARIABLE)
    assert pyfeat.interpreter() == sys.executable


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mpeg4"), ("avi", "mpeg4"), ("mkv", "mpeg4"), ("flv", "flv")])
def test_a_video_becomes_functionals(stand_in, tmp_path, suffix, codec):
    filmed(tmp_path / "films" / f"talk.{suffix}", codec)
    media = find_media(tmp_path / "films", load_recipe("action-units").suffixes)
    table = extract("action-units", media, cache=False)
    row = table.frame().loc["talk"]
    assert table.status.loc["talk", ["status", "detection_rate", "duration"]].tolist() == ["ok", 1.0, 2.0]
    assert table.info["scale"] == "0-1"
    assert "py-feat 2.1.5" in table.info["version"]
    assert row["AU12_mean"] == pytest.approx(np.mean(np.arange(20) / 20))
    assert row["AU12_onset_slope"] == pytest.approx(0.5)  # a twentieth a frame, ten frames a second
    assert row["yaw_mean"] == 3


def test_batches_frame_skipping_and_offline_mode_reach_it(stand_in, video, tmp_path):
    options = FaceOptions(videos=True, batch_size=7, skip_frames=3)
    pyfeat.detect(video, tmp_path / "out.csv", options)
    pyfeat.detect(video, tmp_path / "out.csv", options.model_copy(update={"skip_frames": 1}))
    assert (tmp_path / "seen").read_text().splitlines() == ["talk.mp4 7 3 1", "talk.mp4 7 None 1"]


def test_frames_are_seen_once_for_all_recipes(stand_in, video, tmp_path):
    cache = FeatureCache(tmp_path / "cache")
    extract("action-units", {"talk": video}, cache=cache)
    table = extract("action-units-windows", {"talk": video}, cache=cache)
    assert len(table.clip_id) == 20
    assert len((tmp_path / "seen").read_text().splitlines()) == 1


def test_failures_stay_with_their_video(stand_in, video, tmp_path):
    media = {name: named(video, name) for name in ("bad", "fatal", "good", "nobody", "slow", "well")}
    media["noise"] = tmp_path / "noise.mp4"
    media["noise"].write_bytes(b"noise" * 100)
    cache = FeatureCache(tmp_path / "cache")
    recipe = load_recipe("action-units").with_options(time_limit=10.0)
    table = extract(recipe, media, cache=cache, max_failed=1.0)
    reasons = table.failed["reason"].to_dict()
    assert set(reasons) == {"bad", "fatal", "nobody", "slow", "noise"}
    assert reasons["bad"] == "py-feat failed: ValueError: cannot see"
    assert "died on this video (exit status 3)" in reasons["fatal"]
    assert reasons["slow"] == "py-feat took longer than 10 s and was stopped"
    assert "no face in any of 20 frames" in reasons["nobody"]
    assert "cannot be decoded" in reasons["noise"]
    np.testing.assert_array_equal(table.frame().loc["good"], table.frame().loc["well"])
    assert len(list(cache.folder.glob("features/face-*/*/*.row"))) == 2


def test_an_answer_that_never_comes_ends_the_process(stand_in, video, tmp_path):
    with pytest.raises(MediaError, match="longer than 1.5 s"):
        pyfeat.detect(named(video, "slow"), tmp_path / "t.csv", FaceOptions(videos=True, time_limit=1.5))
    assert pyfeat._server(sys.executable).process is None


@pytest.mark.skipif(find_spec("feat") is None, reason="py-feat is not installed here (the extra [face])")
def test_the_real_installation_works_or_says_what_it_lacks():
    try:
        assert pyfeat.check()
    except InputError as error:
        assert any(told in str(error) for told in ("weights", "do not fit each other", "is not installed there"))
