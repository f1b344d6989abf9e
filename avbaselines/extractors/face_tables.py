"""Frame tables of face tools, read into one form: OpenFace 2, Py-Feat, LibreFace and the AVEC challenges' FAU files."""

import re
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.extractors.face_checks import inputs_of, refuse_restarts, within_scale
from avbaselines.extractors.face_tracks import Person, follow
from avbaselines.extractors.media import MediaError, check_file
from avbaselines.extractors.recipe import FaceOptions

_SEPARATORS = (",", ";", "\t")
_NOT_NUMBERS = ["nan", "NaN", "-nan", "-nan(ind)", "NA", ""]
_BOX = ("facerectx", "facerecty", "facerectwidth", "facerectheight")
_COMMON = ("frame", "success", *_BOX, "face_id", "pose_tx", "pose_tz")
_LARGEST_RADIANS = np.pi / 2
_OPENFACE_UNITS = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")


class FaceFrames(NamedTuple):
    """Action units of one person, frame by frame.

    Attributes
    ----------
    at : shape (t,)
        Seconds, ascending.
    names : length u
        Units as the tables call them: ``AU06_r`` and ``AU06_c`` (intensity 0 to 5, presence), ``AU06`` (0 to 1).
    values : shape (t, u)
        Meaningless where there is no face.
    present : bool, shape (t,)
        Frames with a face that can be trusted.
    pose : shape (t, 3)
        Pitch, yaw and roll in degrees.
    detection_rate
        Share of the frames with such a face; frames the table leaves out count as without.
    info
        ``tool`` and ``scale`` ("0-5", "0-1" or "face", for measures in units of the face).
    remarks
    several_faces
        Share of the frames with more than one such face; NaN where the tool sees only one.
    """

    at: np.ndarray
    names: list[str]
    values: np.ndarray
    present: np.ndarray
    pose: np.ndarray | None
    detection_rate: float
    info: dict
    remarks: list[str]
    several_faces: float = np.nan


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


