"""The extractor ``face``: action-unit functionals from the tables of face tools, or from videos by py-feat."""

import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.extractors import pyfeat
from avbaselines.extractors.face_functionals import describe_face, prepare_series
from avbaselines.extractors.face_tables import face_frames, read_face_table
from avbaselines.extractors.functionals import window_bounds
from avbaselines.extractors.media import MediaError, check_file
from avbaselines.extractors.recipe import VIDEO_SUFFIXES
from avbaselines.extractors.rows import Rows

REVISION = 1
"""Raised whenever the reading or the functionals change what a recording yields, so that no cache answers for it."""


def prepare(options, paths, settings):
    """Look for everything that the recordings will need, before the first of them is touched.

    Parameters
    ----------
    options : FaceOptions
    paths : list of Path
    settings : dict
        ``face_python``: interpreter that has py-feat (default: ``$AVBASELINES_FACE_PYTHON``, else this one).

    Returns
    -------
    str
        Versions that shape the features.

    Raises
    ------
    InputError
        There are videos, and py-feat, a library it needs or its weights are missing.
    """
    revision = f"face tables revision {REVISION}"
    if options.videos and any(_is_video(path) for path in paths):
        return f"py-feat {pyfeat.check(settings.get('face_python'))}, {revision}"
    return revision


def extract_one(segment, options, settings):
    """Action-unit functionals of one recording.

    Parameters
    ----------
    segment : Segment
    options : FaceOptions
    settings : dict
        As in :func:`prepare`; and ``store``, ``content`` (the recording's sha256) and ``version``, under which the
        frames that py-feat saw are kept for other recipes.

    Returns
    -------
    Rows

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.
    """
    path, start, end = segment
    if _is_video(path):
        if not options.videos:
            raise MediaError("is a video; this recipe reads tables only (use the recipe action-units)")
        frames = _from_video(path, options, settings)
    else:
        frames = read_face_table(path, options)
    if start or end is not None:
        frames = _cut(frames, start, end)
    if not frames.present.any():
        raise MediaError(f"no face in any of {len(frames.at)} frames")
    remarks = list(frames.remarks)
    if frames.detection_rate < options.min_detection:
        remarks.append(f"a face in only {frames.detection_rate:.0%} of the frames")
    step = float(np.median(np.diff(frames.at))) if len(frames.at) > 1 else 1.0 / options.fps
    duration = float(frames.at[-1] + step)
    series = prepare_series(frames, options.max_gap)
    if options.window is None:
        times, begins, ends = None, [-np.inf], [np.inf]
    else:
        times, begins, ends = window_bounds(duration, options.window, options.hop)
    X, columns = describe_face(series, begins, ends)
    without = np.count_nonzero(np.isnan(X).any(axis=0))
    if without:
        remarks.append(f"{without} of {X.shape[1]} features are not numbers in some rows")
    return Rows(X, columns, times, "; ".join(remarks), duration, float(frames.detection_rate), frames.info)


def _is_video(path):
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def _from_video(path, options, settings):
    check_file(path)
    fps = _frame_rate(path)
    # Seeing the faces costs hours where the statistics cost seconds: frames are kept for every recipe to come.
    store, content = settings.get("store"), settings.get("content")
    seen = {"version": settings.get("version"), "skip_frames": options.skip_frames}
    group = f"frames-{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]}"
    rows = store.get(group, content) if store is not None and content else None
    if rows is None:
        rows = _detect(path, options, settings)
        if store is not None and content:
            store.put(group, content, rows, {"recipe": "frames of py-feat", **seen})
    frame = pd.DataFrame(rows.X.astype(float), columns=rows.columns)
    return face_frames(frame, options.model_copy(update={"tables": "py-feat"}), fps)


def _detect(path, options, settings):
    """py-feat's frame table of a video as rows, with its column names in lower case."""
    with tempfile.TemporaryDirectory(prefix="avbaselines-") as folder:
        table = Path(folder) / "frames.csv"
        pyfeat.detect(path, table, options, settings.get("face_python"))
        try:
            frame = pd.read_csv(table).rename(columns=str.lower)
            X = frame.to_numpy(dtype=np.float32)
        except (OSError, ValueError) as error:
            raise MediaError(f"py-feat left no readable table of frames ({error})") from None
    return Rows(X, list(frame.columns), None, "", np.nan, np.nan, {})


def _frame_rate(path):
    """Frames a second of a video; reading it first tells a broken video from a broken installation."""
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError("no video stream in the file")
            rate = container.streams.video[0].average_rate
            if next(container.decode(video=0), None) is None or not rate:
                raise MediaError("no picture in the file")
            return float(rate)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"cannot be decoded: {getattr(error, 'strerror', None) or error}") from None


def _cut(frames, start, end):
    keep = frames.at >= start if end is None else (frames.at >= start) & (frames.at < end)
    if not keep.any():
        raise MediaError(f"no frames between {start:g} s and {'the end' if end is None else f'{end:g} s'}")
    pose = None if frames.pose is None else frames.pose[keep]
    present = frames.present[keep]
    return frames._replace(
        at=frames.at[keep] - start,
        values=frames.values[keep],
        present=present,
        pose=pose,
        detection_rate=present.mean(),
    )
