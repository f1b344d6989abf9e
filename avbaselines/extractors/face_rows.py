"""From one person's series to feature rows: gaps, windows, functionals, and what is to be said of them."""

import numpy as np

from avbaselines.extractors.face_functionals import describe_face, prepare_series
from avbaselines.extractors.face_tables import FaceFrames
from avbaselines.extractors.functionals import window_bounds
from avbaselines.extractors.media import MediaError
from avbaselines.extractors.recipe import FilmOptions
from avbaselines.extractors.rows import Rows


def face_rows(frames: FaceFrames, options: FilmOptions) -> Rows:
    """Functionals of a series, one row or one a window.

    Raises
    ------
    MediaError
        The series has no face at all.

    Examples
    --------
    >>> values, present = np.array([[0.1], [0.3]]), np.array([True, True])
    >>> info = {"tool": "py-feat", "scale": "0-1"}
    >>> frames = FaceFrames(np.array([0.0, 0.1]), ["AU12"], values, present, None, 1.0, info, [])
    >>> rows = face_rows(frames, FilmOptions())
    >>> rows.columns[0], round(rows.X[0, 0].item(), 2), rows.duration
    ('AU12_mean', 0.2, 0.2)
    """
    if not frames.present.any():
        raise MediaError(f"no face in any of {len(frames.at)} frames")
    remarks = list(frames.remarks)
    if frames.detection_rate < options.min_detection:
        remarks.append(f"a face in only {frames.detection_rate:.0%} of the frames")
    step = float(np.median(np.diff(frames.at))) if len(frames.at) > 1 else 1.0 / options.fps
    duration = float(frames.at[-1] + step)
    series = prepare_series(frames, options.max_gap)
    times = None
    begins, ends = np.array([-np.inf]), np.array([np.inf])
    if options.window is not None and options.hop is not None:
        times, begins, ends = window_bounds(duration, options.window, options.hop)
    X, columns = describe_face(series, begins, ends)
    without = np.count_nonzero(np.isnan(X).any(axis=0))
    if without:
        remarks.append(f"{without} of {X.shape[1]} features are not numbers in some rows")
    rate, several = float(frames.detection_rate), float(frames.several_faces)
    return Rows(X, columns, times, "; ".join(remarks), duration, rate, frames.info, several)
