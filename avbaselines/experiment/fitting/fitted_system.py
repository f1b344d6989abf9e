"""Fitted systems: models with the layout of their columns, and predictions of clips, whoever asks for them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Generic, TypeVar

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.fusion.input_patterns import without_partial
from avbaselines.estimators.preprocessing.per_speaker import standardise_per_group
from avbaselines.estimators.temporal.recording_share import toward_recording
from avbaselines.estimators.tuned.interface import InputLayout, TargetModel
from avbaselines.experiment.fitting.clip_context import ClipContext
from avbaselines.experiment.fitting.predictions import Bounds, Predictions, bounded, predict, rows_of, spread

__all__ = ["FittedBase", "FittedFusion", "FusedColumns", "FittedSystem", "columns_of", "fused_columns", "side_by_side"]

UNKNOWN = ClipContext()

Block = TypeVar("Block")


@dataclass(frozen=True)
class FittedSystem(ABC, Generic[Block]):
    """A fitted system of models, one or several targets each.

    Attributes
    ----------
    targets : sequence of Target
        Of the study, in their order.
    models : dict of str to TargetModel
        By target; one that was fitted to several stands under each of their names.
    bounds : dict of str to (float, float)
        What its predictions are kept within, see `bounds_of`.

    Examples
    --------
    >>> FittedBase([], {}).by_model()
    []
    """

    targets: Sequence[Target]
    models: dict[str, TargetModel]
    _: KW_ONLY
    bounds: Bounds = field(default_factory=dict)

    @abstractmethod
    def predict(self, blocks: Sequence[Block], clips: ClipContext = UNKNOWN) -> Predictions:
        """Predictions before matching, NaN rows where the system has nothing to go by.

        Parameters
        ----------
        blocks
            What the system reads, in the order in which it was fitted.
        clips
            What else is known of the rows.
        """

    def by_model(self) -> list[tuple[TargetModel, list[Target]]]:
        """Each model once, with the targets that it was fitted to."""
        batches: dict[int, list[Target]] = {}
        for target in self.targets:
            batches.setdefault(id(self.models[target.name]), []).append(target)
        return [(self.models[targets[0].name], targets) for targets in batches.values()]


@dataclass(frozen=True)
class FittedBase(FittedSystem[np.ndarray]):
    """A fitted base system; its blocks are the features of its modalities, shape (n, n_features), NaN rows = missing.

    Attributes
    ----------
    transductive : bool
        Features are standardised within each speaker, by the very clips that are predicted.

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(20, 2))
    >>> arousal = Target("arousal", "ccc")
    >>> system = FittedBase([arousal], {"arousal": RidgeRegressor(cv=4).fit(X, X[:, 0])})
    >>> predicted = system.predict([np.array([[0.0], [np.nan]]), np.array([[1.0], [np.nan]])])
    >>> np.isnan(predicted["arousal"]).tolist()
    [[False], [True]]
    """

    transductive: bool = False

    def predict(self, blocks: Sequence[np.ndarray], clips: ClipContext = UNKNOWN) -> Predictions:
        """Predictions from the features of each modality, see `FittedSystem`."""
        X = self.features(blocks, clips)
        predictions: Predictions = {}
        for model, targets in self.by_model():
            predictions |= bounded(_predicted(model, X, targets, clips), self.bounds)
        return predictions

    def features(self, blocks: Sequence[np.ndarray], clips: ClipContext) -> np.ndarray:
        """The table that its models read, shape (n, n_features)."""
        X = side_by_side(blocks)
        if not self.transductive or not len(X):
            return X
        assert clips.groups is not None
        return standardise_per_group(X, clips.groups)


@dataclass(frozen=True)
class FittedFusion(FittedSystem[Predictions]):
    """A fitted late fusion; its blocks are the predictions of each of its inputs.

    Attributes
    ----------
    reads_all : bool
        Models that take columns as they come read the predictions of all targets, not only of those they predict.
    chosen : dict of str to list of int
        By target, the numbers of the inputs that are fused; a target that is not named is fused from all.
    shares : dict of str to float
        By target, the share of a prediction that is the mean of its recording.
    needs : list of tuple of str, or None
        By input, the modalities it cannot do without: where one is missing its prediction is left out if that of
        another input lacks nothing. None where predictions are taken as they come.

    Examples
    --------
    >>> from avbaselines.estimators.fusion.averages import MeanFusionRegressor
    >>> truth = np.arange(8.0)
    >>> mean = MeanFusionRegressor(cv=4).fit(np.column_stack([truth + 1, truth - 1]), truth)
    >>> late = FittedFusion([Target("arousal", "ccc")], {"arousal": mean})
    >>> late.predict([{"arousal": np.array([[3.0]])}, {"arousal": np.array([[5.0]])}])["arousal"].tolist()
    [[4.0]]
    """

    reads_all: bool = False
    chosen: dict[str, list[int]] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    needs: list[tuple[str, ...]] | None = None

    def predict(self, blocks: Sequence[Predictions], clips: ClipContext = UNKNOWN) -> Predictions:
        """Predictions from those of its inputs, see `FittedSystem`."""
        predictions: Predictions = {}
        for model, targets in self.by_model():
            chosen = self.chosen.get(targets[0].name, list(range(len(blocks))))
            needs = None if self.needs is None else [self.needs[number] for number in chosen]
            classes = model.target_classes_[0]
            columns = fused_columns(model.input_layout, targets, self.targets, self.reads_all, classes)
            X = columns.table([blocks[number] for number in chosen], needs, clips)
            predictions |= bounded(_predicted(model, X, targets, clips), self.bounds)
        for name, share in self.shares.items():
            if share and len(predictions[name]):
                assert clips.frames is not None
                predictions[name] = toward_recording(predictions[name], clips.frames.recordings, share)
        return predictions


def _predicted(model: TargetModel, X: np.ndarray, targets: Sequence[Target], clips: ClipContext) -> Predictions:
    """Predictions for rows that are not wholly missing; for all rows where each is somebody's neighbour."""
    rows, frames = ~np.isnan(X).all(axis=1), None
    if model.needs_whole_recordings:
        rows, frames = np.ones(len(X), bool), clips.frames
    values = predict(model, rows_of(X, rows), targets, frames)
    return {name: spread(value, rows) for name, value in values.items()}


