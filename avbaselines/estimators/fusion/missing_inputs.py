"""Late fusion for clips that lack modalities: several strategies, compared on masked training clips."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.estimators.fusion import averages as fusion
from avbaselines.estimators.fusion.base import FusionClassifier, FusionModel, FusionRegressor, State, labelled_rows
from avbaselines.estimators.fusion.imputation import fill_gaps, learn_gaps
from avbaselines.estimators.fusion.input_patterns import availability, input_patterns, masked
from avbaselines.estimators.fusion.missing_strategies import METHODS, SINGLE_STRATEGIES, STRATEGIES
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.matching import Matcher, Matching
from avbaselines.estimators.tuned.parameter_checks import OneOf
from avbaselines.estimators.tuned.remarks import ChosenStrategies
from avbaselines.estimators.tuned.validation import RandomState, drawn_seed

__all__ = ["STRATEGIES", "MissingFusionClassifier", "MissingFusionRegressor"]

FEWEST_ROWS = 10
COPIES = 2  # masked copies of each training clip


_CHOICES = {"strategy": OneOf(*STRATEGIES), "method": OneOf(*METHODS)}


class _Missing(FusionModel):
    """Parts of both kinds. A strategy is learnt by `_learnt_by` and applied by `_applied_by`."""

    method: str
    strategy: str
    reads: Sequence[Collection[int]] | None
    penalty: float
    random_state: RandomState

    def _fit(
        self, X: np.ndarray, t: np.ndarray, groups: ArrayLike | None, width: int, classes: bool = False
    ) -> np.ndarray:
        self._columns = self._system_columns(X.shape[1], width)
        self._seed = drawn_seed(self.random_state)
        self._base, self._single = self._fusion(self.method, classes), self._fusion("best-single", classes)
        P = self._inputs(X)
        folds = resolve_cv(self.cv, X, t, groups, classes=classes)
        labelled = labelled_rows(t)
        self.patterns_ = input_patterns(availability(P[labelled]), self.reads)
        strategies = SINGLE_STRATEGIES if self.strategy == "best" else (self.strategy,)
        # Per strategy, outputs for the clips as they are and under each pattern, by fits that saw nobody of the fold.
        kept = [None, *self.patterns_]
        oof = np.full((len(strategies), len(kept), len(X), width), np.nan)
        for fold in np.unique(folds[folds >= 0]):
            train, held = (folds != fold) & labelled, folds == fold
            if not train.any():
                continue
            for w, strategy in enumerate(strategies):
                state = self._learnt_by(strategy, P[train], t[train], folds[train])
                for k, pattern in enumerate(kept):
                    oof[w, k, held] = self._applied_by(masked(P[held], pattern), state)
        chosen, self.oof_scores_ = self._chosen(oof[:, 1:], P, t, labelled & (folds >= 0))
        learnt = [self._learnt_by(strategy, P[labelled], t[labelled], folds[labelled]) for strategy in strategies]
        self.state_ = {"strategies": learnt, "chosen": chosen, "default": self._default(t[labelled])}
        judged = oof[np.asarray(chosen), 1 + np.arange(len(chosen))]  # each pattern's outputs by its own strategy
        self.state_["scales"] = self._scales(judged, P, t, labelled & (folds >= 0))
        self.strategies_ = [strategies[w] for w in chosen]
        self.weights_ = self._base._learnt(P[labelled], t[labelled], folds[labelled])["weights"]
        self._remarks = []
        if self.strategy == "best":
            self._remarks.append(ChosenStrategies(tuple(sorted(self.strategies_, key=SINGLE_STRATEGIES.index))))
        nearest = self._nearest(availability(P))
        fused = oof[np.asarray(chosen)[nearest], 0, np.arange(len(X))]
        for fold in np.unique(folds[folds >= 0]):
            held, others = folds == fold, labelled & (folds >= 0) & (folds != fold)
            fused[held] = self._scaled(fused[held], P[held], nearest[held], self._scales(judged, P, t, others))
        return fused

    def _fusion(self, method: str, classes: bool) -> Any:
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

    def _chosen(self, oof: np.ndarray, P: np.ndarray, t: np.ndarray, rows: np.ndarray) -> tuple[list[int], np.ndarray]:
        """For each pattern the strategy of the best out-of-fold score on the clips that have what it keeps."""
        available = availability(P)
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

    def _scales(self, judged: np.ndarray, P: np.ndarray, t: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Factor and offset (K, 2) that bring each pattern's outputs to the mean and deviation of the target.

        What is fused of less is more timid: one matching for all patterns would leave it so.
        """
        scales = np.tile([1.0, 0.0], (len(self.patterns_), 1))
        if judged.shape[2] > 1 or not self.matching:
            return scales
        available = availability(P)
        for k, pattern in enumerate(self.patterns_):
            able = rows & available[:, pattern].all(axis=1) & ~np.isnan(judged[k, :, 0])
            if able.sum() >= FEWEST_ROWS:
                own = Matcher().fit(judged[k, able], t[able]).matching()
                scales[k] = own.factor, own.offset
        return scales

    def _scaled(self, outputs: np.ndarray, P: np.ndarray, nearest: np.ndarray, scales: np.ndarray) -> np.ndarray:
        any_left = ~np.isnan(P).all(axis=(1, 2), keepdims=True)[:, :, 0]
        matching = Matching(scales[nearest, :1], scales[nearest, 1:])
        return np.where(any_left, matching.apply(outputs), outputs)

    def _learnt_by(self, name: str, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        state = {"strategy": name, "default": self._default(t)}
        if name == "single":
            return state | {"whole": self._single._learnt(P, t, folds)}
        if name == "impute":
            state["gaps"] = learn_gaps(P.reshape(len(P), -1))
            P = self._filled(P, state["gaps"])
        if name == "dropout":
            P, t, folds = self._dropped(P, t, folds)
        if name == "pattern":
            able = [availability(P)[:, pattern].all(axis=1) for pattern in self.patterns_]
            state["states"] = [
                self._base._learnt(P[rows][:, pattern], t[rows], folds[rows]) if _enough(t[rows]) else None
                for pattern, rows in zip(self.patterns_, able, strict=True)
            ]
        return state | {"whole": self._base._learnt(P, t, folds)}

    def _applied_by(self, P: np.ndarray, state: State) -> np.ndarray:
        """Outputs (n, D); where no system has a prediction, the training mean or the training shares of classes."""
        if state["strategy"] == "impute":
            P = self._filled(P, state["gaps"])
        learner = self._single if state["strategy"] == "single" else self._base
        outputs = learner._apply(P, state["whole"])
        for k, rows in self._by_pattern(P, state.get("states", [])):
            outputs[rows] = self._base._apply(P[rows][:, self.patterns_[k]], state["states"][k])
        outputs[np.isnan(P).all(axis=(1, 2))] = state["default"]
        return outputs

    def _by_pattern(self, P: np.ndarray, states: list[State | None]) -> Iterator[tuple[int, np.ndarray]]:
        """Clips by the pattern that they are to be fused by, where it was learnt and they have all of it."""
        if not states:
            return
        learnt = np.array([part is not None for part in states])
        available = availability(P)
        nearest = self._nearest(available, learnt)
        for k in np.unique(nearest):
            rows = nearest == k
            rows &= available[:, self.patterns_[k]].all(axis=1)
            if learnt[k] and rows.any():
                yield k, rows

    def _nearest(self, available: np.ndarray, learnt: np.ndarray | None = None) -> np.ndarray:
        """For each clip the number of the pattern that keeps most of what it has and nothing else; else the first."""
        fits = ~(self.patterns_[None] & ~available[:, None]).any(axis=2)
        if learnt is not None:
            fits &= learnt
        return np.where(fits, self.patterns_.sum(axis=1), -1).argmax(axis=1)

    def _filled(self, P: np.ndarray, gaps: dict[str, np.ndarray]) -> np.ndarray:
        filled = fill_gaps(P.reshape(len(P), -1), gaps, self.penalty).reshape(P.shape)
        if P.shape[2] > 1:
            filled = np.maximum(filled, 0)
            filled = filled / np.maximum(filled.sum(axis=2, keepdims=True), 1e-300)
        return filled

    def _dropped(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Clips as they are, and copies of each with a random pattern left."""
        rng = np.random.default_rng(self._seed)
        parts = [P]
        for _ in range(COPIES):
            copy = np.where(self.patterns_[rng.integers(len(self.patterns_), size=len(P))][:, :, None], P, np.nan)
            empty = np.isnan(copy).all(axis=(1, 2))
            copy[empty] = P[empty]
            parts.append(copy)
        return np.concatenate(parts), np.tile(t, COPIES + 1), np.tile(folds, COPIES + 1)

    def _apply(self, P: np.ndarray, state: State) -> np.ndarray:
        outputs = np.empty((len(P), P.shape[2]))
        nearest = self._nearest(availability(P))
        numbers = np.asarray(state["chosen"])[nearest]
        for number in np.unique(numbers):
            rows = numbers == number
            outputs[rows] = self._applied_by(P[rows], state["strategies"][number])
        return self._scaled(outputs, P, nearest, state["scales"])


def _enough(t: np.ndarray) -> bool:
    return len(t) >= FEWEST_ROWS and len(np.unique(t)) > 1


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
        The strategy of each pattern.
    oof_scores_ : ndarray of shape (K, strategies)
        Out-of-fold score of each strategy on training clips masked to a pattern; NaN where nothing was compared.
    weights_ : ndarray of shape (M,)
        Of the fusion as it is.
    oof_prediction_ : ndarray of shape (n,)
        For the clips as they are, each fold by fits on the others; the strategy is chosen on all folds.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> P[::4, 0] = np.nan
    >>> model = MissingFusionRegressor("mean", "pattern", cv=3).fit(P, y, groups=speakers)
    >>> model.patterns_.tolist(), model.predict(P).shape
    ([[True, True], [True, False], [False, True]], (30,))
    """

    constraints = {**FusionRegressor.constraints, **_CHOICES}

    def __init__(
        self,
        method: str = "greedy",
        strategy: str = "best",
        reads: Sequence[Collection[int]] | None = None,
        blocks: Blocks = None,
        cv: Folds = 5,
        metric: str | None = None,
        matching: bool = True,
        penalty: float = 0.1,
        random_state: RandomState = 0,
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

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> P[::4, :2] = np.nan
    >>> model = MissingFusionClassifier("mean", "pattern", cv=3).fit(P, y, groups=speakers)
    >>> model.patterns_.tolist(), model.predict_proba(P).shape
    ([[True, True], [True, False], [False, True]], (30, 2))
    """

    constraints = {**FusionClassifier.constraints, **_CHOICES}

    def __init__(
        self,
        method: str = "greedy",
        strategy: str = "best",
        reads: Sequence[Collection[int]] | None = None,
        blocks: Blocks = None,
        cv: Folds = 5,
        metric: str | None = None,
        penalty: float = 0.1,
        random_state: RandomState = 0,
    ):
        super().__init__(blocks, cv, metric)
        self.method = method
        self.strategy = strategy
        self.reads = reads
        self.penalty = penalty
        self.random_state = random_state
