"""Simulated faces: action-unit tracks in the table format of OpenFace 2.

Emotion moves the action units that FACS ties to it (Ekman, Friesen & Hager 2002; EMFACS): a smile is AU6 with AU12,
displeasure AU4, often with AU1 and AU15; arousal opens eyes (AU5) and mouth (AU25, AU26). Every face has its own
resting intensities and its own expressiveness.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # scipy.signal is loaded when a voice or a face is made: a study is read without it

FRAMES_PER_SECOND = 30

# how far one standard deviation of (arousal, valence) moves an intensity on OpenFace's scale of 0 to 5
_LOADINGS = {
    "AU01": (0.06, -0.24),
    "AU02": (0.10, 0.00),
    "AU04": (0.04, -0.40),
    "AU05": (0.26, 0.00),
    "AU06": (0.04, 0.50),
    "AU07": (0.08, 0.06),
    "AU09": (0.02, -0.10),
    "AU10": (0.04, 0.04),
    "AU12": (0.06, 0.62),
    "AU14": (0.00, 0.10),
    "AU15": (0.00, -0.20),
    "AU17": (0.00, -0.10),
    "AU20": (0.08, -0.08),
    "AU23": (0.05, -0.10),
    "AU25": (0.26, 0.05),
    "AU26": (0.22, 0.00),
    "AU45": (0.05, 0.00),
}
ACTION_UNITS = tuple(_LOADINGS)
"""The 17 action units to which OpenFace gives an intensity (AU28 has a presence only)."""

_POSE = ("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")
_POSE_FORMAT = ("%.1f",) * 3 + ("%.3f",) * 3
_PRESENT = (*ACTION_UNITS[:-1], "AU28", ACTION_UNITS[-1])
COLUMNS = (
    ("frame", "timestamp", "confidence", "success")
    + _POSE
    + tuple(f"{unit}_r" for unit in ACTION_UNITS)
    + tuple(f"{unit}_c" for unit in _PRESENT)
)
"""Columns of a table, in OpenFace's order (gaze, landmarks and shape parameters left out)."""

_FORMAT = ",".join(
    ("%d", "%.3f", "%.2f", "%d") + _POSE_FORMAT + ("%.2f",) * len(ACTION_UNITS) + ("%d",) * len(_PRESENT)
)
_THRESHOLD = 1.0  # intensity from which an action unit is called present


@dataclass(frozen=True)
class FaceTraits:
    """A speaker's face before any emotion.

    Attributes
    ----------
    rest
        Resting intensity of each of `ACTION_UNITS`, shape (17,); below 0 means that some effort is needed to show it.
    expressiveness
        Factor on all that emotion does to this face.
    pose
        Habitual head position in mm and rotation in radians, shape (6,).

    Examples
    --------
    >>> FaceTraits(rest=np.zeros(17), expressiveness=1.0, pose=np.zeros(6)).rest.shape
    (17,)
    """

    rest: np.ndarray
    expressiveness: float
    pose: np.ndarray


def draw_traits(rng: np.random.Generator) -> FaceTraits:
    """Draw a speaker's face.

    Examples
    --------
    >>> draw_traits(np.random.default_rng(0)).pose.shape
    (6,)
    """
    return FaceTraits(
        rest=rng.normal(0.45, 0.45, len(ACTION_UNITS)),
        expressiveness=np.exp(rng.normal(0, 0.3)),
        pose=rng.normal([0, 30, 600, 0.1, 0, 0], [20, 15, 60, 0.1, 0.1, 0.05]),
    )


def show(
    traits: FaceTraits, arousal: float, valence: float, seconds: float, rng: np.random.Generator, seen: bool = True
) -> np.ndarray:
    """Move a face for one clip.

    Parameters
    ----------
    arousal, valence
        What the face expresses, in standard deviations.
    seconds
        Length of the clip.
    seen
        False: the detector finds no face in any frame.

    Returns
    -------
    numpy.ndarray
        Shape (frames, len(COLUMNS)), at `FRAMES_PER_SECOND`; a frame without a face is zero but for its number
        and time.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> show(draw_traits(rng), arousal=1.0, valence=-1.0, seconds=2.0, rng=rng).shape == (60, len(COLUMNS))
    True
    """
    frames = round(seconds * FRAMES_PER_SECOND)
    number = np.arange(frames)
    intensity = _intensities(traits, arousal, valence, frames, rng)
    lip_suck = rng.random((frames, 1)) < 0.02
    present = np.column_stack([intensity[:, :-1] >= _THRESHOLD, lip_suck, intensity[:, -1] >= _THRESHOLD])
    pose = traits.pose + np.array([6, 4, 8, 0.05, 0.06, 0.03]) * _wander(frames, 6, 0.95, rng)
    confidence = np.clip(0.95 + 0.03 * _wander(frames, 1, 0.8, rng), 0.8, 0.98)
    success = _detected(frames, rng) if seen else np.zeros(frames)
    measured = np.column_stack([confidence, np.ones(frames), pose, intensity, present]) * success[:, None]
    return np.column_stack([number + 1, number / FRAMES_PER_SECOND, measured])


def openface_text(table: np.ndarray) -> str:
    """Write a table as OpenFace does: spaces after the commas of the header, none in the rows.

    Parameters
    ----------
    table
        As `show` gives it.

    Returns
    -------
    str
        The csv file, lines ended by a line feed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> text = openface_text(show(draw_traits(rng), 0.0, 0.0, seconds=1.0, rng=rng))
    >>> text.splitlines()[0].split(", ")[:3]
    ['frame', 'timestamp', 'confidence']
    """
    return "\n".join([", ".join(COLUMNS), *(_FORMAT % tuple(row) for row in table), ""])


def _intensities(
    traits: FaceTraits, arousal: float, valence: float, frames: int, rng: np.random.Generator
) -> np.ndarray:
    """Intensity of each action unit in each frame, shape (frames, 17), within [0, 5]."""
    moved = traits.expressiveness * (np.array(list(_LOADINGS.values())) @ [arousal, valence])
    moved = moved + rng.normal(0, 0.22, moved.size)
    # onset, apex, offset: from about half to the full expression and back
    at = np.linspace(0, 1, frames)
    apex, width = rng.uniform(0.35, 0.65), rng.uniform(0.3, 0.5)
    envelope = 0.5 + 0.5 * np.exp(-0.5 * ((at - apex) / width) ** 2)
    tracks = traits.rest + envelope[:, None] * moved + 0.18 * _wander(frames, moved.size, 0.85, rng)
    mouth = [ACTION_UNITS.index("AU25"), ACTION_UNITS.index("AU26")]
    tracks[:, mouth] += 0.3 * np.abs(_wander(frames, 1, 0.6, rng))  # speaking opens it too
    blinks = rng.random(frames) < 0.35 / FRAMES_PER_SECOND
    tracks[:, -1] += np.convolve(blinks, [0.8, 2.0, 1.6, 0.6])[:frames]
    return np.clip(tracks, 0.0, 5.0)


def _wander(frames: int, count: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    """First-order autoregressive noise of about unit variance, shape (frames, count)."""
    return scipy.signal.lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=(frames, count)), axis=0)


def _detected(frames: int, rng: np.random.Generator) -> np.ndarray:
    """1 where the face is found; one clip in four loses it for a stretch, as when a head turns away."""
    success = np.ones(frames)
    if rng.random() < 0.25:
        start = rng.integers(frames)
        success[start : start + rng.integers(2, 2 + frames // 3)] = 0
    return success