def read_face_table(path: str | Path, options: FaceOptions, fps: float | None = None) -> FaceFrames:
    """Read the frame table of any of the known tools.

    Where frames have several faces, one person is followed (see :func:`avbaselines.extractors.face_tracks.follow`): by
    the boxes of Py-Feat, by OpenFace's own number of a face; without either, the face with the largest product of
    confidence and size is kept in each frame (size: the nearness of OpenFace's head pose).

    Parameters
    ----------
    path
    options
    fps
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
    frame = _parse(lines, separator, header, layout)
    # Releases that write gaze write radians; some tables carry neither gaze nor a word on their release.
    by_columns = any(name.startswith("gaze_") for name in header)
    refuse_restarts(frame, inputs_of(lines, separator, header))
    frames = face_frames(frame, options, fps=fps, has_gaze=by_columns)
    return frames._replace(remarks=[*remarks, *frames.remarks])


def face_frames(
    frame: pd.DataFrame, options: FaceOptions, fps: float | None = None, has_gaze: bool = False
) -> FaceFrames:
    """Bring a tool's columns into the common form.

    Parameters
    ----------
    frame
        Numbers under the tool's column names in lower case, a row for each face of each frame.
    options, fps
        As in :func:`read_face_table`.
    has_gaze
        Whether the table came with columns of gaze, which mark Py-Feat's releases from 0.7 on.

    Returns
    -------
    FaceFrames
    """
    layout = _recognise(list(frame.columns), options.tables)
    if not len(frame):
        raise MediaError("the table has a header and no frames")
    several = _frames_with_several(frame, layout, options)
    frame = _one_face(frame, layout, options)
    units = [name for name in frame if re.fullmatch(layout.units, name)]
    values = frame[units].to_numpy(dtype=float)
    confidence = frame[layout.confidence].to_numpy(dtype=float) if layout.confidence else np.ones(len(frame))
    # a confidence that is not a number compares as False: no face
    present = np.isfinite(values).all(axis=1) & (confidence >= options.min_confidence)
    if "success" in frame:
        present &= frame["success"].to_numpy(dtype=float) == 1
    scale = layout.scale if options.scale == "auto" else options.scale
    present, remarks = within_scale(values, [_unit_name(name) for name in units], present, layout.tool, scale)
    info = {"tool": layout.tool, "scale": scale}
    at, total = _times(frame, layout, options, fps)
    pose = None
    if layout.pose and set(layout.pose) <= set(frame):
        pose = frame[list(layout.pose)].to_numpy(dtype=float)
        radians = layout.radians
        if layout.tool == "py-feat":
            radians, info["pose"] = _pyfeat_radians(pose[present], options.pose, has_gaze)
        pose = np.degrees(pose) if radians else pose
    names = [_unit_name(name) for name in units]
    several = several if np.isnan(several) else several / total
    return FaceFrames(at, names, values, present, pose, present.sum() / total, info, remarks, several)


def _pyfeat_radians(pose: np.ndarray, said: str, has_gaze: bool) -> tuple[bool, str]:
    """Whether Py-Feat wrote radians (releases 0.7 and later) or degrees (0.4 to 0.6), and how that was told."""
    if said != "auto":
        return said == "radians", f"{said}, as the recipe says"
    if has_gaze:
        return True, "radians, told by the columns"
    # No head stays within 1.6 degrees of straight ahead by all three angles in all frames of a recording.
    small = np.nanmax(np.abs(pose), initial=0.0) <= _LARGEST_RADIANS
    return bool(small), f"{'radians' if small else 'degrees'}, told by the values"


def _lines(path: str | Path) -> tuple[list[str], list[str]]:
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


def _recognise(header: list[str], wanted: str) -> _Layout:
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


def _parse(lines: list[str], separator: str, header: list[str], layout: _Layout) -> pd.DataFrame:
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


def _one_face(frame: pd.DataFrame, layout: _Layout, options: FaceOptions) -> pd.DataFrame:
    """One row a frame, that of the followed person, in the order of frames."""
    if "frame" not in frame:
        return frame
    if frame["frame"].isna().any():
        raise MediaError("the column frame has gaps")
    frame = frame.sort_values("frame", kind="stable").reset_index(drop=True)
    if not frame["frame"].duplicated().any():
        return frame
    weight = frame[layout.confidence].fillna(0.0) if layout.confidence else pd.Series(1.0, frame.index)
    if set(_BOX) <= set(frame):
        boxes = frame[list(_BOX)].fillna(0.0).to_numpy(dtype=float)
        weight = weight * boxes[:, 2] * boxes[:, 3]
        seen = np.flatnonzero(weight > 0)
        number = frame["frame"].to_numpy(dtype=float)
        kept = follow(number[seen], boxes[seen], weight.to_numpy()[seen], options.person, max_gap=options.fps)
        chosen = seen[kept]
    else:
        if {"facerectwidth", "facerectheight"} <= set(frame):
            weight = weight * (frame["facerectwidth"] * frame["facerectheight"]).fillna(0.0)
        elif "pose_tz" in frame:
            weight = weight / frame["pose_tz"].where(frame["pose_tz"] > 0, np.inf).fillna(np.inf) ** 2
        chosen = _by_number(frame, weight, options.person)
    # A frame in which somebody else is seen is one without the person.
    others = frame.drop(index=chosen)
    others = others[~others["frame"].isin(frame.loc[chosen, "frame"])].drop_duplicates("frame")
    blank = [name for name in frame if name != "frame" and name not in dict(layout.time)]
    others[blank] = np.nan
    return pd.concat([frame.loc[chosen], others]).sort_values("frame", kind="stable").reset_index(drop=True)


def _by_number(frame: pd.DataFrame, weight: pd.Series, person: Person) -> np.ndarray:
    """Rows of one person where there are no boxes: by the tool's own number of the face, else the heaviest a frame."""
    if "face_id" in frame and frame["face_id"].notna().all():
        faces = frame.assign(_weight=weight).groupby("face_id", sort=False)
        ranks = {
            "largest": -faces["_weight"].sum(),
            "first": faces["frame"].min(),
            "leftmost": faces["pose_tx"].mean() if "pose_tx" in frame else -faces["_weight"].sum(),
        }
        return np.flatnonzero(frame["face_id"] == ranks[person].idxmin())
    order = frame.assign(_weight=weight).sort_values(["frame", "_weight"], kind="stable")
    return order.drop_duplicates("frame", keep="last").index.to_numpy()


def _frames_with_several(frame: pd.DataFrame, layout: _Layout, options: FaceOptions) -> float:
    """How many frames show more than one face; NaN where the tool sees only one."""
    several = "frame" in frame and frame["frame"].duplicated().any()
    if layout.tool != "py-feat" and not several:
        return np.nan
    trusted = frame[frame[layout.confidence] >= options.min_confidence] if layout.confidence else frame
    return float((trusted["frame"].value_counts() > 1).sum())


def _times(
    frame: pd.DataFrame, layout: _Layout, options: FaceOptions, fps: float | None
) -> tuple[np.ndarray, int]:
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


def _shown(name: str) -> str:
    return _unit_name(name) if name.startswith("au") else name


def _unit_name(name: str) -> str:
    """``au_1_intensity`` and ``au01_r`` are both ``AU01_r``."""
    number = int(re.sub(r"\D", "", name))
    if name.endswith(("_r", "_intensity")):
        kind = "_r"
    elif name.endswith("_c") or name.startswith("au_"):
        kind = "_c"
    else:
        kind = ""
    return f"AU{number:02d}{kind}"
