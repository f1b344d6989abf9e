"""Late fusion made for clips that lack modalities: several ways, compared on masked training clips."""

from itertools import combinations

import numpy as np
from sklearn.utils import check_random_state

from avbaselines.errors import InputError
from avbaselines.estimators.fusion import averages as fusion
from avbaselines.estimators.fusion.base import FusionClassifier, FusionRegressor
from avbaselines.estimators.fusion.imputation import fill_gaps, learn_gaps
from avbaselines.estimators.preprocessing.preparation import column_blocks
from avbaselines.estimators.tuned.group_folds import resolve_cv
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.estimators.tuned.remarks import ChosenStrategies

__all__ = ["STRATEGIES", "MissingFusionClassifier", "MissingFusionRegressor", "without_partial"]

# The first of equals is taken.
WAYS = ("pattern", "renormalise", "impute", "dropout", "single")
STRATEGIES = (*WAYS, "best")
METHODS = ("best-single", "mean", "greedy", "ridge", "correlation")
MOST_SOURCES = 4  # whose subsets are all learnt; of more, those that lack one and those that have one
FEWEST_ROWS = 10
COPIES = 2  # masked copies of each training clip


def without_partial(X, columns, whole):
    """Leave out systems that read a modality which the clip lacks, wherever a system is there that lacks nothing.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    columns : list of ndarray of int
        Columns of each system.
    whole : ndarray of bool, shape (n, M)
        Whether a clip has all modalities that the system reads.

    Returns
    -------
    ndarray of shape (n, d)
        With NaN in place of the predictions left out.
    """
    X = X.copy()
    there = np.column_stack([~np.isnan(X[:, part]).any(axis=1) for part in columns])
    spare = (there & whole).any(axis=1)
    for part, has in zip(columns, whole.T, strict=True):
        X[np.ix_(spare & ~has, part)] = np.nan
    return X


