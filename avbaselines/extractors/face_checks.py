"""Faults of face tables: several recordings in one, and action units beyond their scale."""

from io import StringIO

import numpy as np
import pandas as pd

from avbaselines.extractors.media import MediaError

# What rounding may put a value beyond its scale by, and the share of frames that may be off it in a sound table.
_SLACK, _FEW = 1.02, 0.05


def inputs_of(lines: list[str], separator: str, header: list[str]) -> np.ndarray | None:
    """The file that each row was made from, where the table says so by a column ``input``.

    Examples
    --------
    >>> inputs_of(["frame,input", "0,a.mp4", "0,b.mp4"], ",", ["frame", "input"]).tolist()
    ['a.mp4', 'b.mp4']
    """
    if "input" not in header or len(lines) == 1:
        return None
    text = StringIO("\n".join(lines[1:]))
    column = pd.read_csv(text, header=None, usecols=[header.index("input")], sep=separator, skipinitialspace=True)
    return column.iloc[:, 0].astype(str).to_numpy()


def refuse_restarts(frame: pd.DataFrame, inputs: np.ndarray | None) -> None:
    """Frames that begin anew are another recording, unless the table says that they are another face.

    Parameters
    ----------
    frame
        With columns frame and, where the tool numbers faces, face_id; in the order of the file.
    inputs : shape (n,)
        As `inputs_of` gives them.

    Raises
    ------
    MediaError

    Examples
    --------
    >>> refuse_restarts(pd.DataFrame({"frame": [0, 1, 0, 1], "face_id": [0, 0, 1, 1]}), None)
    """
    if "frame" not in frame or not frame["frame"].duplicated().any():
        return
    faces = frame["face_id"].fillna(-1) if "face_id" in frame else pd.Series(0, frame.index)
    for _, numbers in frame["frame"].groupby(faces, sort=False):
        back = np.flatnonzero(np.diff(numbers.to_numpy(dtype=float)) < 0)
        if len(back):
            row, before = numbers.index[back[0] + 1], numbers.iloc[back[0]]
            named = list(dict.fromkeys(inputs)) if inputs is not None else []
            of = f", such as {named[0]!r} and {named[1]!r}" if len(named) > 1 else ""
            raise MediaError(
                f"line {row + 2}: frames begin anew ({before:g}, then {numbers.iloc[back[0] + 1]:g}): the table holds "
                f"several recordings{of}; write a table for each, named after its clip"
            )


def within_scale(
    values: np.ndarray, names: list[str], present: np.ndarray, tool: str, scale: str
) -> tuple[np.ndarray, list[str]]:
    """Frames with a face whose action units are on their scale, and remarks on the others.

    Parameters
    ----------
    values : shape (t, u)
    names : length u
        In the common form: ``_c`` marks presence, 0 or 1.
    present : bool, shape (t,)
    tool
    scale
        ``0-5`` or ``0-1``, of the intensities.

    Raises
    ------
    MediaError
        More than one frame in twenty is beyond the scale: it is another one.

    Examples
    --------
    >>> values, present = np.full((40, 1), 0.5), np.ones(40, bool)
    >>> values[7] = 9
    >>> trusted, remarks = within_scale(values, ["AU12"], present, "py-feat", "0-1")
    >>> int(trusted.sum()), remarks
    (39, ['1 frames with action units beyond 0 to 1, such as AU12 9, count as without a face'])
    """
    highest = np.array([1.0 if name.endswith("_c") else float(scale[-1]) for name in names])
    beyond = present[:, None] & ((values > highest * _SLACK) | (values < -highest * (_SLACK - 1)))
    wrong, remarks = beyond.any(axis=1), []
    if wrong.any():
        row, unit = np.argwhere(beyond)[0]
        shown = f"{names[unit]} {values[row, unit]:.4g}"
        if wrong.sum() > _FEW * present.sum():
            raise MediaError(
                f"{wrong.sum()} of {present.sum()} frames have action units beyond 0 to {highest[unit]:g}, the scale "
                f"of {tool} here, such as {shown}: divide them, or say scale in the recipe's options"
            )
        remarks.append(
            f"{wrong.sum()} frames with action units beyond 0 to {highest[unit]:g}, such as {shown}, count as without "
            "a face"
        )
    intensities = values[present][:, [not name.endswith("_c") for name in names]]
    if tool == "libreface" and scale == "0-5" and intensities.size and 0 < intensities.max() <= 1:
        remarks.append(
            "no intensity is above 1: if this LibreFace writes 0 to 1, say scale = '0-1' in the recipe's options"
        )
    return present & ~wrong, remarks
