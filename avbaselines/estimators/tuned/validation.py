"""Validation of features and labels that all models share: missing values pass, infinite ones do not."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from avbaselines.errors import InputError

__all__ = ["GapTolerant", "RandomState", "class_codes", "drawn_seed"]

RandomState = int | np.random.RandomState | None
"""What `random_state` may be."""


class GapTolerant(BaseEstimator):
    """Base of estimators whose X may hold NaN (missing), and float32 as well as float64.

    Examples
    --------
    >>> import numpy as np
    >>> GapTolerant()._validated(np.array([[1.0, np.nan]]), reset=True).shape
    (1, 2)
    """

    def _validated(self, X: ArrayLike, reset: bool = False, min_rows: int = 1, dtype: Any = None) -> np.ndarray:
        """X as a checked array; with `reset` its columns are those that later calls need."""
        dtype = [np.float64, np.float32] if dtype is None else dtype
        checks = {"dtype": dtype, "ensure_all_finite": "allow-nan", "ensure_min_samples": min_rows}
        return validate_data(self, X, reset=reset, **checks)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def class_codes(X: np.ndarray, y: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """Sorted classes of labels, and the code of each row's class.

    Raises
    ------
    InputError
        Without labels, or with fewer than two classes.

    Examples
    --------
    >>> import numpy as np
    >>> classes, codes = class_codes(np.zeros((3, 1)), ["sad", "calm", "sad"])
    >>> classes.tolist(), codes.tolist()
    (['calm', 'sad'], [1, 0, 1])
    """
    if y is None:
        raise InputError("fit requires y to be passed, but the target y is None")
    labels = column_or_1d(y, warn=True)
    check_consistent_length(X, labels)
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y: at least two classes are needed, got {len(classes)} class")
    return classes, codes


def drawn_seed(random_state: int | np.random.RandomState | None) -> int:
    """A whole number for libraries that take no RandomState.

    Examples
    --------
    >>> drawn_seed(0) == drawn_seed(0)
    True
    """
    return int(check_random_state(random_state).randint(2**31 - 1))
