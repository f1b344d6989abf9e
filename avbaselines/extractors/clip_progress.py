"""Progress within a clip, told by worker processes through small files and shown by whoever watches them."""

import json
import os
import time
from pathlib import Path
from typing import NamedTuple, Self

_EVERY_SECONDS = 0.5


class ClipState(NamedTuple):
    """How far one worker is with its clip.

    Attributes
    ----------
    clip
        Name of the recording.
    done, expected
        Frames; expected is 0 where the recording does not tell.
    rate
        Frames a second so far; 0 before the first.

    Examples
    --------
    >>> ClipState("talk.mp4", done=25, expected=100, rate=5.0).seconds_left
    15.0
    """

    clip: str
    done: int
    expected: int
    rate: float

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the clip is done at this rate; None where that is not known."""
        return (self.expected - self.done) / self.rate if self.rate and self.expected >= self.done else None


class ClipProgress:
    """Tells how far this process is with a clip; a context that takes the word back at its end.

    Parameters
    ----------
    folder
        Where to tell it; None = nobody watches.
    clip
    expected
        Frames of the clip; 0 = not known.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with ClipProgress(folder, "talk.mp4", 100) as progress:
    ...     progress.report(25)
    ...     [(state.clip, state.done, state.expected) for state in running_clips(folder)]
    [('talk.mp4', 25, 100)]
    >>> running_clips(folder)
    []
    """

    def __init__(self, folder: str | os.PathLike | None, clip: str, expected: int) -> None:
        self._path = None if folder is None else Path(folder) / f"{os.getpid()}.json"
        self._clip, self._expected = clip, expected
        self._started = time.monotonic()
        self._told = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def report(self, done: int) -> None:
        """Say how many frames are done; written twice a second at most."""
        now = time.monotonic()
        if self._path is None or now - self._told < _EVERY_SECONDS:
            return
        self._told = now
        rate = done / (now - self._started) if now > self._started else 0.0
        part = self._path.with_suffix(".part")
        try:
            part.write_text(json.dumps([self._clip, done, self._expected, rate]), encoding="utf-8")
            os.replace(part, self._path)
        except OSError:
            # Whoever watched has gone, or the disk is full: the work itself goes on.
            self._path = None


def running_clips(folder: str | os.PathLike) -> list[ClipState]:
    """Clips that workers are at, in the order of their names.

    Examples
    --------
    >>> import tempfile
    >>> running_clips(tempfile.mkdtemp())
    []
    """
    states = []
    for path in Path(folder).glob("*.json"):
        try:
            states.append(ClipState(*json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue  # just taken back
    return sorted(states)
