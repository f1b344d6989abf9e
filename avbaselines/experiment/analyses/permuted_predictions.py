"""Predictions of one system in one split with the values of one family of features taken from other clips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.experiment.analyses.feature_families import families
from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Store, digest
from avbaselines.experiment.planning.system import BaseSystem

__all__ = ["REPEATS", "FeatureFamily", "PermutedPredictions", "donors", "families_of", "key_of", "permute_and_store"]

REPEATS = 5


@dataclass(frozen=True)
class FeatureFamily:
    """Features of one modality that measure the same kind of thing.

    Attributes
    ----------
    modality, name : str
    columns : tuple of int
        Positions within the modality's table.

    Examples
    --------
    >>> FeatureFamily("audio", "prosody", (0, 3)).label
    'audio: prosody'
    """

    modality: str
    name: str
    columns: tuple[int, ...]

    @property
    def label(self) -> str:
        """Shown in tables and figures."""
        return f"{self.modality}: {self.name}"


@dataclass(frozen=True)
class PermutedPredictions:
    """Predictions of the evaluated clips of one split, before matching.

    Attributes
    ----------
    untouched : dict of str to ndarray, shape (n_test, width)
        By target.
    permuted : dict of str to ndarray, shape (n_families, n_repeats, n_test, width)
        By target, with one family at a time taken from other clips; families in the order of `families_of`.

    Examples
    --------
    >>> untouched, permuted = np.zeros((4, 1)), np.zeros((2, REPEATS, 4, 1))
    >>> PermutedPredictions({"arousal": untouched}, {"arousal": permuted}).permuted["arousal"].shape
    (2, 5, 4, 1)
    """

    untouched: dict[str, np.ndarray]
    permuted: dict[str, np.ndarray]

    def save(self, store: Store, key: str) -> None:
        """Write them under a key of the store, whole or not at all."""
        arrays = {f"untouched/{name}": values for name, values in self.untouched.items()}
        arrays |= {f"permuted/{name}": values for name, values in self.permuted.items()}
        store.put_arrays(key, arrays)

    @classmethod
    def load(cls, store: Store, key: str, targets: Sequence[str]) -> "PermutedPredictions":
        """Read back what `save` wrote of the named targets."""
        stored = store.get_arrays(key)
        return cls(
            {name: stored[f"untouched/{name}"] for name in targets},
            {name: stored[f"permuted/{name}"] for name in targets},
        )


def families_of(corpus: Corpus, system: BaseSystem) -> list[FeatureFamily]:
    """All families of the features that a system reads, each of one modality.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> corpus = SimpleNamespace(modalities={"face": SimpleNamespace(columns=["AU01_r", "gaze_x", "AU12_r"])})
    >>> [family.label for family in families_of(corpus, BaseSystem(name="a", learner="svr", modalities=("face",)))]
    ['face: action units', 'face: gaze']
    """
    return [
        FeatureFamily(name, family, tuple(columns))
        for name in system.modalities
        for family, columns in families(corpus.modalities[name].columns).items()
    ]


def key_of(fit: str, feature_families: Sequence[FeatureFamily]) -> str:
    """Key of the permuted predictions that belong to a finished fit.

    Examples
    --------
    >>> len(key_of("c0ffee", [FeatureFamily("audio", "prosody", (0, 3))]))
    32
    """
    described = [[family.modality, family.name, list(family.columns)] for family in feature_families]
    return digest("importance", source_digest((__name__,)), fit, described, REPEATS)[:32]


def permute_and_store(
    system: BaseSystem, corpus: Corpus, split: Split, task: SplitTask, store: Store, fit: str
) -> None:
    """Fit a system again as its finished fit was, predict with each family permuted, and store that.

    Parameters
    ----------
    system : BaseSystem
    corpus : Corpus
    split : Split
    task : SplitTask
        Of the split.
    store : Store
    fit : str
        Key of the finished fit.
    """
    # What fits is loaded where it fits: whether a study wants this is asked before anything is.
    from threadpoolctl import threadpool_limits

    from avbaselines.experiment.fitting.base import fit_base
    from avbaselines.experiment.fitting.fitted_system import FittedBase
    from avbaselines.experiment.fitting.tuned import drawn_again

    features = [corpus.modalities[name].X for name in system.modalities]
    blocks = [X[split.fit] for X in features]
    drawn = drawn_again(system, task, blocks, store.load(fit).trials)
    fitted, models = fit_base(system, task, blocks, [X[split.test] for X in features], drawn)
    whole = FittedBase(task.targets, models, system.transductive, bounds=task.bounds)
    feature_families = families_of(corpus, system)
    with threadpool_limits(1):
        predicted = [
            [
                whole.predict(
                    list(_permuted(corpus, family, system.modalities, split, [task.seed, repeat])), task.test_context
                )
                for repeat in range(REPEATS)
            ]
            for family in feature_families
        ]
    permuted = {
        target.name: np.array([[values[target.name] for values in repeats] for repeats in predicted])
        for target in task.targets
    }
    PermutedPredictions(fitted.test, permuted).save(store, key_of(fit, feature_families))


def _permuted(
    corpus: Corpus, family: FeatureFamily, modalities: Sequence[str], split: Split, seed: Sequence[int]
) -> Iterator[np.ndarray]:
    """Features of the evaluated clips, a block a modality, those of one family being other clips'."""
    for name in modalities:
        X = corpus.modalities[name].X
        block = X[split.test].copy()
        if name == family.modality:
            columns = list(family.columns)
            block[:, columns] = X[np.ix_(donors(corpus, name, seed)[split.test], columns)]
        yield block


def donors(corpus: Corpus, modality: str, seed: Sequence[int]) -> np.ndarray:
    """For each clip the number of the clip whose values it is given: evaluated clips that have the modality are dealt.

    All other clips keep their own.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> X = np.array([[0.0], [1.0], [np.nan], [3.0]])
    >>> splits = [SimpleNamespace(test=np.array([1, 2, 3]))]
    >>> corpus = SimpleNamespace(modalities={"a": SimpleNamespace(X=X)}, ids=X[:, 0], splits=splits)
    >>> donors(corpus, "a", [0, 5]).tolist()
    [0, 3, 2, 1]
    """
    X, rows = corpus.modalities[modality].X, np.arange(len(corpus.ids))
    evaluated = np.unique(np.concatenate([split.test for split in corpus.splits]))
    present = evaluated[~np.isnan(X[evaluated]).all(axis=1)]
    rows[present] = np.random.default_rng(seed).permutation(present)
    return rows
