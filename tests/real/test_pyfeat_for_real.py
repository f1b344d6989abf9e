"""The real py-feat, with generated weights: from the printed command to a table of a mixed folder.

``AVBASELINES_FACE_PYTHON`` names an interpreter that has py-feat; weights and a hub come from ``faces/`` beside the
real data. Everything is written into a copy of py-feat's package, first on the path.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from avbaselines.extractors import FeatureTable, pyfeat

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def face_python():
    python = os.environ.get(pyfeat.VARIABLE)
    if not python:
        pytest.skip(f"{pyfeat.VARIABLE} names no interpreter that has py-feat")
    return python


@pytest.fixture(scope="module")
def tools(shared_data):
    folder = shared_data.parent / "faces"
    if not folder.is_dir():
        pytest.skip(f"{folder}: no generator of weights there")
    return folder


@pytest.fixture(scope="module")
def environment(face_python, tmp_path_factory):
    """Environment in which a copy of py-feat without any weights comes first."""
    find = "from importlib.util import find_spec; print(find_spec('feat').submodule_search_locations[0])"
    done = subprocess.run([face_python, "-c", find], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{face_python} has no py-feat")
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(done.stdout.strip(), site / "feat", ignore=shutil.ignore_patterns("models--*", "tests"))
    path = os.pathsep.join([str(site), str(Path(__file__).parents[2])])
    cache = tmp_path_factory.mktemp("cache")
    return {**os.environ, "PYTHONPATH": path, "AVBASELINES_CACHE": str(cache), pyfeat.VARIABLE: face_python}


@pytest.fixture(scope="module")
def hub(tools, face_python, environment, tmp_path_factory):
    """Address of a model hub on this machine that serves generated weights."""
    folder = tmp_path_factory.mktemp("hub")
    subprocess.run(
        [face_python, str(tools / "make_weights.py"), str(folder)], env=environment, check=True, capture_output=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(tools / "hubserver.py"), str(folder), str(port), str(folder / "log")]
    server = subprocess.Popen(command)
    _wait_for(port)
    yield f"http://127.0.0.1:{port}"
    server.kill()
    server.wait()


def _wait_for(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    pytest.fail("the hub did not start")


def film(path, pixels, sound=False):
    """A film of some frames (n, height, width, 3), or of sound alone."""
    with av.open(str(path), "w") as output:
        if len(pixels):
            stream = output.add_stream("mpeg4", rate=10)
            stream.height, stream.width = pixels[0].shape[:2]
        for index, picture in enumerate(pixels):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            output.mux(stream.encode(frame))
        if len(pixels):
            output.mux(stream.encode(None))
        if sound:
            audio = output.add_stream("aac", rate=16000, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 16000
            output.mux([*audio.encode(frame), *audio.encode(None)])


@pytest.fixture
def mixed(shared_data, tmp_path):
    """A folder as people have them: good, dark, cut, empty, text, sound alone, two images."""
    folder = tmp_path / "films"
    folder.mkdir()
    with av.open(str(shared_data / "samples" / "pyfeat_single_face.mp4")) as container:
        frames = [frame.reformat(320, 180, "rgb24").to_ndarray() for frame in container.decode(video=0)][:10]
    film(folder / "good.mp4", frames)
    film(folder / "dark.mp4", [frame // 20 for frame in frames[:4]])
    film(folder / "cut.avi", np.random.default_rng(0).integers(128, 255, (30, 90, 160, 3), dtype=np.uint8))
    (folder / "cut.avi").write_bytes((folder / "cut.avi").read_bytes()[: (folder / "cut.avi").stat().st_size // 3])
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is no film\n" * 50)
    film(folder / "sound.mp4", [], sound=True)
    for name in ("multi", "single"):
        shutil.copy(shared_data / "samples" / f"pyfeat_{name}_face.jpg", folder / f"{name}.jpg")
    return folder


def extract(mixed, environment, *more):
    command = [sys.executable, "-m", "avbaselines.extract", "action-units", str(mixed), "--jobs", "1"]
    command += ["--max-failed", "1", "--out", str(mixed.parent / "t.parquet"), *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_first_time_user_gets_from_the_printed_command_to_a_table(mixed, environment, hub):
    first = extract(mixed, environment)
    assert first.returncode == 2
    command = first.stderr.partition("Fetch them once with: ")[2].splitlines()[0]

    fetched = subprocess.run(
        command, shell=True, env={**environment, "HF_ENDPOINT": hub}, capture_output=True, text=True, check=False
    )
    assert fetched.returncode == 0, fetched.stderr
    assert "5/5 py-feat/pose_mlp_v2/pose_mlp_v2.json" in fetched.stdout
    assert "all weights are in" in fetched.stdout.splitlines()[-1]

    done = extract(mixed, environment)
    assert done.returncode == 1, done.stderr
    table = FeatureTable.load(mixed.parent / "t.parquet")
    status, reason = table.status["status"], table.status["reason"]
    expected = {"good": "ok", "single": "ok", "multi": "ok", "cut": "partial", "dark": "failed", "empty": "failed"}
    assert status.to_dict() == {**expected, "text": "failed", "sound": "failed"}
    assert "frames are there" in reason["cut"] or "damaged after" in reason["cut"]
    assert reason["dark"] == "no face in any of 4 frames"
    assert reason["empty"] == "the file is empty (0 bytes)"
    assert "cannot be decoded" in reason["text"]
    assert reason["sound"] == "no video stream in the file"
    assert "Detectorv1" in table.info["detector"]
    pose = table.frame().loc["good", ["pitch_mean", "yaw_mean", "roll_mean"]]
    assert np.abs(pose).between(1e-3, 90).all()
    assert (pd.DataFrame(table.X).notna().any(axis=1) == (status != "failed").to_numpy()).all()
