"""Features as 32-bit numbers: offsets that would cost a column its digits, and values that 32 bits cannot hold."""

from collections.abc import Mapping, Sequence

import numpy as np

from avbaselines.errors import InputError

__all__ = ["costly_offsets", "precision_notes", "single_precision"]

# Largest 32-bit number, and what is near enough to it to be told of.
LARGEST, NEAR_THE_END = float(np.finfo(np.float32).max), 1e30
# Share of a column's deviation that rounding to 32 bits may cost; below it, the offset does no harm.
LOST = 1e-3
# Deviation, as a share of the offset, below which a 64-bit column is constant but for its own rounding.
ROUNDING = 1e-12
# Columns looked at together: a copy of them is made.
PART = 256


def costly_offsets(X: np.ndarray, columns: Sequence[str]) -> dict[str, float]:
    """Offsets of columns whose values vary by less than 32-bit numbers can tell apart at that size.

    Values such as 1,000,000 + 0.01 x are one value in 32 bits. With their median taken off first, nothing is lost, and
    no learner is told anything: all of them are blind to the offset of a column.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Values as they were read; 32-bit ones have lost already what they could lose.
    columns : sequence of str, length d

    Returns
    -------
    dict of str to float
        By column; those that need none are not in it.

    Examples
    --------
    >>> X = np.column_stack([1e6 + 0.01 * np.arange(5), np.arange(5.0)])
    >>> costly_offsets(X, ["time", "AU01"])
    {'time': 1000000.02}
    """
    if X.dtype.kind == "f" and X.dtype.itemsize <= 4:
        return {}
    offsets = {}
    for first in range(0, X.shape[1], PART):
        part = X[:, first : first + PART].astype(np.float64)
        has = np.isfinite(part) & (np.abs(part) <= LARGEST)
        count = np.maximum(has.sum(axis=0), 1)
        filled = np.where(has, part, 0)
        mean = filled.sum(axis=0) / count
        deviation = np.sqrt(((filled - mean) ** 2 * has).sum(axis=0) / count)
        lost = np.sqrt(((filled - filled.astype(np.float32)) ** 2).sum(axis=0) / count)
        for number in np.flatnonzero((lost > LOST * deviation) & (deviation > ROUNDING * np.abs(mean))):
            values = part[has[:, number], number]
            # Numbers written down from 32 bits are off as well, and lose nothing by going back.
            if len(np.unique(values.astype(np.float32))) < len(np.unique(values)):
                offsets[str(columns[first + int(number)])] = float(np.median(values))
    return offsets


def single_precision(
    X: np.ndarray, columns: Sequence[str], ids: Sequence[str] | np.ndarray, source: str, offsets: Mapping[str, float]
) -> np.ndarray:
    """Features as 32-bit numbers, some less their offset.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    columns : sequence of str, length d
    ids : sequence of str, length n
    source : str
        What to name in errors.
    offsets : mapping of str to float
        What is taken off, by column; those that are not in X are passed over.

    Returns
    -------
    ndarray of float32, shape (n, d)

    Raises
    ------
    InputError
        Values that are infinite, or too large for 32 bits.

    Examples
    --------
    >>> single_precision(np.array([[1e6 + 0.01]]), ["time"], ["c1"], "face.csv", {"time": 1e6}).round(3).tolist()
    [[0.009999999776482582]]
    """
    place = {str(column): number for number, column in enumerate(columns)}
    taken = {place[name]: value for name, value in offsets.items() if name in place}
    if taken:
        X = X.astype(np.float64)
        X[:, list(taken)] -= list(taken.values())
    beyond = np.abs(X) > LARGEST  # infinite ones as well; NaN is not
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        name, clip = str(columns[column]), str(ids[row])
        if np.isinf(X[row, column]):
            raise InputError(f"{source}: column {name!r} of clip {clip!r} is infinite; mend the features")
        raise InputError(
            f"{source}: column {name!r} of clip {clip!r} is {X[row, column]:.3g}, beyond the {LARGEST:.2g} that 32-bit "
            "features hold; divide the column by a constant, or mend how it was made"
        )
    return np.asarray(X.astype(np.float32))


def precision_notes(name: str, X: np.ndarray, columns: Sequence[str], offsets: Mapping[str, float]) -> list[str]:
    """What to say of offsets that were taken off and of values near the end of 32-bit numbers.

    Parameters
    ----------
    name : str
        Of the modality.
    X : ndarray of float32, shape (n, d)
    columns : sequence of str, length d
    offsets : mapping of str to float

    Examples
    --------
    >>> precision_notes("face", np.array([[1e31]], np.float32), ["AU01"], {"time": 1e6})[0]
    "face: column 'time' lies around 1e+06 and varies by too little for 32-bit numbers: its offset was taken off"
    """
    notes = []
    if offsets:
        first, others = next(iter(offsets)), len(offsets) - 1
        more = f" ({others} more are like it)" if others else ""
        notes.append(
            f"{name}: column {first!r} lies around {offsets[first]:.6g} and varies by too little for 32-bit numbers: "
            f"its offset was taken off{more}"
        )
    largest = np.abs(np.nan_to_num(X)).max(axis=0, initial=0)
    if largest.size and largest.max() > NEAR_THE_END:
        notes.append(
            f"{name}: values of column {str(columns[int(largest.argmax())])!r} reach {largest.max():.3g}, near the end "
            f"of 32-bit numbers ({LARGEST:.2g}): look at how they were made"
        )
    return notes
