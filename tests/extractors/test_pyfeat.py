"""py-feat in its own process, played by stand-ins that this interpreter finds on its path."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
from films import filmed
from pyfeat_stand_in import LIBRARIES, lay_out, on_path

from avbaselines.errors import InputError
from avbaselines.extractors import FeatureCache, extract, find_media, load_recipe, pyfeat, pyfeat_client
from avbaselines.extractors.media import MediaError, Segment
from avbaselines.extractors.pictures import Pictures
from avbaselines.extractors.pyfeat_weights import WEIGHTS, folder_of
from avbaselines.extractors.recipe import FaceOptions

# What the stand-in does at a frame of this grey.
NOBODY, GOOD, TENTH_OF_A_SECOND, MINUTE, FAILS, DIES = 0, 90, 165, 195, 225, 255
ALL_WEIGHTS = [(detector, file) for detector, files in WEIGHTS.items() for file in files]


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Folder with stand-ins for py-feat and its libraries, first on the workers' path."""
    site = lay_out(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", on_path(site))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.delenv(pyfeat.VARIABLE, raising=False)
    monkeypatch.delenv(pyfeat.DEVICE_VARIABLE, raising=False)
    pyfeat_client.worker.cache_clear()
    yield site
    for detector in WEIGHTS:
        worker(detector).stop()
    pyfeat_client.worker.cache_clear()


@pytest.fixture
def video(tmp_path):
    return filmed(tmp_path / "talk.mp4")


def worker(detector="v1"):
    return pyfeat_client.worker(sys.executable, detector, "cpu")


def seen(tmp_path):
    """Words of the lines that the stand-in wrote: its class, grey, size, batch size and offline mode."""
    return [line.split() for line in (tmp_path / "seen").read_text().splitlines()]


def test_all_in_place_gives_the_version(stand_in):
    assert pyfeat.check()[:3] == ("2.1.5", "py-feat 2.1.5 Detectorv1", "cpu")


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


@pytest.mark.parametrize(("detector", "file"), ALL_WEIGHTS, ids=[f"{d}-{f.names[0]}" for d, f in ALL_WEIGHTS])
def test_missing_weights_are_told_at_once_with_command_files_and_folder(stand_in, video, detector, file):
    folder = stand_in / "feat/resources"
    (folder / folder_of(file.repository) / "snapshots/abc" / file.names[-1]).unlink()
    recipe = load_recipe("action-units").with_options(detector=detector)
    started = time.monotonic()
    with pytest.raises(InputError) as error:
        extract(recipe, {"talk": video}, cache=False)
    assert time.monotonic() - started < 15
    message = str(error.value)
    assert f"py-feat's weights {file.repository}/{file.names[0]} are missing from {folder}. Fetch them" in message
    assert pyfeat.fetch_command(detector) in message
    assert "On a machine without network" in message
    assert folder_of(file.repository) in message
    assert message.count("\n") == 1
    assert not os.path.exists(os.environ["SEEN"]), "a detector was started"


def test_weights_that_the_hub_s_client_would_not_find_are_missing(stand_in):
    (stand_in / "feat/resources" / folder_of("py-feat/xgb_au") / "refs/main").write_text("another commit")
    with pytest.raises(InputError, match=r"py-feat/xgb_au/xgb_au_classifier_v2.skops are missing"):
        pyfeat.check()


def test_tables_need_no_pyfeat(tmp_path):
    (tmp_path / "t.csv").write_text("frame,FaceScore,AU12\n" + "".join(f"{i},0.99,0.5\n" for i in range(9)))
    extract("action-units", {"t": tmp_path / "t.csv"}, cache=False, face_python="/nowhere/python")


def test_an_interpreter_that_is_not_there_is_told():
    with pytest.raises(InputError, match="/nowhere/python: cannot be started.*AVBASELINES_FACE_PYTHON"):
        pyfeat.check(face_python="/nowhere/python")


def test_an_interpreter_that_dies_is_told(tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho Illegal instruction >&2\nexit 132\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(InputError, match=r"exit status 132\): Illegal instruction"):
        pyfeat.check(face_python=script)


def test_the_interpreter_may_be_named_by_the_environment(monkeypatch):
    monkeypatch.setenv(pyfeat.VARIABLE, "/from/environment")
    assert pyfeat.interpreter() == "/from/environment"
    assert pyfeat.interpreter("/named") == "/named"
    monkeypatch.delenv(pyfeat.VARIABLE)
    assert pyfeat.interpreter() == sys.executable


def test_a_device_that_is_not_there_is_told_before_any_video(stand_in, video, monkeypatch):
    with pytest.raises(InputError, match=r"has no device 'cuda' here; it has cpu.*--face-device"):
        extract("action-units", {"talk": video}, cache=False, face_device="cuda")
    monkeypatch.setenv(pyfeat.DEVICE_VARIABLE, "gpu")
    with pytest.raises(InputError, match="one of cpu, cuda, mps, auto; got 'gpu'"):
        pyfeat.check()
    assert pyfeat.check(face_device="auto").device == "cpu"


def test_the_fastest_device_is_found_and_stands_in_the_version(stand_in):
    torch = stand_in / "torch/__init__.py"
    torch.write_text(torch.read_text().replace("lambda: False", "lambda: True"))
    settings = {"face_device": "auto"}
    from avbaselines.extractors import face

    version = face.prepare(FaceOptions(videos=True), ["a.mp4"], settings)
    assert version.startswith("py-feat 2.1.5 Detectorv1 on cuda, ")
    assert settings["face_device"] == "cuda"


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mpeg4"), ("avi", "mpeg4"), ("mkv", "mpeg4"), ("flv", "flv")])
def test_a_video_becomes_functionals(stand_in, tmp_path, suffix, codec):
    filmed(tmp_path / "films" / f"talk.{suffix}", codec=codec)
    media = find_media(tmp_path / "films", load_recipe("action-units").suffixes)
    table = extract("action-units", media, cache=False)
    row = table.frame().loc["talk"]
    assert table.status.loc["talk", ["status", "detection_rate", "several_faces"]].tolist() == ["ok", 1.0, 0.0]
    assert table.status.loc["talk", "duration"] == pytest.approx(2.0)
    assert table.info["scale"] == "0-1"
    assert table.info["detector"] == "py-feat 2.1.5 Detectorv1"
    assert row["AU12_mean"] == pytest.approx(np.mean(np.arange(20) / 20), abs=0.02)  # greys are coded with some loss
    assert row["AU12_onset_slope"] == pytest.approx(0.5, abs=0.06)  # a twentieth a frame, ten frames a second
    assert (row["pitch_mean"], row["yaw_mean"], row["roll_mean"]) == pytest.approx((1, 3, 2))


def test_the_second_detector_is_an_option_and_stands_in_the_table(stand_in, video, tmp_path):
    table = extract("action-units-v2", {"talk": video}, cache=False)
    assert table.info["detector"] == "py-feat 2.1.5 Detectorv2"
    assert {line[0] for line in seen(tmp_path)} == {"Detectorv2"}


def test_batches_are_small_on_a_cpu_and_the_hub_is_left_alone(stand_in, video, tmp_path):
    pyfeat.detect(Pictures(Segment(video)), FaceOptions(videos=True, batch_size=16))
    assert {tuple(line[3:]) for line in seen(tmp_path)} == {("4", "1")}
    pyfeat.detect(Pictures(Segment(video)), FaceOptions(videos=True, batch_size=3))
    assert seen(tmp_path)[-1][3] == "3"


def test_of_skipped_frames_none_is_sent_and_times_stay(stand_in, video, tmp_path):
    found = pyfeat.detect(Pictures(Segment(video), every=4), FaceOptions(videos=True))
    assert len(seen(tmp_path)) == 5
    assert found["frame"].tolist() == [0, 4, 8, 12, 16]
    np.testing.assert_allclose(found["time"], [0, 0.4, 0.8, 1.2, 1.6])


def test_large_frames_are_shrunk_and_boxes_stay_in_original_pixels(stand_in, tmp_path):
    large = filmed(tmp_path / "large.mp4", [GOOD] * 3, size=(1280, 720))
    found = pyfeat.detect(Pictures(Segment(large), longest=640), FaceOptions(videos=True))
    assert {line[2] for line in seen(tmp_path)} == {"640x360"}
    assert found[["left", "top", "width", "height"]].iloc[0].tolist() == [20, 10, 40, 60]


def test_a_segment_decodes_its_own_part_only(stand_in, tmp_path):
    video = filmed(tmp_path / "talk.mp4", range(60, 120))
    table = extract("action-units", {"part": Segment(video, 2.0, 3.0)}, cache=False)
    greys = [int(line[1]) for line in seen(tmp_path)]
    assert len(greys) == 10
    assert greys[0] == pytest.approx(80, abs=2)
    assert table.status.loc["part", "duration"] == pytest.approx(1.0)


def test_frames_are_seen_once_for_all_recipes(stand_in, video, tmp_path):
    cache = FeatureCache(tmp_path / "cache")
    extract("action-units", {"talk": video}, cache=cache)
    table = extract("action-units-windows", {"talk": video}, cache=cache)
    assert len(table.clip_id) == 20
    assert len(seen(tmp_path)) == 20


def test_failures_stay_with_their_video(stand_in, tmp_path):
    greys = {"bad": FAILS, "fatal": DIES, "good": GOOD, "nobody": NOBODY, "slow": MINUTE, "well": GOOD}
    media = {name: filmed(tmp_path / f"{name}.mp4", [grey] * (5 + i)) for i, (name, grey) in enumerate(greys.items())}
    media["noise"] = tmp_path / "noise.mp4"
    media["noise"].write_bytes(b"noise" * 100)
    cache = FeatureCache(tmp_path / "cache")
    recipe = load_recipe("action-units").with_options(frame_limit=2.0)
    table = extract(recipe, media, cache=cache, max_failed=1.0)
    reasons = table.failed["reason"].to_dict()
    assert set(reasons) == {"bad", "fatal", "nobody", "slow", "noise"}
    assert reasons["bad"] == "py-feat failed: ValueError: cannot see"
    assert "died on this video (exit status 3)" in reasons["fatal"]
    assert reasons["slow"] == "py-feat took longer than 2 s for a frame and was stopped"
    assert "no face in any of 8 frames" in reasons["nobody"]
    assert "cannot be decoded" in reasons["noise"]
    assert table.frame().loc["good", "AU12_mean"] == table.frame().loc["well", "AU12_mean"]
    assert len(list(cache.folder.glob("features/face-*/*/*.row"))) == 2


def test_the_limit_is_one_of_a_frame_not_of_a_clip(stand_in, tmp_path):
    long = filmed(tmp_path / "long.mp4", [TENTH_OF_A_SECOND] * 30)
    found = pyfeat.detect(Pictures(Segment(long)), FaceOptions(videos=True, batch_size=1, frame_limit=1.5))
    assert len(found) == 30  # which took 3 s


def test_an_answer_that_never_comes_ends_the_process(stand_in, tmp_path):
    slow = filmed(tmp_path / "slow.mp4", [MINUTE] * 4)
    with pytest.raises(MediaError, match=r"longer than 0.5 s for a frame"):
        pyfeat.detect(Pictures(Segment(slow)), FaceOptions(videos=True, frame_limit=0.5))
    assert worker().process is None


def test_progress_is_told_frame_by_frame(stand_in, video):
    told = []
    pyfeat.detect(Pictures(Segment(video)), FaceOptions(videos=True), progress=told.append)
    assert told == [4, 8, 12, 16, 20]


@pytest.mark.skipif(not hasattr(os, "getppid"), reason="no parents on this system")
def test_a_worker_ends_when_its_parent_is_gone(stand_in, tmp_path):
    slow = filmed(tmp_path / "slow.mp4", [MINUTE] * 4)
    work = (
        "from avbaselines.extractors import pyfeat, pyfeat_client; from avbaselines.extractors.media import Segment; "
        "from avbaselines.extractors.pictures import Pictures; from avbaselines.extractors.recipe import FaceOptions; "
        f"pyfeat.detect(Pictures(Segment({str(slow)!r})), FaceOptions(videos=True))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], *filter(None, sys.path)])}
    with subprocess.Popen([sys.executable, "-c", work], env=environment) as parent:
        _until(lambda: os.path.exists(os.environ["SEEN"]), 60)
        children = _children(parent.pid)
        assert children, "no worker was started"
        parent.send_signal(signal.SIGKILL)
    _until(lambda: not any(map(_runs, children)), 10)
    assert not any(map(_runs, children)), "the worker outlived its parent"


def _until(true, seconds):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)


def _children(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    if not os.path.exists(path):
        pytest.skip("this system does not list a process' children")
    with open(path, encoding="ascii") as stream:
        return [int(child) for child in stream.read().split()]


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_worker_names_what_it_cannot_load(stand_in, video):
    (stand_in / "feat/__init__.py").write_text("raise ImportError('numpy is too new')\n")
    table = extract("action-units", {"talk": video}, cache=False, max_failed=1.0)
    assert table.status.loc["talk", "reason"] == "py-feat failed: ImportError: numpy is too new"


def test_the_modules_beside_the_worker_do_not_hide_any_of_py_feat(stand_in):
    (stand_in / "torchvision/__init__.py").write_text("import cache\n")
    with pytest.raises(InputError, match="No module named 'cache'"):
        pyfeat.check()


@pytest.mark.skipif(find_spec("feat") is None, reason="py-feat is not installed here (the extra [face])")
def test_the_real_installation_works_or_says_what_it_lacks():
    try:
        assert pyfeat.check()
    except InputError as error:
        assert any(told in str(error) for told in ("weights", "do not fit each other", "is not installed there"))


class TestFetching:
    @pytest.fixture
    def hub(self, stand_in, tmp_path, monkeypatch):
        """A hub that has the weights, which are missing from py-feat's folder."""
        hub = tmp_path / "hub"
        for _, file in ALL_WEIGHTS:
            (hub / file.repository).mkdir(parents=True, exist_ok=True)
            (hub / file.repository / file.names[-1]).write_bytes(b"weights")
        for kept in (stand_in / "feat/resources").glob("models--*/refs/main"):
            kept.unlink()
        monkeypatch.setenv("HF_ENDPOINT", str(hub))
        return hub

    @pytest.mark.parametrize("recipe", ["action-units", "action-units-v2"])
    def test_the_printed_command_fetches_what_was_missing(self, hub, video, tmp_path, recipe):
        arguments = [sys.executable, "-m", "avbaselines.extract", recipe, str(video), "--out", str(tmp_path / "t.csv")]
        environment = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}{os.pathsep}{os.getcwd()}"}
        run = {"capture_output": True, "text": True, "env": environment, "check": False}
        first = subprocess.run(arguments, **run)
        assert first.returncode == 2
        command = first.stderr.partition("Fetch them once with: ")[2].splitlines()[0]
        fetched = subprocess.run(command, shell=True, **run)
        assert fetched.returncode == 0, fetched.stderr
        detector = load_recipe(recipe).options.detector
        assert fetched.stdout.splitlines()[0] == f"1/{len(WEIGHTS[detector])} py-feat/retinaface_r34/model.safetensors"
        assert "all weights are in" in fetched.stdout.splitlines()[-1]
        assert subprocess.run(arguments, **run).returncode == 0
        assert json.loads((tmp_path / "t.status.json").read_text())["info"]["tool"] == "py-feat"

    def test_a_hub_out_of_reach_is_told(self, hub, monkeypatch):
        monkeypatch.setenv("HF_ENDPOINT", "/nowhere")
        with pytest.raises(InputError, match="could not be fetched from /nowhere: cannot reach the hub"):
            pyfeat.fetch()

    def test_a_file_that_the_hub_lacks_is_told(self, hub):
        (hub / "py-feat/pose_mlp_v2/pose_mlp_v2.json").unlink()
        with pytest.raises(InputError, match=r"py-feat/pose_mlp_v2 has none of pose_mlp_v2.json"):
            pyfeat.fetch(tell=lambda line: None)

    def test_what_is_there_is_not_fetched_again(self, stand_in, monkeypatch):
        monkeypatch.setenv("HF_ENDPOINT", "/nowhere")
        told = []
        assert pyfeat.fetch(tell=told.append).version == "2.1.5"
        assert told == []
