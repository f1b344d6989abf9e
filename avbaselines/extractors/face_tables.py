"""Frame tables of face tools, read into one form: OpenFace 2, Py-Feat, LibreFace and the AVEC challenges' FAU files."""

import re
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.extractors.media import MediaError, check_file

_SEPARATORS = (",", ";", "\t")
_NOT_NUMBERS = ["nan", "NaN", "-nan", "-nan(ind)", "NA", ""]
_COMMON = ("frame", "success", "facerectwidth", "facerectheight", "pose_tz")
_OPENFACE_UNITS = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")


class FaceFrames(NamedTuple):
    """Action units of one person, frame by frame.

    Attributes
    ----------
    at : ndarray, shape (t,)
        Seconds, ascending.
    names : list of str, length u
        Units as the tables call them: ``AU06_r`` and ``AU06_c`` (intensity 0 to 5, presence), ``AU06`` (0 to 1).
    values : ndarray, shape (t, u)
        Meaningless where there is no face.
    present : ndarray of bool, shape (t,)
        Frames with a face that can be trusted.
    pose : ndarray, shape (t, 3), or None
        Pitch, yaw and roll in degrees.
    detection_rate : float
        Share of the frames with such a face; frames the table leaves out count as without.
    info : dict
        ``tool`` and ``scale`` ("0-5" or "0-1").
    remarks : list of str
    """

    at: np.ndarray
    names: list
    values: np.ndarray
    present: np.ndarray
    pose: np.ndarray | None
    detection_rate: float
    info: dict
    remarks: list


class _Layout(NamedTuple):
    """How one tool lays out its table; columns are compared in lower case."""

    tool: str
    scale: str
    mark: str
    units: str
    expected: tuple
    needed: tuple
    confidence: str | None
    time: tuple
    pose: tuple
    radians: bool


# The first layout whose `mark` matches a column, and that has an action unit, is the table's.
LAYOUTS = (
    _Layout(
        "libreface", "0-5", r"au_\d+_intensity", r"au_\d+(_intensity)?",
        (), (), None, (("frame_time_in_ms", 1e-3),), ("pitch", "yaw", "roll"), False,
    ),
    _Layout(
        "avec", "0-5", "frametime", r"au\d+_[rc]",
        tuple(f"au{u}_r" for u in _OPENFACE_UNITS), ("confidence",), "confidence", (("frametime", 1.0),), (), False,
    ),
    _Layout(
        "openface", "0-5", r"au\d+_[rc]", r"au\d+_[rc]",
        tuple(f"au{u}_r" for u in _OPENFACE_UNITS), ("confidence", "success"), "confidence", (("timestamp", 1.0),),
        ("pose_rx", "pose_ry", "pose_rz"), True,
    ),
    _Layout(
        "py-feat", "0-1", "facescore", r"au\d+",
        (), ("frame",), "facescore", (), ("pitch", "yaw", "roll"), False,
    ),
)  # fmt: skip


def read_face_table(path, options, fps=None):
    """Read the frame table of any of the known tools.

    Where a frame has several faces, the one with the largest product of confidence and size is kept (size: the box of
    Py-Feat, the nearness of OpenFace's head pose).

    Parameters
    ----------
    path : str or Path
    options : FaceOptions
    fps : float, optional
        Frame rate known from the video itself; ``options.fps`` where neither it nor a time column is there.

    Returns
    -------
    FaceFrames

    Raises
    ------
    MediaError
        Not a table of a known tool, columns missing, damaged, or without frames.
    """
    check_file(path)
    lines, remarks = _lines(path)
    separator = max(_SEPARATORS, key=lines[0].count)
    header = [name.strip().strip("\"'").lower() for name in lines[0].split(separator)]
    layout = _recognise(header, options.tables)
    return face_frames(_parse(lines, separator, header, layout), options, fps=fps)._replace(remarks=remarks)


def face_frames(frame, options, fps=None):
    """Bring a tool's columns into the common form.

    Parameters
    ----------
    frame : DataFrame
        Numbers under the tool's column names in lower case, a row for each face of each frame.
    options, fps
        As in :func:`read_face_table`.

    Returns
    -------
    FaceFrames
    """
    layout = _recognise(list(frame.columns), options.tables)
    if not len(frame):
        raise MediaError("the table has a header and no frames")
    frame = _one_face(frame, layout)
    units = [name for name in frame if re.fullmatch(layout.units, name)]
    values = frame[units].to_numpy(dtype=float)
    confidence = frame[layout.confidence].to_numpy(dtype=float) if layout.confidence else np.ones(len(frame))
    # a confidence that is not a number compares as False: no face
    present = np.isfinite(values).all(axis=1) & (confidence >= options.min_confidence)
    if "success" in frame:
        present &= frame["success"].to_numpy(dtype=float) == 1
    info = {"tool": layout.tool, "scale": layout.scale}
    at, total = _times(frame, layout, options, fps)
    pose = None
    if layout.pose and set(layout.pose) <= set(frame):
        pose = frame[list(layout.pose)].to_numpy(dtype=float)
        pose = np.degrees(pose) if layout.radians else pose
    names = [_unit_name(name) for name in units]
    return FaceFrames(at, names, values, present, pose, present.sum() / total, info, [])


