"""Feature rows of one recording, as every extractor returns them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Rows(NamedTuple):
    """Feature rows of one recording.

    Attributes
    ----------
    X : float32, shape (k, d)
        One row, or one for each window.
    times : float64, shape (k,)
        Centres of the windows in seconds; None = one row for the clip.
    remark
        Empty where all is well; else what makes the result partial.
    duration
        Seconds.
    detection_rate
        Share of frames with a face; NaN for sound.
    info
        Facts about the source that belong into the table's info, such as the scale of intensities.
    several_faces
        Share of frames with more than one face; NaN where nobody counted.

    Examples
    --------
    >>> rows = Rows(np.zeros((1, 2), np.float32), ("a", "b"), None, "", 1.5, float("nan"), {})
    >>> rows.X.shape == (1, len(rows.columns))
    True
    """

    X: np.ndarray
    columns: Sequence[str]
    times: np.ndarray | None
    remark: str
    duration: float
    detection_rate: float
    info: dict[str, Any]
    several_faces: float = np.nan
