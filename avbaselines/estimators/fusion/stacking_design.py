"""Columns that a stacking regression sees: its inputs, their recording means, their onset and the frames around."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.errors import InputError
from avbaselines.estimators.temporal.context import add_context, avec_context

__all__ = ["StackingDesign", "recording_means_of"]


@dataclass(frozen=True)
class StackingDesign:
    """What is made of each input of a `MetaRegressor`, whose parameters these are.

    Examples
    --------
    >>> inputs = np.array([[1.0], [3.0], [5.0]])
    >>> StackingDesign(recording_means=True).columns(inputs, 0, ["a", "a", "b"], None).tolist()
    [[2.0, -1.0], [2.0, 1.0], [5.0, 0.0]]
    """

    layout: str = "centred"
    recording_means: bool = False
    onset: Sequence[float] = ()

    def columns(
        self,
        inputs: np.ndarray,
        context: int,
        recordings: ArrayLike | None,
        times: ArrayLike | None,
        fitting: bool = False,
    ) -> np.ndarray:
        """Columns for inputs (n, d) without gaps, with `context` frames around: float32 where context makes them many.

        Raises
        ------
        InputError
            Where recordings or times are needed and not given.
        """
        if self.recording_means:
            means = recording_means_of(inputs, _needed(recordings, "recording_means", "recordings"))
            inputs = np.hstack([means, inputs - means])
        if len(self.onset):
            seconds = np.asarray(_needed(times, "onset", "times"), float)
            curves = np.exp(-seconds[:, None] / np.asarray(self.onset, float))
            products = (curves[:, :, None] * inputs[:, None, :]).reshape(len(inputs), -1)
            inputs = np.hstack([inputs, curves, products])
        if self.layout == "avec":
            rows = None if fitting else _needed(recordings, "layout 'avec'", "recordings")
            return avec_context(inputs.astype(np.float32), context, rows)
        if context:
            rows = _needed(recordings, "contexts", "recordings")
            return add_context(inputs.astype(np.float32), rows, context, context, times)
        return inputs


def recording_means_of(X: np.ndarray, recordings: ArrayLike) -> np.ndarray:
    """The mean of each row's recording, of the shape of X.

    Examples
    --------
    >>> recording_means_of(np.array([[1.0], [3.0], [5.0]]), ["a", "a", "b"]).ravel().tolist()
    [2.0, 2.0, 5.0]
    """
    _, codes = np.unique(np.asarray(recordings), return_inverse=True)
    sums = np.zeros((codes.max() + 1, X.shape[1]))
    np.add.at(sums, codes, X)
    return (sums / np.bincount(codes)[:, None])[codes]


def _needed(value: ArrayLike | None, option: str, name: str) -> ArrayLike:
    if value is None:
        raise InputError(f"{option}: needs {name}; set corpus.recording and corpus.time")
    return value