class _Missing:
    """What both kinds share. A way is learnt as ``_way(name, P, t, folds)`` and applied as ``_by_way(P, state)``."""

    def _fit(self, X, t, groups, width, classes=False):
        if self.strategy not in STRATEGIES:
            raise InputError(f"strategy: {', '.join(STRATEGIES)} are known, got {self.strategy!r}")
        if self.method not in METHODS:
            raise InputError(f"method: {', '.join(METHODS)} are known, got {self.method!r}")
        blocks = self.blocks
        if blocks is None and X.shape[1] % width == 0:
            blocks = np.arange(X.shape[1]) // width
        self._columns = column_blocks(blocks, X.shape[1])
        if any(len(columns) != width for columns in self._columns):
            raise InputError(f"blocks: each system needs {width} column(s), got {[len(c) for c in self._columns]}")
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._base, self._single = self._fusion(self.method, classes), self._fusion("best-single", classes)
        P = self._inputs(X)
        folds = resolve_cv(self.cv, X, t, groups, classes=classes)
        labelled = ~np.isnan(t) if t.dtype.kind == "f" else np.ones(len(t), bool)
        self.patterns_ = _patterns(_availability(P[labelled]), self.reads)
        ways = WAYS if self.strategy == "best" else (self.strategy,)
        # Per way, outputs for the clips as they are and under each pattern, by fits that saw nobody of the fold.
        kept = [None, *self.patterns_]
        oof = np.full((len(ways), len(kept), len(X), width), np.nan)
        for fold in np.unique(folds[folds >= 0]):
            train, held = (folds != fold) & labelled, folds == fold
            if not train.any():
                continue
            for w, way in enumerate(ways):
                state = self._way(way, P[train], t[train], folds[train])
                for k, pattern in enumerate(kept):
                    oof[w, k, held] = self._by_way(_masked(P[held], pattern), state)
        chosen, self.oof_scores_ = self._chosen(oof[:, 1:], P, t, labelled & (folds >= 0))
        learnt = [self._way(way, P[labelled], t[labelled], folds[labelled]) for way in ways]
        self.state_ = {"ways": learnt, "chosen": chosen, "default": self._default(t[labelled])}
        judged = oof[np.asarray(chosen), 1 + np.arange(len(chosen))]  # each pattern's outputs by its own way
        self.state_["scales"] = self._scales(judged, P, t, labelled & (folds >= 0))
        self.strategies_ = [ways[w] for w in chosen]
        self.weights_ = self._base._learnt(P[labelled], t[labelled], folds[labelled])["weights"]
        self._remarks = []
        if self.strategy == "best":
            self._remarks.append(ChosenStrategies(tuple(sorted(self.strategies_, key=WAYS.index))))
        nearest = self._nearest(_availability(P))
        fused = oof[np.asarray(chosen)[nearest], 0, np.arange(len(X))]
        for fold in np.unique(folds[folds >= 0]):
            held, others = folds == fold, labelled & (folds >= 0) & (folds != fold)
            fused[held] = self._scaled(fused[held], P[held], nearest[held], self._scales(judged, P, t, others))
        return fused

    def _fusion(self, method, classes):
        """The fusion that combines; what it takes beyond blocks, folds and metric stays at its defaults."""
        pair = {
            "best-single": (fusion.BestSingleRegressor, fusion.BestSingleClassifier),
            "mean": (fusion.MeanFusionRegressor, fusion.MeanFusionClassifier),
            "greedy": (fusion.GreedyFusionRegressor, fusion.GreedyFusionClassifier),
            "ridge": (fusion.RidgeFusionRegressor, fusion.RidgeFusionClassifier),
            "correlation": (fusion.CorrelationWeightedFusionRegressor, fusion.MeanFusionClassifier),
        }[method]
        found = pair[classes](metric=self.metric)
        if classes:
            found.classes_ = self.classes_
        elif method != "mean":
            found.matching = self.matching
        return found

    def _chosen(self, oof, P, t, rows):
        """For each pattern the way of the best out-of-fold score on the clips that have what it keeps."""
        available = _availability(P)
        chosen, scores = [], []
        for k, pattern in enumerate(self.patterns_):
            able = rows & available[:, pattern].all(axis=1)
            if len(oof) == 1 or able.sum() < FEWEST_ROWS:
                chosen.append(0)
                scores.append([np.nan] * len(oof))
                continue
            values = [self._value(outputs[k, able], t[able]) for outputs in oof]
            chosen.append(max(range(len(values)), key=lambda w: values[w]))
            scores.append([value[0] for value in values])
        return chosen, np.array(scores)

    def _scales(self, judged, P, t, rows):
        """Factor and offset (K, 2) that bring each pattern's outputs to the mean and deviation of the target.

        What is fused of less is more timid: one matching for all patterns would leave it so.
        """
        scales = np.tile([1.0, 0.0], (len(self.patterns_), 1))
        if judged.shape[2] > 1 or not self.matching:
            return scales
        available = _availability(P)
        for k, pattern in enumerate(self.patterns_):
            able = rows & available[:, pattern].all(axis=1) & ~np.isnan(judged[k, :, 0])
            if able.sum() >= FEWEST_ROWS:
                matcher = Matcher().fit(judged[k, able], t[able])
                scales[k] = matcher.factors_[0], matcher.offsets_[0]
        return scales

    def _scaled(self, outputs, P, nearest, scales):
        any_left = ~np.isnan(P).all(axis=(1, 2), keepdims=True)[:, :, 0]
        return np.where(any_left, scales[nearest, :1] * outputs + scales[nearest, 1:], outputs)

    def _way(self, name, P, t, folds):
        state = {"way": name, "default": self._default(t)}
        if name == "single":
            return state | {"whole": self._single._learnt(P, t, folds)}
        if name == "impute":
            state["gaps"] = learn_gaps(P.reshape(len(P), -1))
            P = self._filled(P, state["gaps"])
        if name == "dropout":
            P, t, folds = self._dropped(P, t, folds)
        if name == "pattern":
            able = [_availability(P)[:, pattern].all(axis=1) for pattern in self.patterns_]
            state["states"] = [
                self._base._learnt(P[rows][:, pattern], t[rows], folds[rows]) if _enough(t[rows]) else None
                for pattern, rows in zip(self.patterns_, able, strict=True)
            ]
        return state | {"whole": self._base._learnt(P, t, folds)}

    def _by_way(self, P, state):
        """Outputs (n, D); where no system has a prediction, the training mean or the training shares of classes."""
        if state["way"] == "impute":
            P = self._filled(P, state["gaps"])
        learner = self._single if state["way"] == "single" else self._base
        outputs = learner._apply(P, state["whole"])
        for k, rows in self._by_pattern(P, state.get("states", [])):
            outputs[rows] = self._base._apply(P[rows][:, self.patterns_[k]], state["states"][k])
        outputs[np.isnan(P).all(axis=(1, 2))] = state["default"]
        return outputs

    def _by_pattern(self, P, states):
        """Clips by the pattern that they are to be fused by, where it was learnt and they have all of it."""
        if not states:
            return
        learnt = np.array([part is not None for part in states])
        available = _availability(P)
        nearest = self._nearest(available, learnt)
        for k in np.unique(nearest):
            rows = nearest == k
            rows &= available[:, self.patterns_[k]].all(axis=1)
            if learnt[k] and rows.any():
                yield k, rows

    def _nearest(self, available, learnt=None):
        """For each clip the number of the pattern that keeps most of what it has and nothing else; else the first."""
        fits = ~(self.patterns_[None] & ~available[:, None]).any(axis=2)
        if learnt is not None:
            fits &= learnt
        return np.where(fits, self.patterns_.sum(axis=1), -1).argmax(axis=1)

    def _filled(self, P, gaps):
        filled = fill_gaps(P.reshape(len(P), -1), gaps, self.penalty).reshape(P.shape)
        if P.shape[2] > 1:
            filled = np.maximum(filled, 0)
            filled = filled / np.maximum(filled.sum(axis=2, keepdims=True), 1e-300)
        return filled

    def _dropped(self, P, t, folds):
        """Clips as they are, and copies of each with a random pattern left."""
        rng = np.random.default_rng(self._seed)
        parts = [P]
        for _ in range(COPIES):
            copy = np.where(self.patterns_[rng.integers(len(self.patterns_), size=len(P))][:, :, None], P, np.nan)
            empty = np.isnan(copy).all(axis=(1, 2))
            copy[empty] = P[empty]
            parts.append(copy)
        return np.concatenate(parts), np.tile(t, COPIES + 1), np.tile(folds, COPIES + 1)

    def _apply(self, P, state):
        outputs = np.empty((len(P), P.shape[2]))
        nearest = self._nearest(_availability(P))
        ways = np.asarray(state["chosen"])[nearest]
        for way in np.unique(ways):
            outputs[ways == way] = self._by_way(P[ways == way], state["ways"][way])
        return self._scaled(outputs, P, nearest, state["scales"])


