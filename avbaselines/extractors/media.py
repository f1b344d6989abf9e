"""Search for recordings below folders, and decoding of their sound with the codecs that PyAV brings along."""

import os
import stat
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from avbaselines.errors import InputError
from avbaselines.extractors.images import IMAGE_SUFFIXES, image_sequence

SAMPLING_RATE = 16000
LOWEST_RATE, HIGHEST_RATE = 1000, 1_000_000

# A declared length is often an estimate; only a clear loss is worth a word.
_SHORT_BY_SECONDS, _SHORT_BY_SHARE = 0.25, 0.02
_CLIPPED_SHARE = 0.001
# A channel below this level beside a louder one is empty; channels whose mean is so much quieter cancel out.
EMPTY_CHANNEL, CANCELLED = 10 ** (-70 / 20), 0.2
_POINTER = b"version https://git-lfs.github.com/spec/"


class MediaError(Exception):
    """Reason why one recording cannot be read, for its status row.

    Examples
    --------
    >>> str(MediaError("no audio stream in the file"))
    'no audio stream in the file'
    """


class Segment(NamedTuple):
    """A part of a recording that is a clip of its own: ``path``, ``start`` and ``end`` in seconds (None = its end).

    Examples
    --------
    >>> Segment(Path("dialogue.wav"), start=2.5).end is None
    True
    """

    path: Path
    start: float = 0.0
    end: float | None = None


class Sound(NamedTuple):
    """Decoded sound: ``samples`` float32 (n,) within [-1, 1), mono at 16 kHz; ``remarks`` on what was lost or odd.

    Examples
    --------
    >>> Sound(np.zeros(16000, np.float32), remarks=[]).samples.shape
    (16000,)
    """

    samples: np.ndarray
    remarks: list[str]


def find_media(
    places: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], suffixes: Collection[str]
) -> dict[str, Path]:
    """Recordings below folders, and single files, by clip name.

    A folder is walked with its links followed, each real folder once. Broken links and folders whose name looks like a
    recording are listed too: they become failed rows rather than silent gaps. Hidden files are left out. Where images
    are looked for, a folder below that holds nothing but images numbered in one sequence is one recording; any other
    image is one of its own.

    Parameters
    ----------
    places
        Folders and files. A file named directly is taken whatever its suffix.
    suffixes
        Suffixes looked for in folders, in lower case with the dot.

    Returns
    -------
    dict of clip name to path
        Sorted. The name is the file's stem; where stems repeat, the path below its folder without suffix; where that
        repeats too, with suffix.

    Raises
    ------
    InputError
        A place does not exist, nothing was found, or two files cannot be told apart.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "b.wav").touch(), (folder / "a.mp4").touch(), (folder / "notes.txt").touch()
    (None, None, None)
    >>> list(find_media(folder, (".wav", ".mp4")))
    ['a', 'b']
    """
    roots = [Path(places)] if isinstance(places, str | os.PathLike) else [Path(place) for place in places]
    files: list[tuple[Path, str]] = []  # each with its path below the folder it was found in
    for place in roots:
        if place.is_dir():
            files += [(path, path.relative_to(place).as_posix()) for path in _walk(place, suffixes)]
        elif os.path.lexists(place):
            files.append((place, place.name))
        else:
            raise InputError(f"{place}: no such file or folder")
    if not files:
        looked = ", ".join(map(str, roots))
        raise InputError(f"{looked}: no recordings found; looked for files named {', '.join(suffixes)}")
    # The same file reached twice (a folder and one of its files) is one clip.
    files = list({os.path.abspath(path): (path, below) for path, below in files}.values())
    return dict(sorted(_name(files).items()))


def _walk(folder: Path, suffixes: Collection[str]) -> Iterator[Path]:
    seen: set[str] = set()
    images = any(suffix in suffixes for suffix in IMAGE_SUFFIXES)
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        if images and parent != str(folder) and image_sequence(parent):
            folders.clear()
            yield Path(parent)
            continue
        disguised = {name for name in folders if _looks_like_media(name, suffixes)}
        folders[:] = sorted(name for name in folders if name not in disguised and not name.startswith("."))
        yield from (Path(parent, name) for name in files if _looks_like_media(name, suffixes))
        yield from (Path(parent, name) for name in disguised)


def _looks_like_media(name: str, suffixes: Collection[str]) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes


def _name(files: Collection[tuple[Path, str]]) -> dict[str, Path]:
    stems = Counter(_stem(path, path.name) for path, _ in files)
    longer = Counter(_stem(path, below) for path, below in files)
    named: dict[str, Path] = {}
    for path, below in files:
        stem, without = _stem(path, path.name), _stem(path, below)
        clip_id = stem if stems[stem] == 1 else without if longer[without] == 1 else below
        if clip_id in named:
            raise InputError(
                f"{path} and {named[clip_id]}: both are the clip {clip_id!r}; give their common folder instead"
            )
        named[clip_id] = path
    return named


