"""The process in which py-feat runs: kept warm between clips, fed with frames, stopped when it takes too long."""

import atexit
import json
import os
import selectors
import subprocess
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from avbaselines.extractors.media import MediaError

WORKER = Path(__file__).with_name("pyfeat_worker.py")

_START_SECONDS = 300.0  # importing torch and loading weights over a network's file system


def environment() -> dict[str, str]:
    """Environment of the worker: one thread, and no attempt to download, which would block for most of a minute.

    Examples
    --------
    >>> environment()["HF_HUB_OFFLINE"]
    '1'
    """
    return {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


@lru_cache(maxsize=4)
def worker(python: str, detector: str, device: str) -> "Worker":
    """This process' worker for an interpreter, detector and device: loading its models takes longer than a clip.

    Examples
    --------
    >>> worker("/opt/face/bin/python", "v1", "cpu") is worker("/opt/face/bin/python", "v1", "cpu")
    True
    """
    made = Worker(python, detector, device)
    atexit.register(made.stop)
    return made


class Worker:
    """One py-feat process, started when it is first asked.

    Parameters
    ----------
    python
        Interpreter that has py-feat.
    detector
        ``v1`` or ``v2``.
    device
        ``cpu``, ``cuda`` or ``mps``.

    Examples
    --------
    >>> Worker("/opt/face/bin/python", "v1", "cpu").process is None
    True
    """

    def __init__(self, python: str, detector: str, device: str) -> None:
        self._command = [python, str(WORKER), "detect", json.dumps({"detector": detector, "device": device})]
        self.process: subprocess.Popen | None = None

    def ask(self, frames: np.ndarray, batch_size: int, frame_limit: float) -> tuple[list[str], list[list[float]]]:
        """py-feat's table of some frames.

        Parameters
        ----------
        frames : uint8, shape (n, height, width, 3)
        frame_limit
            Seconds for each frame.

        Returns
        -------
        columns
        rows

        Raises
        ------
        MediaError
            py-feat failed, its process died or took too long.
        """
        if self.process is None or self.process.poll() is not None:
            self._start()
        head = json.dumps({"shape": frames.shape[:3], "batch_size": batch_size}).encode() + b"\n"
        deadline = time.monotonic() + frame_limit * len(frames)
        if self._send(head + frames.tobytes(), deadline):
            answer = self._line(deadline)
        else:
            answer = b"" if time.monotonic() < deadline else None
        if answer is None:
            self.stop()
            raise MediaError(f"py-feat took longer than {frame_limit:g} s for a frame and was stopped")
        told = self._told(answer)
        return told["columns"], told["rows"]

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        assert self.process.stdin is not None
        os.set_blocking(self.process.stdin.fileno(), False)
        answer = self._line(time.monotonic() + _START_SECONDS)
        if answer is None:
            self.stop()
            raise MediaError(f"py-feat's models were not loaded within {_START_SECONDS:g} s")
        self._told(answer)

    def _told(self, answer: bytes) -> dict[str, Any]:
        if not answer:
            assert self.process is not None
            status = self.process.wait()
            self.process = None
            raise MediaError(f"py-feat's process died on this video (exit status {status})")
        told = json.loads(answer)
        if "error" in told:
            raise MediaError(f"py-feat failed: {told['error']}")
        return told

    def _send(self, data: bytes, deadline: float) -> bool:
        """Whether everything could be written; not where the process has gone or the time is up."""
        assert self.process is not None and self.process.stdin is not None
        pipe, left = self.process.stdin.fileno(), memoryview(data)
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_WRITE)
            while len(left):
                if not selector.select(max(deadline - time.monotonic(), 0.0)):
                    return False
                try:
                    left = left[os.write(pipe, left) :]
                except BrokenPipeError:
                    return False
        return True

    def _line(self, deadline: float) -> bytes | None:
        """One answer; empty when the process has gone, None when the time is up."""
        assert self.process is not None and self.process.stdout is not None
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

    def stop(self) -> None:
        """End the process, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