def _availability(P):
    return ~np.isnan(P[:, :, 0])


def _masked(P, pattern):
    return P if pattern is None else np.where(pattern[None, :, None], P, np.nan)


def _enough(t):
    return len(t) >= FEWEST_ROWS and len(np.unique(t)) > 1


def _patterns(available, reads):
    """Sets of systems (K, M) that are there together, everything first.

    Sources that go missing together are named by `reads`; without it each system is a source of its own, and what the
    training clips lack adds patterns.
    """
    n_systems = available.shape[1]
    reads = [{m} for m in range(n_systems)] if reads is None else [set(part) for part in reads]
    if len(reads) != n_systems:
        raise InputError(f"reads: one entry a system is needed, {n_systems} in all, got {len(reads)}")
    sources = sorted(set().union(*reads))
    n = len(sources)
    sizes = range(1, n + 1) if n <= MOST_SOURCES else (1, n - 1, n)
    left = [set(part) for size in sizes for part in combinations(sources, size)]
    found = [[bool(part) and part <= kept or not part for part in reads] for kept in left]
    seen, counts = np.unique(available, axis=0, return_counts=True)
    found += [list(row) for row in seen[np.argsort(-counts, kind="stable")][:8]]
    patterns = np.array([[True] * n_systems, *found], dtype=bool)
    _, first = np.unique(patterns, axis=0, return_index=True)
    patterns = patterns[np.sort(first)]
    return patterns[patterns.any(axis=1)]


class MissingFusionRegressor(_Missing, FusionRegressor):
    """A fusion of regressed predictions that is learnt for what may be missing.

    Parameters
    ----------
    method : {"best-single", "mean", "greedy", "ridge", "correlation"}
        The fusion that combines.
    strategy : {"renormalise", "pattern", "impute", "dropout", "single", "best"}
        The fusion as it is, its weights shared among what is present; a fusion of its own for each pattern of what is
        present, learnt on the clips that have that and perhaps more; missing predictions filled by ridge on those
        present; a fusion learnt on the clips and on masked copies of them; the best system of those present; or for
        each pattern whichever of these scores best out-of-fold on training clips masked to it.
    reads : sequence of sequence of int, optional
        The sources that each system reads: sources go missing together. None = each system is a source of its own.
    blocks, cv, metric, matching
        As for `GreedyFusionRegressor`; matched, the output of each pattern has the mean and deviation of the target.
    penalty : float, default=0.1
        Ridge of the imputation, per row on standardised predictions.
    random_state : int or RandomState, optional
        Of the masked copies.

    Attributes
    ----------
    patterns_ : ndarray of bool, shape (K, M)
        Sets of systems that are there together. Another set is fused by the largest one within it.
    strategies_ : list of str
        The way of each pattern.
    oof_scores_ : ndarray of shape (K, ways)
        Out-of-fold score of each way on training clips masked to a pattern; NaN where nothing was compared.
    weights_ : ndarray of shape (M,)
        Of the fusion as it is.
    oof_prediction_ : ndarray of shape (n,)
        For the clips as they are, each fold by fits on the others; the way is chosen on all folds.
    note_ : str
    """

    def __init__(
        self,
        method="greedy",
        strategy="best",
        reads=None,
        blocks=None,
        cv=5,
        metric=None,
        matching=True,
        penalty=0.1,
        random_state=0,
    ):
        super().__init__(blocks, cv, metric, matching)
        self.method = method
        self.strategy = strategy
        self.reads = reads
        self.penalty = penalty
        self.random_state = random_state


class MissingFusionClassifier(_Missing, FusionClassifier):
    """A fusion of posteriors that is learnt for what may be missing.

    Parameters as for `MissingFusionRegressor`, without `matching`; attributes too, with `classes_` of shape (K,) and
    `oof_prediction_` of shape (n, K).
    """

    def __init__(
        self,
        method="greedy",
        strategy="best",
        reads=None,
        blocks=None,
        cv=5,
        metric=None,
        penalty=0.1,
        random_state=0,
    ):
        super().__init__(blocks, cv, metric)
        self.method = method
        self.strategy = strategy
        self.reads = reads
        self.penalty = penalty
        self.random_state = random_state
