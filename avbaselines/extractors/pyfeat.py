"""py-feat in a process of its own: looked over before use, kept warm between clips, stopped when it takes too long."""

import atexit
import json
import os
import selectors
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path

from avbaselines.errors import InputError
from avbaselines.extractors.media import MediaError

VARIABLE = "AVBASELINES_FACE_PYTHON"
_WORKER = Path(__file__).with_name("pyfeat_worker.py")
_CHECK_SECONDS = 180.0


def interpreter(face_python=None):
    """Path of the interpreter that has py-feat: the one named, else ``$AVBASELINES_FACE_PYTHON``, else this one."""
    return str(face_python or os.environ.get(VARIABLE) or sys.executable)


def check(face_python=None):
    """Version of py-feat, after making sure that it can work here.

    Raises
    ------
    InputError
        In plain words: no py-feat, libraries that do not fit each other, or missing weights - and what to do.
    """
    python = interpreter(face_python)
    try:
        done = subprocess.run(
            [python, str(_WORKER), "check"], capture_output=True, text=True, timeout=_CHECK_SECONDS, env=_environment()
        )
        facts = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise InputError(f"{python}: py-feat's libraries were not imported within {_CHECK_SECONDS:.0f} s") from None
    except OSError as error:
        raise InputError(
            f"{python}: cannot be started ({error.strerror}); "
            f"name an interpreter that has py-feat by --face-python or ${VARIABLE}"
        ) from None
    except (ValueError, IndexError):
        said = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise InputError(f"{python}: died while looking for py-feat (exit status {done.returncode}): {said}") from None
    problem = facts.get("problem")
    if problem is None:
        return facts["version"]
    raise InputError({"missing": _missing, "mismatch": _mismatch, "weights": _weights}[problem](python, facts))


def _missing(python, facts):
    return (
        f"{python}: {facts['library']} is not installed there, and videos need py-feat; install the extra with "
        f"'pip install avbaselines[face]', or name another interpreter by --face-python or ${VARIABLE}; "
        f"ready tables of OpenFace, LibreFace or Py-Feat (csv) need none of it"
    )


def _mismatch(python, facts):
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if name != "py-feat")
    return (
        f"{python}: {facts['library'].split('.')[0]} cannot be imported; these builds do not fit each other: "
        f"{versions}. Install torch, torchvision and torchcodec together from one index (all CPU or all one CUDA); "
        f"torchcodec also needs FFmpeg's libraries. It said: {(facts['error'].splitlines() or ['nothing'])[0]}"
    )


def _weights(python, facts):
    return (
        f"py-feat's weights {', '.join(facts['missing'])} are missing from {facts['folder']}; fetch them once, where "
        f'https://huggingface.co/py-feat can be reached, with: {python} -c "from feat import Detectorv1; '
        f'Detectorv1(emotion_model=None, identity_model=None, gaze_model=None)"'
    )


def detect(video, table, options, face_python=None):
    """Write py-feat's frame table of one video.

    Parameters
    ----------
    video, table : Path
    options : FaceOptions
        ``batch_size``, ``skip_frames`` and ``time_limit`` count here.
    face_python : str, optional
        The device is torch's name in ``$AVBASELINES_FACE_DEVICE``, by default ``cpu``.

    Raises
    ------
    MediaError
        py-feat failed on this video, died, or took longer than ``options.time_limit``.
    """
    job = {
        "video": os.path.abspath(video),
        "table": str(table),
        "batch_size": options.batch_size,
        "skip_frames": options.skip_frames,
        "device": os.environ.get("AVBASELINES_FACE_DEVICE", "cpu"),
    }
    _server(interpreter(face_python)).ask(job, options.time_limit)


@lru_cache(maxsize=1)
def _server(python):
    """The py-feat process of this worker: loading its models takes far longer than a clip."""
    server = _Server(python)
    atexit.register(server.stop)
    return server


class _Server:
    def __init__(self, python):
        self.python, self.process = python, None

    def ask(self, job, seconds):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [self.python, str(_WORKER), "detect"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        try:
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            line = b""
        else:
            line = self._line(time.monotonic() + seconds)
        if line is None:
            self.stop()
            raise MediaError(f"py-feat took longer than {seconds:g} s and was stopped")
        if not line:
            status = self.process.wait()
            self.process = None
            raise MediaError(f"py-feat's process died on this video (exit status {status})")
        if error := json.loads(line).get("error"):
            raise MediaError(f"py-feat failed: {error}")

    def _line(self, deadline):
        """One answer; empty when the process has gone, None when the time is up."""
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(deadline - time.monotonic(), 0.0)):
                    return None
                part = os.read(self.process.stdout.fileno(), 65536)
                if not part:
                    return b""
                line += part
        return line

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _environment():
    # Weights were looked for before; a silent attempt to download would block for most of a minute a clip.
    return {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
