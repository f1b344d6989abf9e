"""The pictures of a clip: of a video, an image or a folder of images, decoded by PyAV as the time goes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avbaselines.extractors.images import image_sequence, is_image
from avbaselines.extractors.media import MediaError, Segment, check_file

# A declared length is often an estimate; only a clear loss is worth a word.
_SHORT_BY_SECONDS, _SHORT_BY_SHARE = 0.25, 0.02


class Picture(NamedTuple):
    """One picture of a clip.

    Attributes
    ----------
    number
        Counted from 0 at the beginning of the recording.
    at
        Seconds since the beginning of the segment.
    pixels : uint8, shape (height, width, 3)
        Red, green, blue; shrunk where a longest side was asked for.
    shrunk
        Length in these pixels of one original pixel, at most 1.

    Examples
    --------
    >>> Picture(0, 0.0, np.zeros((360, 640, 3), np.uint8), 0.5).pixels.shape
    (360, 640, 3)
    """

    number: int
    at: float
    pixels: np.ndarray
    shrunk: float


class Pictures:
    """The pictures of one segment, in the order of time.

    Only what the segment needs is decoded: decoding starts at the key frame before it. A recording that breaks off
    yields what could be decoded, and a remark.

    Parameters
    ----------
    segment
        A video, an image, or a folder of images.
    longest
        Pictures are shrunk until their longer side has at most so many pixels; 0 = as they are.
    every
        Of how many pictures one is given (1 = all).
    fps
        Pictures a second of a folder of images.

    Attributes
    ----------
    rate
        Pictures a second of the recording, as it declares.
    expected
        How many pictures there should be, for showing progress; 0 where the recording does not tell.
    remarks
        What was found broken so far.
    end
        Where the last decoded picture ends, seconds since the beginning of the segment.

    Raises
    ------
    MediaError
        The recording cannot be opened, or holds no picture.

    Examples
    --------
    >>> import av, tempfile
    >>> path = Path(tempfile.mkdtemp(), "grey.png")
    >>> av.VideoFrame.from_ndarray(np.full((64, 128, 3), 90, np.uint8), format="rgb24").to_image().save(path)
    >>> [(picture.number, picture.pixels.shape, picture.shrunk) for picture in Pictures(Segment(path), longest=64)]
    [(0, (32, 64, 3), 0.5)]
    """

    def __init__(self, segment: Segment, longest: int = 0, every: int = 1, fps: float = 30.0) -> None:
        self.segment, self.longest, self.every = segment, longest, every
        self.remarks: list[str] = []
        self.end = 0.0
        path = Path(segment.path)
        self._images: list[Path] = []
        if path.is_dir():
            self._images = image_sequence(path)
            if not self._images:
                raise MediaError("is a folder, not a file, and no images numbered in one sequence are all it holds")
        else:
            check_file(path)
            self._images = [path] if is_image(path) else []
        if self._images:
            self.rate, declared, self._aspect = fps, len(self._images), 1.0
        else:
            self.rate, declared, self._aspect = _declared(path)
        last = declared if segment.end is None else min(declared or np.inf, segment.end * self.rate)
        self._declared = declared
        self.expected = max(int(np.ceil((last - segment.start * self.rate) / every)), 1) if declared else 0

    def __iter__(self) -> Iterator[Picture]:
        import av

        start, end = self.segment.start, self.segment.end
        done = 0
        try:
            for number, at, frame in self._frames():
                if end is not None and at >= end:
                    return
                if at < start - 1e-6:
                    continue
                self.end = at - start + 1.0 / self.rate
                if done % self.every == 0:
                    yield Picture(number, at - start, *_pixels(frame, self._aspect, self.longest))
                done += 1
        except (av.FFmpegError, OSError, ValueError) as error:
            if not done:
                raise MediaError(f"cannot be decoded: {_reason(error)}") from None
            self.remarks.append(f"damaged after {self.end:.2f} s ({_reason(error)})")
        if not done and start:
            raise MediaError(f"no frames between {start:g} s and {'the end' if end is None else f'{end:g} s'}")
        missing = self._declared - start * self.rate - done if end is None else 0
        enough = max(_SHORT_BY_SECONDS * self.rate, _SHORT_BY_SHARE * (done + missing))
        if done and missing > enough and not self.remarks:
            self.remarks.append(f"truncated: {done} of {done + round(missing)} frames are there")

    def _frames(self) -> Iterator[tuple]:
        """Number, seconds since the recording's beginning, and PyAV's frame, from the key frame before the segment."""
        import av

        for number, path in enumerate(self._images):
            if number / self.rate >= self.segment.start - 1e-6:
                check_file(path)
                with av.open(os.fspath(path)) as container:
                    yield number, number / self.rate, next(container.decode(video=0))
        if self._images:
            return
        with av.open(os.fspath(self.segment.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            origin = stream.start_time
            tick = float(stream.time_base or 1 / self.rate)
            if self.segment.start > 0:
                container.seek(int(self.segment.start / tick) + (origin or 0), stream=stream)
            for count, frame in enumerate(container.decode(stream)):
                if frame.pts is None:
                    yield count, count / self.rate, frame
                    continue
                origin = frame.pts if origin is None else origin
                at = (frame.pts - origin) * tick
                yield (round(at * self.rate) if self.segment.start else count), at, frame


def _declared(path: Path) -> tuple[float, int, float]:
    """Pictures a second, how many by the file's own account (0 = not told), width of a pixel in heights of one."""
    import av

    try:
        with av.open(os.fspath(path)) as container:
            if not container.streams.video:
                raise MediaError("no video stream in the file")
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate
            if not rate or next(container.decode(stream), None) is None:
                raise MediaError("no picture in the file")
            count = stream.frames
            if not count and stream.duration and stream.time_base:
                count = round(float(stream.duration * stream.time_base) * float(rate))
            elif not count and container.duration:
                count = round(container.duration / av.time_base * float(rate))
            return float(rate), count, float(stream.sample_aspect_ratio or 1)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"cannot be decoded: {_reason(error)}") from None


def _pixels(frame: Any, aspect: float, longest: int) -> tuple[np.ndarray, float]:
    """Pixels upright and square, and how much they were shrunk."""
    width, height = round(frame.width * aspect), frame.height
    shrunk = min(1.0, longest / max(width, height)) if longest else 1.0
    if shrunk < 1.0:
        width, height = max(round(width * shrunk), 1), max(round(height * shrunk), 1)
        frame = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    elif width != frame.width:
        frame = frame.reformat(width=width, height=height, format="rgb24")
    pixels = frame.to_ndarray(format="rgb24")
    # Telephones store the picture as the sensor lies and say how to turn it; an upside-down face is not found.
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return (np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels), shrunk


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