@dataclass(frozen=True)
class FusedColumns:
    """Which predictions of each input stand side by side in the table that a fusion's model reads.

    Attributes
    ----------
    names : tuple of str
        Targets, in their order within an input.
    classes : ndarray of int, or None
        Of the first target, the classes that are read; None = all columns.

    Examples
    --------
    >>> inputs = [{"mood": np.array([[0.2, 0.3, 0.5]])}, {"mood": np.array([[0.6, 0.1, 0.3]])}]
    >>> FusedColumns(("mood",), np.array([0, 2])).table(inputs).tolist()
    [[0.2, 0.5, 0.6, 0.3]]
    """

    names: tuple[str, ...]
    classes: np.ndarray | None = None

    def table(
        self,
        inputs: Sequence[Predictions],
        needs: Sequence[tuple[str, ...]] | None = None,
        clips: ClipContext = UNKNOWN,
    ) -> np.ndarray:
        """The table of shape (n, n_columns); see `FittedFusion` for `needs`."""
        X = np.hstack([self._part(item, name) for item in inputs for name in self.names])
        return X if needs is None else without_partial(X, self.blocks(inputs), _has_needs(needs, clips, len(X)))

    def blocks(self, inputs: Sequence[Predictions]) -> list[np.ndarray]:
        """Numbers of the columns of each input."""
        return columns_of([np.hstack([self._part(item, name) for name in self.names]) for item in inputs])

    def of_target(self, inputs: Sequence[Predictions], target: str) -> list[int]:
        """Numbers of the columns that predict a target."""
        parts = [(name, self._part(item, name)) for item in inputs for name in self.names]
        numbers = columns_of([part for _, part in parts])
        return [int(n) for (name, _), own in zip(parts, numbers, strict=True) if name == target for n in own]

    def n_others(self, item: Predictions) -> int:
        """Number of columns of an input that predict other targets than the first."""
        return sum(item[name].shape[1] for name in self.names[1:])

    def _part(self, item: Predictions, name: str) -> np.ndarray:
        return item[name][:, self.classes] if self.classes is not None and name == self.names[0] else item[name]


def fused_columns(
    layout: InputLayout,
    targets: Sequence[Target],
    every: Sequence[Target],
    reads_all: bool,
    classes: np.ndarray | None,
) -> FusedColumns:
    """The columns that a fusion's model reads.

    Parameters
    ----------
    layout
        Of the model.
    targets
        Those that it predicts.
    every
        All of the study.
    reads_all
        See `FittedFusion`.
    classes
        That the model was fitted to, where its (first) target is one of classes.

    Examples
    --------
    >>> mood, arousal = Target("mood", "uar", ("glad", "sad")), Target("arousal", "ccc")
    >>> fused_columns("own_first", [arousal], [mood, arousal], False, None).names
    ('arousal', 'mood')
    """
    if layout == "as_given":
        return FusedColumns(tuple(target.name for target in (every if reads_all else targets)))
    own = targets[0].name
    others = [target.name for target in every if target.name != own] if layout == "own_first" else []
    return FusedColumns((own, *others), None if classes is None else np.asarray(classes, int))


def _has_needs(needs: Sequence[tuple[str, ...]], clips: ClipContext, n: int) -> np.ndarray:
    """Whether a clip has all that each input cannot do without, shape (n, M)."""
    has = np.ones((n, len(needs)), bool)
    for number, names in enumerate(needs):
        for name in names:
            has[:, number] &= clips.present[name]
    return has


def side_by_side(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Blocks of columns as one table; a single one as it is, for wide tables should not be copied for nothing.

    Examples
    --------
    >>> side_by_side([np.zeros((2, 3)), np.zeros((2, 1))]).shape
    (2, 4)
    """
    return blocks[0] if len(blocks) == 1 else np.hstack(blocks)


def columns_of(blocks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Numbers of each block's columns where blocks stand side by side.

    Examples
    --------
    >>> [numbers.tolist() for numbers in columns_of([np.zeros((2, 3)), np.zeros((2, 1))])]
    [[0, 1, 2], [3]]
    """
    widths = [block.shape[1] for block in blocks]
    return np.split(np.arange(sum(widths)), np.cumsum(widths)[:-1])
