"""Remarks of a fit: choices and fallbacks that a reader of its scores should know, each a small type with its words."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "ChosenByFrames",
    "ChosenDelays",
    "ChosenOrder",
    "ChosenStrategies",
    "ChosenTargetWeights",
    "DeviceFallback",
    "FitRemark",
    "LandmarkApproximation",
    "MeanOverFolds",
    "NoVectorLeaves",
    "PrincipalDirections",
    "SearchedTargetWeights",
    "SingleTarget",
    "remarks_text",
]


class FitRemark(ABC):
    """Base of all remarks; `text` says it in a few words."""

    @abstractmethod
    def text(self, targets: Sequence[str]) -> str:
        """The remark in words, for targets of these names."""


def remarks_text(remarks: Iterable[FitRemark], targets: Sequence[str]) -> str:
    """All remarks in words, each once, divided by semicolons.

    Examples
    --------
    >>> remarks_text([ChosenOrder(6), MeanOverFolds(5), ChosenOrder(6)], ["arousal", "valence"])
    'order chosen among 6 by out-of-fold score; mean of 5 fits, one a fold left out'
    """
    return "; ".join(dict.fromkeys(remark.text(targets) for remark in remarks))


@dataclass(frozen=True)
class SingleTarget(FitRemark):
    """A model of several targets was fitted to one.

    Attributes
    ----------
    lacking : str
        What there is none of with a single target.

    Examples
    --------
    >>> SingleTarget("no chain").text(["arousal"])
    'one target: no chain, fitted alone'
    """

    lacking: str

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"one target: {self.lacking}, fitted alone"


@dataclass(frozen=True)
class ChosenOrder(FitRemark):
    """The order of a chain was chosen among `n_orders`.

    Examples
    --------
    >>> ChosenOrder(6).text(["arousal", "valence"])
    'order chosen among 6 by out-of-fold score'
    """

    n_orders: int

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"order chosen among {self.n_orders} by out-of-fold score"


@dataclass(frozen=True)
class SearchedTargetWeights(FitRemark):
    """Weights of the targets in a joint loss were searched, in so many trials.

    Examples
    --------
    >>> SearchedTargetWeights(12).text(["arousal", "valence"])
    'target weights chosen among 12 by out-of-fold score'
    """

    trials: int

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"target weights chosen among {self.trials} by out-of-fold score"


@dataclass(frozen=True)
class ChosenTargetWeights(FitRemark):
    """The weight that a search found for each target, of mean 1.

    Examples
    --------
    >>> ChosenTargetWeights((0.5, 1.5)).text(["arousal", "valence"])
    'weights arousal 0.50, valence 1.50'
    """

    weights: tuple[float, ...]

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        pairs = zip(targets, self.weights, strict=True)
        return "weights " + ", ".join(f"{target} {weight:.2f}" for target, weight in pairs)


@dataclass(frozen=True)
class ChosenByFrames(FitRemark):
    """What a learner tries was compared on one frame in so many; what they chose was fitted to all.

    Examples
    --------
    >>> ChosenByFrames(15).text(["arousal", "valence"])
    'scaling, kernel and cost chosen by one frame in 15'
    """

    step: int

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"scaling, kernel and cost chosen by one frame in {self.step}"


@dataclass(frozen=True)
class ChosenDelays(FitRemark):
    """The annotation delay and the width of the smoothing window of each target.

    Attributes
    ----------
    delays, smoothing : tuple of float
        Seconds.

    Examples
    --------
    >>> ChosenDelays((2.0, 2.0), (0.0, 0.0)).text(["arousal", "valence"])
    'delay 2 s, smoothing 0 s'
    >>> ChosenDelays((2.0, 2.4), (0.0, 0.0)).text(["arousal", "valence"])
    'delay arousal 2 s, valence 2.4 s; smoothing 0 s'
    """

    delays: tuple[float, ...]
    smoothing: tuple[float, ...]

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        parts = []
        for name, seconds in (("delay", self.delays), ("smoothing", self.smoothing)):
            values = [f"{value:g} s" for value in seconds]
            each = [f"{target} {value}" for target, value in zip(targets, values, strict=True)]
            parts.append(f"{name} {values[0] if len(set(values)) == 1 else ', '.join(each)}")
        return ", ".join(parts) if all("," not in part for part in parts) else "; ".join(parts)


@dataclass(frozen=True)
class ChosenStrategies(FitRemark):
    """The strategy by which each pattern of missing inputs is fused.

    Examples
    --------
    >>> ChosenStrategies(("impute", "pattern", "impute")).text(["arousal"])
    'missing inputs by impute (2), pattern (1)'
    """

    strategies: tuple[str, ...]

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        counts = Counter(self.strategies)
        return "missing inputs by " + ", ".join(f"{name} ({count})" for name, count in counts.items())


@dataclass(frozen=True)
class MeanOverFolds(FitRemark):
    """Predictions are the mean of fits that each left one fold out.

    Examples
    --------
    >>> MeanOverFolds(5).text(["arousal"])
    'mean of 5 fits, one a fold left out'
    """

    n_fits: int

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"mean of {self.n_fits} fits, one a fold left out"


@dataclass(frozen=True)
class LandmarkApproximation(FitRemark):
    """A kernel was approximated by landmarks, as there were more rows than `max_exact`.

    Examples
    --------
    >>> LandmarkApproximation(8000, 1000).text(["arousal"])
    'Nystroem approximation past 8000 clips (1000 landmarks)'
    """

    max_exact: int
    n_landmarks: int

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"Nystroem approximation past {self.max_exact} clips ({self.n_landmarks} landmarks)"


@dataclass(frozen=True)
class PrincipalDirections(FitRemark):
    """A ridge regression saw principal directions only, as rows and columns were both more than `max_exact`.

    Examples
    --------
    >>> PrincipalDirections(3000).text(["arousal"])
    'ridge on 1500 principal directions past 3000 rows and columns'
    """

    max_exact: int

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"ridge on {self.max_exact // 2} principal directions past {self.max_exact} rows and columns"


@dataclass(frozen=True)
class NoVectorLeaves(FitRemark):
    """XGBoost could not grow trees with several outputs.

    Examples
    --------
    >>> NoVectorLeaves("cpu: not built in").text(["arousal", "valence"])
    'no vector leaves here (cpu: not built in): one tree a target and round instead'
    """

    reason: str

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return f"no vector leaves here ({self.reason}): one tree a target and round instead"


@dataclass(frozen=True)
class DeviceFallback(FitRemark):
    """Another device than the one asked for was used; `reason` is a sentence of its own.

    Examples
    --------
    >>> DeviceFallback("XGBoost found no cuda device: grown on the cpu").text(["arousal"])
    'XGBoost found no cuda device: grown on the cpu'
    """

    reason: str

    def text(self, targets: Sequence[str]) -> str:
        """The remark in words."""
        return self.reason