def _lines(path):
    data = Path(path).read_bytes()
    if b"\0" in data:
        raise MediaError("is not a text table (it holds zero bytes)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise MediaError("the table is empty")
    separator = max(_SEPARATORS, key=lines[0].count)
    fields = lines[0].count(separator) + 1
    remarks = []
    if len(lines) > 2 and not text.endswith(("\n", "\r")) and lines[-1].count(separator) + 1 < fields:
        lines.pop()
        remarks.append("truncated: the last line is cut and was left out")
    for number, line in enumerate(lines, 1):
        if line.count(separator) + 1 != fields and '"' not in line:
            raise MediaError(
                f"line {number} has {line.count(separator) + 1} fields where the header has {fields} "
                f"(separated by {separator!r})"
            )
    return lines, remarks


def _recognise(header, wanted):
    for layout in LAYOUTS:
        if wanted in ("any", layout.tool) and any(re.fullmatch(layout.mark, name) for name in header):
            if not any(re.fullmatch(layout.units, name) for name in header):
                raise MediaError(f"looks like a table of {layout.tool} without any action-unit column")
            missing = [_shown(name) for name in (*layout.needed, *layout.expected) if name not in header]
            if missing:
                raise MediaError(f"a table of {layout.tool} without the columns {', '.join(missing)}")
            return layout
    known = ", ".join(layout.tool for layout in LAYOUTS) if wanted == "any" else wanted
    raise MediaError(f"not a face table of {known}; its columns start with {', '.join(header[:5])}")


def _parse(lines, separator, header, layout):
    """The columns in use, as numbers."""
    wanted = {*_COMMON, layout.confidence, *layout.pose, *(name for name, _ in layout.time)}
    used = [i for i, name in enumerate(header) if name in wanted or re.fullmatch(layout.units, name)]
    doubled = [header[i] for i in used if header.count(header[i]) > 1]
    if doubled:
        raise MediaError(f"the column {doubled[0]} stands there twice")
    if len(lines) == 1:
        return pd.DataFrame(columns=[header[i] for i in used], dtype=float)
    text = StringIO("\n".join(lines[1:]))
    numbers = {"sep": separator, "skipinitialspace": True, "na_values": _NOT_NUMBERS, "low_memory": False}
    body = pd.read_csv(text, header=None, usecols=used, **numbers)
    body.columns = [header[i] for i in used]
    for name in body:
        numbers = pd.to_numeric(body[name], errors="coerce")
        wrong = numbers.isna() & body[name].notna()
        if wrong.any():
            line = int(np.flatnonzero(wrong)[0])
            raise MediaError(f"column {name}, line {line + 2}: {str(body[name].iloc[line])[:40]!r} is not a number")
        body[name] = numbers
    return body.replace([np.inf, -np.inf], np.nan)


def _one_face(frame, layout):
    """One row a frame, in the order of frames."""
    if "frame" not in frame:
        return frame
    if frame["frame"].isna().any():
        raise MediaError("the column frame has gaps")
    if frame["frame"].duplicated().any():
        weight = frame[layout.confidence].fillna(0.0) if layout.confidence else pd.Series(1.0, frame.index)
        if {"facerectwidth", "facerectheight"} <= set(frame):
            weight = weight * (frame["facerectwidth"] * frame["facerectheight"]).fillna(0.0)
        elif "pose_tz" in frame:
            weight = weight / frame["pose_tz"].where(frame["pose_tz"] > 0, np.inf).fillna(np.inf) ** 2
        order = frame.assign(_weight=weight).sort_values(["frame", "_weight"], kind="stable")
        frame = order.drop_duplicates("frame", keep="last").drop(columns="_weight")
    return frame.sort_values("frame", kind="stable").reset_index(drop=True)


def _times(frame, layout, options, fps):
    """Seconds of every row, and how many rows there would be if the tool had left out none."""
    at = None
    for name, unit in layout.time:
        if name in frame and frame[name].notna().all():
            at = frame[name].to_numpy(dtype=float) * unit
    number = frame["frame"].to_numpy(dtype=float) if "frame" in frame else np.arange(len(frame), dtype=float)
    # tables made from image sequences carry a time column of zeros
    if at is None or (len(at) > 1 and not (np.diff(at) > 0).all()):
        # OpenFace counts frames from 1, Py-Feat from 0
        at = (number - (layout.tool == "openface")) / (fps or options.fps)
    # Some tools write no row for a frame without a face.
    steps = np.diff(number if "frame" in frame else at)
    if not len(steps):
        return at, len(frame)
    span = (number[-1] - number[0]) if "frame" in frame else at[-1] - at[0]
    return at, max(len(frame), round(span / np.median(steps)) + 1)


def _shown(name):
    return _unit_name(name) if name.startswith("au") else name


def _unit_name(name):
    """``au_1_intensity`` and ``au01_r`` are both ``AU01_r``."""
    number = int(re.search(r"\d+", name).group())
    if name.endswith(("_r", "_intensity")):
        kind = "_r"
    elif name.endswith("_c") or name.startswith("au_"):
        kind = "_c"
    else:
        kind = ""
    return f"AU{number:02d}{kind}"
