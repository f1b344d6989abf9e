"""`TargetModel`: the one interface by which fitted models of one or several targets are asked."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.estimators.tuned.remarks import FitRemark, remarks_text

__all__ = ["ClassModel", "InputLayout", "RegressionModel", "TargetModel", "as_columns", "spread_posteriors"]

InputLayout = Literal["as_given", "own", "own_first"]
"""Columns of X, see `TargetModel.input_layout`."""


class TargetModel(ABC):
    """A model of T targets, each regressed or a class; base of every estimator that an experiment fits.

    All answers are lists with one item per target, in the order of the columns of y. An output is an array of shape
    (n, width): one column of values for a regressed target, or the posteriors of `target_classes_` for a class target.

    Attributes
    ----------
    needs_whole_recordings : bool
        Of the class. Whether predictions for a row depend on the other rows of its recording: `fit` and `outputs` then
        need all rows of a recording, those without features (NaN) too, with `recordings` and `times` where anything is
        moved, smoothed or set in context. Other models ignore `recordings` and `times`.
    input_layout : {"as_given", "own", "own_first"}
        Of the class. Which columns a fusion takes from each of its inputs: the prediction of the target that it fuses
        (one value, or posteriors of the classes it is fitted to), or that and then those of all other targets. Other
        models take any columns.
    narrows : bool
        Of the class. Whether trying fewer candidates saves most of the time of a fit; `narrowed` then leaves out some.
    target_classes_ : list of ndarray or None
        Sorted classes of each class target; None for a regressed target.
    oof_outputs_ : list of ndarray of shape (n, width)
        Outputs for the rows of `fit` by fits that saw nobody of the row's group; NaN rows where there is none.
    remarks_ : list of FitRemark
        Choices and fallbacks that a reader of the scores should know; mostly empty.
    note_ : str
        The remarks in words.
    input_weights_ : list of ndarray of shape (M,), or None
        Of models that fuse M inputs, per target the weight of each input (of `MetaRegressor`, of each column of X);
        None of others.

    Examples
    --------
    >>> import numpy as np
    >>> from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(40, 3))
    >>> two_values, one_class = X[:, :2] + 1, np.where(X[:, 2] > 0, "yes", "no")

    A model of two regressed targets:

    >>> model = RidgeRegressor(cv=4).fit(X, two_values)
    >>> [values.shape for values in model.outputs(X[:5])], model.target_classes_, model.remarks_
    ([(5, 1), (5, 1)], [None, None], [])

    A model of one class target:

    >>> model = RidgeClassifier(cv=4).fit(X, one_class)
    >>> [values.shape for values in model.oof_outputs_], [classes.tolist() for classes in model.target_classes_]
    ([(40, 2)], [['no', 'yes']])
    """

    needs_whole_recordings: ClassVar[bool] = False
    input_layout: ClassVar[InputLayout] = "as_given"
    narrows: ClassVar[bool] = False

    _remarks: list[FitRemark]

    @abstractmethod
    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """Predictions per target, each of shape (n, width), for X of shape (n, n_features).

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        recordings : array-like of shape (n,), optional
            Recording of each row; read by models that need whole recordings alone.
        times : array-like of shape (n,), optional
            Seconds within the recording; read by the same models.
        """

    @property
    @abstractmethod
    def target_classes_(self) -> list[np.ndarray | None]:
        """Sorted classes of each class target; None for a regressed target."""

    @property
    @abstractmethod
    def oof_outputs_(self) -> list[np.ndarray]:
        """Out-of-fold predictions per target, each of shape (n, width)."""

    @property
    def remarks_(self) -> list[FitRemark]:
        """Choices and fallbacks that a reader of the scores should know."""
        return list(self._remarks)

    @property
    def note_(self) -> str:
        """The remarks in words; targets go by their numbers."""
        remarks = self.remarks_
        return remarks_text(remarks, [str(number) for number in range(len(self.target_classes_))]) if remarks else ""

    @property
    def input_weights_(self) -> list[np.ndarray] | None:
        """Per target, the weight of each input of a fusion; None of models that fuse nothing."""
        return None

    @abstractmethod
    def fit(self, *args: Any, **kwargs: Any) -> Self:
        """Fit to X, y and groups, and to what else the model takes by keyword."""

    def cross_predict(self, *args: Any, **kwargs: Any) -> Self:
        """What `fit` does up to `refit`: enough for out-of-fold predictions. Takes what `fit` takes, `watch`, and
        the `SharedWork` of models that are fitted to the same rows and labels.

        Models that cannot stop there are fitted whole, and `watch` is not called.
        """
        return self.fit(*args, **{name: value for name, value in kwargs.items() if name not in ("watch", "shared")})

    def refit(self, *args: Any, **kwargs: Any) -> Self:
        """What `fit` does after `cross_predict`; nothing where that has fitted all."""
        return self

    def narrowed(self, targets: Sequence[int]) -> Self:
        """An unfitted one like this fitted one that tries what these of its targets have chosen, and little else."""
        from sklearn.base import clone  # a study is planned without it

        return clone(self)


class RegressionModel(TargetModel):
    """A `TargetModel` of regressed targets alone, given by `predict` and `oof_prediction_`, of shape (n,) or (n, T).

    Examples
    --------
    >>> import numpy as np
    >>> class Doubled(RegressionModel):
    ...     def fit(self, X, y):
    ...         self.oof_prediction_ = 2 * np.asarray(X)
    ...         return self
    ...     def predict(self, X):
    ...         return 2 * np.asarray(X)
    >>> Doubled().fit([1.0, 2.0], None).outputs([3.0])[0].tolist()
    [[6.0]]
    """

    oof_prediction_: np.ndarray

    @abstractmethod
    def predict(self, X: ArrayLike, *args: Any, **kwargs: Any) -> np.ndarray:
        """Predictions of shape (n,) or (n, T), as y was."""

    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """Predictions per target, each of shape (n, 1), see `TargetModel`."""
        around = {"recordings": recordings, "times": times} if self.needs_whole_recordings else {}
        return as_columns(self.predict(X, **around))

    @property
    def target_classes_(self) -> list[np.ndarray | None]:
        """None for each target."""
        return [None] * (1 if self.oof_prediction_.ndim == 1 else self.oof_prediction_.shape[1])

    @property
    def oof_outputs_(self) -> list[np.ndarray]:
        """Out-of-fold predictions per target, each of shape (n, 1)."""
        return as_columns(self.oof_prediction_)


class ClassModel(TargetModel):
    """A `TargetModel` of one class target, given by `predict_proba`, `classes_` and `oof_prediction_`.

    Examples
    --------
    >>> import numpy as np
    >>> class Coin(ClassModel):
    ...     def fit(self, X, y):
    ...         self.classes_, self.oof_prediction_ = np.unique(y), np.full((len(X), 2), 0.5)
    ...         return self
    ...     def predict_proba(self, X):
    ...         return np.full((len(X), 2), 0.5)
    >>> coin = Coin().fit([[0.0], [1.0]], ["head", "tail"])
    >>> coin.predict([[5.0]]).tolist(), coin.outputs([[5.0]])[0].tolist()
    (['head'], [[0.5, 0.5]])
    """

    classes_: np.ndarray
    oof_prediction_: np.ndarray

    @abstractmethod
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Posteriors of shape (n, K), in the order of `classes_`; rows sum to 1."""

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of largest posterior, for each row of X of shape (n, n_features)."""
        # Asked of predict_proba first: classes_ does not exist before fit.
        posteriors = self.predict_proba(X)
        return self.classes_[posteriors.argmax(axis=1)]

    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """Posteriors of the one target, see `TargetModel`."""
        return [self.predict_proba(X)]

    @property
    def target_classes_(self) -> list[np.ndarray | None]:
        """Classes of the one target."""
        return [self.classes_]

    @property
    def oof_outputs_(self) -> list[np.ndarray]:
        """Out-of-fold posteriors of the one target."""
        return [self.oof_prediction_]


def as_columns(values: np.ndarray) -> list[np.ndarray]:
    """Predictions of shape (n,) or (n, T) as a list with an array of shape (n, 1) per target.

    Examples
    --------
    >>> import numpy as np
    >>> [column.tolist() for column in as_columns(np.array([[1.0, 2.0], [3.0, 4.0]]))]
    [[[1.0], [3.0]], [[2.0], [4.0]]]
    """
    table = values.reshape(len(values), -1)
    return [table[:, [number]] for number in range(table.shape[1])]


def spread_posteriors(values: np.ndarray, own: np.ndarray, every: np.ndarray) -> np.ndarray:
    """Posteriors (n, len(own)) spread over more classes, (n, len(every)); a row without posteriors stays NaN.

    Examples
    --------
    >>> import numpy as np
    >>> spread_posteriors(np.array([[0.3, 0.7]]), np.array(["a", "c"]), np.array(["a", "b", "c"])).tolist()
    [[0.3, 0.0, 0.7]]
    """
    spread = np.where(np.isnan(values[:, :1]), np.nan, np.zeros(len(every)))
    spread[:, np.searchsorted(every, own)] = values
    return spread
