"""The extractor ``opensmile``: functionals and low-level descriptors of a recording's sound."""

import signal
import threading
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version as installed

import numpy as np

from avbaselines.extractors.functionals import describe, described_columns, silence_ratio, window_bounds
from avbaselines.extractors.media import SAMPLING_RATE, MediaError, read_sound
from avbaselines.extractors.rows import Rows

REVISION = 2
"""Raised whenever this module or the decoding changes what a recording yields, so that no cache answers for it."""

# openSMILE needs more than one analysis frame of its longest window; at 50 ms and less it has none.
SHORTEST = 0.06
# In dB below full scale: what is left of a microphone that was off.
NEAR_SILENCE = -70.0


def prepare(options, paths, settings):
    """Versions that shape the features, for the cache's key and the table's info; nothing needs to be looked for.

    Parameters
    ----------
    options : OpenSmileOptions
    paths : list of Path
    settings : dict
        Not used.

    Returns
    -------
    str
    """
    libraries = (f"{name} {installed(name)}" for name in ("opensmile", "av", "audresample"))
    return ", ".join([*libraries, f"revision {REVISION}"])


def extract_one(segment, options, settings):
    """Features of one recording.

    Parameters
    ----------
    segment : Segment
    options : OpenSmileOptions
    settings : dict
        Not used.

    Returns
    -------
    Rows

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.
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


def _functionals(samples, options, duration):
    smile = _smile(options.feature_set, "Functionals")
    if options.window is None:
        return _row(smile, samples), None, list(smile.feature_names)
    times, begins, ends = window_bounds(duration, options.window, options.hop)
    X = np.full((len(times), smile.num_features), np.nan, np.float32)
    for row, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if end - begin >= SHORTEST:
            X[row] = _row(smile, samples[round(begin * SAMPLING_RATE) : round(end * SAMPLING_RATE)])[0]
    return X, times, list(smile.feature_names)


def _described(samples, options, duration):
    smile = _smile(options.feature_set, "LowLevelDescriptors")
    frame = _process(smile, samples)
    at = frame.index.get_level_values("start").total_seconds().to_numpy()
    if options.window is None:
        times, begins, ends = None, [0.0], [duration]
    else:
        times, begins, ends = window_bounds(duration, options.window, options.hop)
    X = describe(frame.to_numpy(dtype=np.float32), at, begins, ends)
    silence = silence_ratio(samples, SAMPLING_RATE, begins, ends)
    return np.column_stack([X, silence]), times, [*described_columns(smile.feature_names), "silence_ratio"]


def _row(smile, samples):
    """One row of functionals, (1, d) float32."""
    return _process(smile, samples).to_numpy(dtype=np.float32)


def _process(smile, samples):
    with _interrupt_afterwards():
        return smile.process_signal(samples, SAMPLING_RATE)


@contextmanager
def _interrupt_afterwards():
    """Hold an interrupt back until openSMILE is done.

    openSMILE hands its results to a Python function that C calls. An interrupt that arrives in there cannot get out:
    ctypes prints it and goes on, and what the function was to receive is lost. The person would see a run that does not
    stop and a recording without its features.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = []
    before = signal.signal(signal.SIGINT, lambda *received: caught.append(received))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught and callable(before):
        before(*caught[0])


@lru_cache(maxsize=8)
def _smile(feature_set, level):
    """The openSMILE object of this process: building one for every file costs more than a short file's features."""
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet[feature_set], getattr(opensmile.FeatureLevel, level))
