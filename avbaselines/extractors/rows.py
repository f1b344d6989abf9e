"""What an extractor hands back for one recording."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
    """Feature rows of one recording.

    Attributes
    ----------
    X : ndarray of float32, shape (k, d)
        One row, or one for each window.
    columns : sequence of str, length d
    times : ndarray of float64, shape (k,), or None
        Centres of the windows in seconds; None = one row for the clip.
    remark : str
        Empty where all is well; else what makes the result partial.
    duration : float
        Seconds.
    detection_rate : float
        Share of frames with a face; NaN for sound.
    info : dict
        Facts about the source that belong into the table's info, such as the scale of intensities.
    several_faces : float
        Share of frames with more than one face; NaN where nobody counted.
    """

    X: np.ndarray
    columns: Sequence[str]
    times: np.ndarray | None
    remark: str
    duration: float
    detection_rate: float
    info: dict
    several_faces: float = np.nan
