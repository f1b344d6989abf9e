"""py-feat in an interpreter of its own: looked over before use, its weights fetched, its faces in our form."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from avbaselines.errors import InputError
from avbaselines.extractors.face_video import faces_table
from avbaselines.extractors.media import MediaError
from avbaselines.extractors.pictures import Picture, Pictures
from avbaselines.extractors.pyfeat_client import WORKER, environment, worker
from avbaselines.extractors.pyfeat_weights import HUB, RECIPES, WEIGHTS, Detector, folders
from avbaselines.extractors.recipe import FaceOptions

VARIABLE = "AVBASELINES_FACE_PYTHON"
DEVICE_VARIABLE = "AVBASELINES_FACE_DEVICE"
DEVICES = ("cpu", "cuda", "mps", "auto")

_CHECK_SECONDS = 180.0
_CPU_BATCH = 4  # larger batches gain nothing on a CPU and take gigabytes


class Facts(NamedTuple):
    """What :func:`check` found.

    Attributes
    ----------
    version
        Release of py-feat.
    detector
        Release and class, as it stands in tables.
    device
        ``cpu``, ``cuda`` or ``mps``.
    folder
        Where the weights lie.

    Examples
    --------
    >>> Facts("2.1.5", "py-feat 2.1.5 Detectorv1", "cpu", "/opt/face/feat/resources").device
    'cpu'
    """

    version: str
    detector: str
    device: str
    folder: str


def interpreter(face_python: str | os.PathLike | None = None) -> str:
    """Path of the interpreter that has py-feat: the one named, else ``$AVBASELINES_FACE_PYTHON``, else this one.

    Examples
    --------
    >>> interpreter("/opt/face/bin/python")
    '/opt/face/bin/python'
    """
    return str(face_python or os.environ.get(VARIABLE) or sys.executable)


def device_of(face_device: str | None = None) -> str:
    """The device asked for: the one named, else ``$AVBASELINES_FACE_DEVICE``, else ``cpu``.

    Raises
    ------
    InputError
        No such device.

    Examples
    --------
    >>> device_of("auto")
    'auto'
    """
    device = face_device or os.environ.get(DEVICE_VARIABLE) or "cpu"
    if device not in DEVICES:
        raise InputError(f"the device for faces must be one of {', '.join(DEVICES)}; got {device!r}")
    return device


def check(
    detector: Detector = "v1", face_python: str | os.PathLike | None = None, face_device: str | None = None
) -> Facts:
    """Make sure that py-feat can work here.

    Parameters
    ----------
    face_python, face_device
        As for :func:`interpreter` and :func:`device_of`.

    Raises
    ------
    InputError
        In plain words: no py-feat, libraries that do not fit each other, no such device, or missing weights - and what
        to do.

    Examples
    --------
    >>> check(face_python="/nowhere/python")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avbaselines.errors.InputError: /nowhere/python: cannot be started ...
    """
    python = interpreter(face_python)
    facts = _look_over(python, detector, device_of(face_device))
    problem = facts.get("problem")
    if problem is None:
        named = f"py-feat {facts['version']} Detector{detector}"
        return Facts(facts["version"], named, facts["device"], facts["folder"])
    if problem == "weights":
        raise InputError(_weights(facts, detector, face_python))
    raise InputError({"missing": _missing, "mismatch": _mismatch, "device": _device}[problem](python, facts))


def _look_over(python: str, detector: Detector, device: str) -> dict[str, Any]:
    """The worker's facts about an interpreter (see :func:`avbaselines.extractors.pyfeat_worker.check`)."""
    job = {"weights": [file._asdict() for file in WEIGHTS[detector]], "device": device}
    try:
        done = subprocess.run(
            [python, str(WORKER), "check", json.dumps(job)],
            capture_output=True,
            text=True,
            timeout=_CHECK_SECONDS,
            env=environment(),
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise InputError(f"{python}: py-feat's libraries were not imported within {_CHECK_SECONDS:.0f} s") from None
    except OSError as error:
        raise InputError(_not_started(python, error)) from None
    except (ValueError, IndexError):
        said = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise InputError(f"{python}: died while looking for py-feat (exit status {done.returncode}): {said}") from None


def fetch(
    detector: Detector = "v1",
    face_python: str | os.PathLike | None = None,
    tell: Callable[[str], Any] = print,
) -> Facts:
    """Fetch all weights of a detector from the model hub, by the interpreter that will need them, and check them.

    Parameters
    ----------
    tell
        Given a line for each file. The hub's client shows how far a file is on stderr, where that is a terminal.

    Raises
    ------
    InputError
        As :func:`check`; or the hub cannot be reached.

    Examples
    --------
    >>> fetch(face_python="/nowhere/python")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avbaselines.errors.InputError: /nowhere/python: cannot be started ...
    """
    python = interpreter(face_python)
    if _look_over(python, detector, "cpu").get("problem") != "weights":
        return check(detector, face_python, "cpu")  # all there, or something else to be said before anything is fetched
    job = {"weights": [file._asdict() for file in WEIGHTS[detector]]}
    env = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")}
    shown = None if sys.stderr.isatty() else subprocess.DEVNULL
    answer: dict[str, Any] = {}
    with subprocess.Popen(
        [python, str(WORKER), "fetch", json.dumps(job)], stdout=subprocess.PIPE, stderr=shown, text=True, env=env
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            answer = json.loads(line)
            if "file" in answer:
                tell(f"{answer['number']}/{answer['of']} {answer['file']}")
    if "folder" not in answer:
        reason = answer.get("error", f"the interpreter died (exit status {process.returncode})")
        raise InputError(
            f"py-feat's weights could not be fetched from {os.environ.get('HF_ENDPOINT', HUB)}: {reason}. "
            f"Run this command again where the hub can be reached, and copy what it fetches"
        )
    return check(detector, face_python, "cpu")


def fetch_command(detector: Detector, face_python: str | os.PathLike | None = None) -> str:
    """The command that fetches a detector's weights, ready to be pasted into a shell.

    Examples
    --------
    >>> fetch_command("v2").endswith(" -m avbaselines.extract action-units-v2 --fetch")
    True
    """
    named = f" --face-python {shlex.quote(str(face_python))}" if face_python else ""
    return f"{shlex.quote(sys.executable)} -m avbaselines.extract {RECIPES[detector]} --fetch{named}"


def detect(
    pictures: Pictures,
    options: FaceOptions,
    face_python: str | os.PathLike | None = None,
    face_device: str | None = None,
    progress: Callable[[int], Any] = lambda done: None,
) -> pd.DataFrame:
    """Faces that py-feat sees, in the form of :class:`avbaselines.extractors.face_video.Seen`.

    Parameters
    ----------
    options
        ``detector``, ``batch_size`` and ``frame_limit`` count here.
    face_device
        ``cpu``, ``cuda`` or ``mps``, as :func:`check` found it.
    progress
        Called with the number of frames done.

    Raises
    ------
    MediaError
        py-feat failed on this clip, died, or took longer than ``options.frame_limit`` for a frame.
    """
    device = device_of(face_device)
    size = min(options.batch_size, _CPU_BATCH) if device == "cpu" else options.batch_size
    client = worker(interpreter(face_python), options.detector, device)
    records: list[list[float]] = []
    names: list[str] = []
    done = 0
    for chunk in _chunks(pictures, size):
        columns, rows = client.ask(np.stack([picture.pixels for picture in chunk]), size, options.frame_limit)
        units = [name for name in columns if name.startswith("AU")]
        if names and units != names:
            raise MediaError("py-feat changed its columns between frames")
        names = units
        records += _records(chunk, pd.DataFrame(rows, columns=columns, dtype=float), units)
        done += len(chunk)
        progress(done)
    return faces_table(records, names)


def _chunks(pictures: Pictures, size: int) -> Iterator[list[Picture]]:
    """Pictures of one shape, at most so many at once."""
    chunk: list[Picture] = []
    for picture in pictures:
        if chunk and (len(chunk) == size or picture.pixels.shape != chunk[0].pixels.shape):
            yield chunk
            chunk = []
        chunk.append(picture)
    if chunk:
        yield chunk


def _records(chunk: list[Picture], found: pd.DataFrame, units: list[str]) -> list[list[float]]:
    """Rows of our form from py-feat's: numbers and times of the clip, original pixels, degrees."""
    place = found["frame"].to_numpy(dtype=int)
    frames = [chunk[i] for i in place]
    shrunk = np.array([picture.shrunk for picture in frames])[:, None]
    box = found[["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"]].to_numpy() / shrunk
    head = [[picture.number, picture.at] for picture in frames]
    # the detectors of py-feat 2 write radians
    pose = np.degrees(found[["Pitch", "Yaw", "Roll"]].to_numpy())
    return np.column_stack([head, found[["FaceScore"]], box, found[units], pose]).tolist()


def _not_started(python: str, error: OSError) -> str:
    return (
        f"{python}: cannot be started ({error.strerror}); "
        f"name an interpreter that has py-feat by --face-python or ${VARIABLE}"
    )


def _missing(python: str, facts: dict[str, Any]) -> str:
    return (
        f"{python}: {facts['library']} is not installed there, and videos need py-feat; install the extra with "
        f"'pip install avbaselines[face]', or name another interpreter by --face-python or ${VARIABLE}; "
        f"ready tables of OpenFace, LibreFace or Py-Feat (csv) need none of it"
    )


def _mismatch(python: str, facts: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if name != "py-feat")
    return (
        f"{python}: {facts['library'].split('.')[0]} cannot be imported; these builds do not fit each other: "
        f"{versions}. Install torch, torchvision and torchcodec together from one index (all CPU or all one CUDA). "
        f"It said: {(facts['error'].splitlines() or ['nothing'])[0]}"
    )


def _device(python: str, facts: dict[str, Any]) -> str:
    return (
        f"{python}: torch {facts['versions']['torch']} has no device {facts['device']!r} here; it has "
        f"{', '.join(facts['there'])}. Choose by --face-device or ${DEVICE_VARIABLE} (auto takes the fastest)"
    )


def _weights(facts: dict[str, Any], detector: Detector, face_python: str | os.PathLike | None) -> str:
    return (
        f"py-feat's weights {', '.join(facts['missing'])} are missing from {facts['folder']}. "
        f"Fetch them once with: {fetch_command(detector, face_python)}\n"
        f"On a machine without network: run that command where {HUB}/py-feat can be reached, then copy the folders "
        f"{', '.join(folders(detector))} from the folder it names into {facts['folder']}"
    )
