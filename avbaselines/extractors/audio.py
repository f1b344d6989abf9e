"""The extractor ``opensmile``: functionals and low-level descriptors of a recording's sound."""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version as installed
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd

from avbaselines.extractors.functionals import describe, described_columns, silence_ratio, window_bounds
from avbaselines.extractors.media import SAMPLING_RATE, MediaError, Segment, read_sound
from avbaselines.extractors.recipe import OpenSmileOptions
from avbaselines.extractors.rows import Rows

REVISION = 2
"""Raised whenever this module or the decoding changes what a recording yields, so that no cache answers for it."""

# openSMILE needs more than one analysis frame of its longest window; at 50 ms and less it has none.
SHORTEST = 0.06
# In dB below full scale: what is left of a microphone that was off.
NEAR_SILENCE = -70.0


def prepare(options: OpenSmileOptions, paths: Sequence[Path], settings: Mapping[str, Any]) -> str:
    """Versions that shape the features, for the cache's key and the table's info; nothing needs to be looked for.

    None of the arguments is used; extractors share the signature.

    Examples
    --------
    >>> prepare(OpenSmileOptions(feature_set="eGeMAPSv02"), [], {}).endswith(f"revision {REVISION}")
    True
    """
    libraries = (f"{name} {installed(name)}" for name in ("opensmile", "av", "audresample"))
    return ", ".join([*libraries, f"revision {REVISION}"])


def extract_one(segment: Segment, options: OpenSmileOptions, settings: Mapping[str, Any]) -> Rows:
    """Features of one recording.

    Parameters
    ----------
    settings
        Not used.

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.

    Examples
    --------
    >>> import tempfile, wave
    >>> path = Path(tempfile.mkdtemp(), "tone.wav")
    >>> with wave.open(str(path), "wb") as stream:
    ...     stream.setparams((1, 2, 16000, 0, "NONE", ""))
    ...     stream.writeframes((8000 * np.sin(np.arange(16000) / 10)).astype("<i2").tobytes())
    >>> rows = extract_one(Segment(path), OpenSmileOptions(feature_set="eGeMAPSv02"), {})
    >>> rows.X.shape, rows.duration
    ((1, 88), 1.0)
    """
    sound = read_sound(*segment, channel=options.channel)
    samples, remarks = sound.samples, list(sound.remarks)
    duration = len(samples) / SAMPLING_RATE
    if duration < SHORTEST:
        raise MediaError(f"too short: {duration * 1000:.0f} ms; openSMILE needs at least {SHORTEST * 1000:.0f} ms")
    if not samples.any():
        remarks.append("silent: every sample is zero")
    else:
        level = 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))
        if level < NEAR_SILENCE:
            remarks.append(f"near silence: its level is {level:.0f} dB of full scale")
    if options.level == "descriptors":
        X, times, columns = _described(samples, options, duration)
    else:
        X, times, columns = _functionals(samples, options, duration)
    bad = ~np.isfinite(X)
    if bad.all():
        raise MediaError("openSMILE returned no number")
    if bad.any():
        X = np.where(bad, np.nan, X)
        remarks.append(f"{np.count_nonzero(bad.any(axis=0))} of {X.shape[1]} features are not numbers in some rows")
    return Rows(X.astype(np.float32), columns, times, "; ".join(remarks), duration, np.nan, {})


def _functionals(
    samples: np.ndarray, options: OpenSmileOptions, duration: float
) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    smile = _smile(options.feature_set, "Functionals")
    if options.window is None or options.hop is None:
        return _row(smile, samples), None, list(smile.feature_names)
    times, begins, ends = window_bounds(duration, options.window, options.hop)
    X = np.full((len(times), smile.num_features), np.nan, np.float32)
    for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if end - begin >= SHORTEST:
            X[row] = _row(smile, samples[round(begin * SAMPLING_RATE) : round(end * SAMPLING_RATE)])[0]
    return X, times, list(smile.feature_names)


def _described(
    samples: np.ndarray, options: OpenSmileOptions, duration: float
) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    smile = _smile(options.feature_set, "LowLevelDescriptors")
    frame = _process(smile, samples)
    at = frame.index.get_level_values("start").total_seconds().to_numpy()
    times: np.ndarray | None
    if options.window is None or options.hop is None:
        times, begins, ends = None, np.array([0.0]), np.array([duration])
    else:
        times, begins, ends = window_bounds(duration, options.window, options.hop)
    X = describe(frame.to_numpy(dtype=np.float32), at, begins, ends)
    silence = silence_ratio(samples, SAMPLING_RATE, begins, ends)
    return np.column_stack([X, silence]), times, [*described_columns(smile.feature_names), "silence_ratio"]


def _row(smile: Any, samples: np.ndarray) -> np.ndarray:
    """One row of functionals, (1, d) float32."""
    return _process(smile, samples).to_numpy(dtype=np.float32)


def _process(smile: Any, samples: np.ndarray) -> pd.DataFrame:
    with _interrupt_afterwards():
        return smile.process_signal(samples, SAMPLING_RATE)


@contextmanager
def _interrupt_afterwards() -> Iterator[None]:
    """Hold an interrupt back until openSMILE is done.

    openSMILE hands its results to a Python function that C calls. An interrupt that arrives in there cannot get out:
    ctypes prints it and goes on, and what the function was to receive is lost. The person would see a run that does not
    stop and a recording without its features.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught and callable(before):
        before(*caught[0])


@lru_cache(maxsize=8)
def _smile(feature_set: str, level: str) -> Any:
    """The openSMILE object of this process: building one for every file costs more than a short file's features."""
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet[feature_set], getattr(opensmile.FeatureLevel, level))
