"""Sources of out-of-fold predictions: a finished fit, part of one, several of them, or an imported file."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from avbaselines.corpora.corpus import ImportedPrediction, Split
from avbaselines.experiment.fitting.store import Fitted, Store, digest


class Source(Protocol):
    """Raw predictions of a system in a split, wherever they lie.

    Examples
    --------
    >>> source: Source = Direct("a1")
    >>> source.identity()
    'a1'
    """

    def load(self, store: Store) -> Fitted:
        """Read them."""

    def identity(self) -> str:
        """Changes whenever the predictions do."""

    def keys(self) -> list[str]:
        """Of the finished fits that are read."""


@dataclass(frozen=True)
class Direct:
    """A finished fit as it is.

    Examples
    --------
    >>> Direct("a1").identity()
    'a1'
    """

    key: str

    def load(self, store: Store) -> Fitted:
        """Read it."""
        return store.load(self.key)

    def identity(self) -> str:
        """Changes whenever the predictions do."""
        return self.key

    def keys(self) -> list[str]:
        """Of the finished fits that are read."""
        return [self.key]


@dataclass(frozen=True)
class Imported:
    """An external system's predictions, cut to a split.

    Attributes
    ----------
    prediction : ImportedPrediction
    split : Split
    content : str
        Digest of the predictions.

    Examples
    --------
    >>> nobody = np.array([], int)
    >>> split = Split("a", np.array([0, 1]), nobody, np.array([2]))
    >>> prediction = ImportedPrediction("deep", {"arousal": np.array([[1.0], [2.0], [3.0]])})
    >>> Imported(prediction, split, "digest").load(Store("work")).test["arousal"].tolist()
    [[3.0]]
    """

    prediction: ImportedPrediction
    split: Split
    content: str

    def load(self, store: Store) -> Fitted:
        """Cut them."""
        values = self.prediction.of(self.split.name)
        return Fitted(
            oof={name: value[self.split.fit] for name, value in values.items()},
            test={name: value[self.split.test] for name, value in values.items()},
        )

    def identity(self) -> str:
        """Changes whenever the predictions do."""
        return self.content

    def keys(self) -> list[str]:
        """Of the finished fits that are read."""
        return []


@dataclass(frozen=True)
class Part:
    """A base system inside an inner split: its out-of-fold predictions, one fold of them to be predicted.

    Attributes
    ----------
    whole : Direct
    train, test : ndarray of int
        Positions among the outer split's clips to learn from.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     store.save("a1", Fitted({"arousal": np.array([[1.0], [2.0]])}))
    ...     part = Part(Direct("a1"), np.array([0]), np.array([1])).load(store)
    >>> part.oof["arousal"].tolist(), part.test["arousal"].tolist()
    ([[1.0]], [[2.0]])
    """

    whole: Direct
    train: np.ndarray
    test: np.ndarray

    def load(self, store: Store) -> Fitted:
        """Read and divide them."""
        whole = self.whole.load(store)
        return Fitted(
            oof={name: value[self.train] for name, value in whole.oof.items()},
            test={name: value[self.test] for name, value in whole.oof.items()},
        )

    def identity(self) -> str:
        """Changes whenever the predictions do."""
        return f"{self.whole.identity()}/{digest(self.test)}"

    def keys(self) -> list[str]:
        """Of the finished fits that are read."""
        return self.whole.keys()


@dataclass(frozen=True)
class Nested:
    """A deep stage: out-of-fold predictions by whole stacks that were fitted without the fold.

    What the stage's own cross-fit gives knows too much: its inputs for the other folds come from fits that saw the
    labels of the fold held out.

    Attributes
    ----------
    whole : Direct
    folds : tuple of (Direct, ndarray of int)
        The same stage fitted without a fold, and the fold's positions.
    rescaled : bool
        Bring values predicted without a fold to the mean and deviation that the whole stage gives: where each stack
        chose its own method, some predict wide and some narrow, and no matching could fit them all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     store.save("a1", Fitted({"arousal": np.array([[1.0], [2.0]])}))
    ...     store.save("b1", Fitted(test={"arousal": np.array([[7.0]])}))
    ...     nested = Nested(Direct("a1"), ((Direct("b1"), np.array([1])),)).load(store)
    >>> nested.oof["arousal"].tolist()
    [[nan], [7.0]]
    """

    whole: Direct
    folds: tuple[tuple[Direct, np.ndarray], ...]
    rescaled: bool = False

    def load(self, store: Store) -> Fitted:
        """Read and put them together."""
        fitted = store.load(self.whole.key)
        parts = [(source.load(store), positions) for source, positions in self.folds]
        for name, value in fitted.oof.items():
            nested = np.full_like(value, np.nan)
            for part, positions in parts:
                # More than one column are posteriors, which have a scale of their own.
                moved = self.rescaled and value.shape[1] == 1
                nested[positions] = _moved(part.test[name], part.oof[name], value) if moved else part.test[name]
            fitted.oof[name] = nested
        return fitted

    def identity(self) -> str:
        """Changes whenever the predictions do."""
        return digest(self.whole.key, [source.key for source, _ in self.folds], *["rescaled"] * self.rescaled)

    def keys(self) -> list[str]:
        """Of the finished fits that are read."""
        return [self.whole.key, *(source.key for source, _ in self.folds)]


def _moved(values: np.ndarray, own: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values from the mean and deviation of their own out-of-fold predictions to those of the wanted ones."""
    spread = np.nanstd(own)
    if not spread > 0:
        return values
    return np.nanmean(wanted) + (values - np.nanmean(own)) * (np.nanstd(wanted) / spread)