def _stem(path: Path, name: str) -> str:
    """A name without its suffix; a folder of frames has none."""
    return name if path.is_dir() and image_sequence(path) else os.path.splitext(name)[0]


def read_sound(
    path: str | Path, start: float = 0.0, end: float | None = None, channel: int | None = None
) -> Sound:
    """Decode the sound of a file (audio or video) as openSMILE wants it.

    Channels are mixed down by their mean, empty ones left out; of channels that cancel each other out the loudest is
    taken. The sound is resampled to 16 kHz by audresample (a band-limited resampler) at high quality; 16 kHz mono PCM
    comes through bit for bit.

    Parameters
    ----------
    path
        Audio or video.
    start, end
        Part to keep, in seconds of the sound's own time.
    channel
        The channel to take, from 1, in place of the mean.

    Raises
    ------
    MediaError
        The file cannot be read, holds no sound or not that channel, or its samples are no numbers.

    Examples
    --------
    >>> import tempfile, wave
    >>> path = Path(tempfile.mkdtemp(), "tone.wav")
    >>> with wave.open(str(path), "wb") as stream:
    ...     stream.setparams((2, 2, 8000, 0, "NONE", ""))
    ...     stream.writeframes(np.zeros((8000, 2), "<i2").tobytes())
    >>> sound = read_sound(path)
    >>> sound.samples.shape, sound.samples.dtype.name
    ((16000,), 'float32')
    """
    import av

    check_file(path)
    try:
        with av.open(os.fspath(path), container_options=_probing(path)) as container:
            if not container.streams.audio:
                raise MediaError("no audio stream in the file")
            stream = container.streams.audio[0]
            stream.codec_context.thread_count = 1
            declared = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
            channels, rate, remarks = _decode(container, stream, end)
    except (av.FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise MediaError(f"cannot be decoded: {_reason(error)}") from None
    if rate is None:
        raise MediaError("; ".join(["no sound in the file (zero samples)", *remarks]))
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        # At 1 Hz a file of 64 kB would become 18 hours of sound.
        raise MediaError(f"a sampling rate of {rate} Hz; what is read lies within {LOWEST_RATE} and {HIGHEST_RATE} Hz")
    mono = _mix(channels, channel, remarks)
    seconds = len(mono) / rate
    expected = declared if end is None else min(end, declared or end)
    missing = _missing_seconds(path) or (expected - seconds if expected else 0.0)
    if missing > max(_SHORT_BY_SECONDS, _SHORT_BY_SHARE * (seconds + missing)) and end is None:
        remarks.append(f"truncated: {seconds:.2f} s of {seconds + missing:.2f} s are there")
    mono = mono[round(start * rate) : None if end is None else round(end * rate)]
    if not np.isfinite(mono).all():
        raise MediaError(f"{np.count_nonzero(~np.isfinite(mono))} samples are not numbers")
    return Sound(_to_16_khz(mono, rate, remarks), remarks)


def check_file(path: str | Path) -> None:
    """Raise a :class:`MediaError` unless the path is a regular file with something in it.

    Examples
    --------
    >>> check_file("nowhere.wav")
    Traceback (most recent call last):
    avbaselines.extractors.media.MediaError: cannot be opened: No such file or directory
    """
    try:
        state = os.stat(path)
    except OSError as error:
        raise MediaError(f"cannot be opened: {error.strerror}") from None
    if stat.S_ISDIR(state.st_mode):
        raise MediaError("is a folder, not a file")
    if not stat.S_ISREG(state.st_mode):
        raise MediaError("is not a regular file")
    if state.st_size == 0:
        raise MediaError("the file is empty (0 bytes)")
    with open(path, "rb") as stream:
        if stream.read(len(_POINTER)) == _POINTER:
            raise MediaError("is a Git LFS pointer, not the recording; fetch it with `git lfs pull`")


def _probing(path: str | Path) -> dict[str, str]:
    """FFmpeg's options for looking into a file; of a wav, whose header says all, it need not search on (4 ms)."""
    with open(path, "rb") as stream:
        return {"probesize": "4096"} if _is_wave(stream) else {}


def _is_wave(stream: BinaryIO) -> bool:
    head = stream.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE"


def _decode(container: Any, stream: Any, end: float | None) -> tuple[np.ndarray, int | None, list[str]]:
    """Everything up to ``end``: samples (channels, n) float32, their rate, remarks."""
    import av

    chunks: list[np.ndarray] = []
    remarks: list[str] = []
    rate: int | None = None
    done = 0
    try:
        for frame in container.decode(stream):
            if rate is not None and frame.sample_rate != rate:
                remarks.append(
                    f"the sampling rate changes to {frame.sample_rate} Hz after {done / rate:.2f} s; rest left out"
                )
                break
            rate = frame.sample_rate
            chunks.append(_channels_of(frame))
            if len(chunks[-1]) != len(chunks[0]):
                mean = chunks[-1].mean(axis=0, dtype=np.float64).astype(np.float32)
                chunks[-1] = np.broadcast_to(mean, (len(chunks[0]), len(mean)))
            done += chunks[-1].shape[1]
            if end is not None and done >= end * rate:
                break
    except av.FFmpegError as error:
        # What was decoded before the damage is worth keeping, and worth saying.
        if not chunks or rate is None:
            raise
        remarks.append(f"damaged after {done / rate:.2f} s ({_reason(error)})")
    if not done:
        return np.zeros((1, 0), np.float32), None, remarks
    return np.concatenate(chunks, axis=1), rate, remarks


def _mix(channels: np.ndarray, channel: int | None, remarks: list[str]) -> np.ndarray:
    """One channel (n,) float32 of several (c, n): the one asked for, else the mean of those that hold something."""
    if channel is not None:
        if channel > len(channels):
            raise MediaError(f"has no channel {channel}, only {len(channels)}")
        return channels[channel - 1]
    if len(channels) == 1:
        return channels[0]
    # libswresample mixes floats down by 1 / sqrt(2) a channel, which overflows: the mean is taken here instead.
    levels = np.sqrt(np.mean(np.square(channels, dtype=np.float64), axis=1))
    loudest = int(np.argmax(np.nan_to_num(levels)))
    empty = (levels < EMPTY_CHANNEL) & (levels[loudest] > 10 * EMPTY_CHANNEL)
    if empty.any():
        shown = ", ".join(str(number) for number in np.flatnonzero(empty) + 1)
        remarks.append(f"of {len(channels)} channels {shown} {'is' if empty.sum() == 1 else 'are'} empty and left out")
    mono = channels[~empty].mean(axis=0, dtype=np.float64)
    if np.sqrt(np.mean(np.square(mono))) < CANCELLED * levels[loudest]:
        remarks.append(f"the channels cancel each other out (opposite phase): only channel {loudest + 1} is used")
        return channels[loudest]
    return mono.astype(np.float32)


def _channels_of(frame: Any) -> np.ndarray:
    """Samples of an audio frame, (channels, n) float32, full scale = 1."""
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype == np.uint8:
        data = (data.astype(np.float32) - 128.0) / 128.0
    elif data.dtype.kind == "i":
        data = data / np.float32(-float(np.iinfo(data.dtype).min))
    return data.astype(np.float32, copy=False)


def _to_16_khz(mono: np.ndarray, rate: int, remarks: list[str]) -> np.ndarray:
    if rate != SAMPLING_RATE and len(mono):
        import audresample

        mono = audresample.resample(np.ascontiguousarray(mono), rate, SAMPLING_RATE)[0]
    beyond = np.count_nonzero(np.abs(mono) > 1.0)
    if beyond > _CLIPPED_SHARE * len(mono):
        remarks.append(f"{beyond / len(mono):.1%} of the samples lie beyond full scale and were clipped")
    # openSMILE multiplies by 32768 and casts to 16 bits, in which +1.0 would wrap round to -1.0.
    return np.clip(mono, -1.0, 32767 / 32768, dtype=np.float32)


def _missing_seconds(path: str | Path) -> float:
    """Seconds that a RIFF header promises and the file lacks; 0 where it is whole or cannot be told.

    FFmpeg shortens the declared length to what is there, so a cut wav would pass unnoticed.
    """
    with open(path, "rb") as stream:
        if not _is_wave(stream):
            return 0.0
        bytes_a_second, size = 0, os.fstat(stream.fileno()).st_size
        while len(chunk := stream.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"fmt ":
                bytes_a_second = struct.unpack("<8xI", stream.read(12))[0]
                stream.seek(length - 12 + length % 2, os.SEEK_CUR)
            elif name == b"data":
                # 0 and 0xFFFFFFFF stand for "unknown" in streamed files
                missing = 0 if length in (0, 0xFFFFFFFF) else stream.tell() + length - size
                return max(missing, 0) / bytes_a_second if bytes_a_second else 0.0
            else:
                stream.seek(length + length % 2, os.SEEK_CUR)
    return 0.0


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
