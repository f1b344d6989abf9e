"""Labels, groups and inner folds that all fits of a split share."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.metrics import CONCORDANCES
from avbaselines.experiment.fitting.clip_context import ClipContext, Frames
from avbaselines.experiment.fitting.predictions import Predictions, bounds_of
from avbaselines.experiment.fitting.run_options import Device

__all__ = ["SplitTask"]


@dataclass(frozen=True)
class SplitTask:
    """All that the fits of a split share beside features: labels, groups, inner folds and how things are done.

    Attributes
    ----------
    targets : list of Target
    y : dict of str to ndarray, shape (n_fit,)
        Labels of the clips to learn from; codes for classes; NaN = not labelled.
    groups, test_groups : ndarray of int
        Numbers of the groups.
    fold_groups : ndarray of int, shape (n_fit,), or None
        What inner folds do not divide, where that is not the group: parts of the only one, see `learning_groups`.
    folds : ndarray of int, shape (n_fit,)
        Inner fold of each clip to learn from.
    matching : bool
    seed : int
    device : {"cpu", "cuda"}
    resubstitution : bool
        The clips to learn from are the evaluated ones, as a paper had it: fitted values stand for out-of-fold ones.
    frames, test_frames : Frames or None
    strength : float
        Of the matching, see `Matcher`; shapes what is scored, not what is fitted.
    sources : dict of str to tuple of str
        Modalities that go missing together, by the name of their source.
    present, test_present : dict of str to ndarray of bool
        By modality, which clips have it.
    masks : dict of str to tuple of str
        Under each mask that evaluated clips are to be predicted under too, the modalities hidden.
    votes : dict of str to ndarray, shape (n_fit, n_classes)
        Of class targets with soft labels; NaN = no votes.
    fits : {"all", "folds"}
        What predicts evaluated clips: a fit to all others, or the mean of fits that each leave one inner fold out.
    combined : Combined or None
        The score that searches go by, where the study has one.

    Examples
    --------
    >>> groups, nobody = np.array([0, 0, 1, 1]), np.array([], int)
    >>> y = {"arousal": np.array([1.0, 2.0, 3.0, 5.0])}
    >>> task = SplitTask([Target("arousal", "ccc", range=(1, 5))], y, groups, nobody, groups, matching=True, seed=0)
    >>> task.bounds
    {'arousal': (1.0, 5.0)}
    """

    targets: list[Target]
    y: dict[str, np.ndarray]
    groups: np.ndarray
    test_groups: np.ndarray
    folds: np.ndarray
    matching: bool
    seed: int
    device: Device = "cpu"
    fold_groups: np.ndarray | None = None
    resubstitution: bool = False
    frames: Frames | None = None
    test_frames: Frames | None = None
    strength: float = 1.0
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    present: dict[str, np.ndarray] = field(default_factory=dict)
    test_present: dict[str, np.ndarray] = field(default_factory=dict)
    masks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    votes: dict[str, np.ndarray] = field(default_factory=dict)
    fits: Literal["all", "folds"] = "all"
    combined: Combined | None = None

    @property
    def undivided(self) -> np.ndarray:
        """What no inner fold divides, of each clip to learn from."""
        return self.groups if self.fold_groups is None else self.fold_groups

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """What predictions of regressed targets are kept within."""
        return bounds_of(self.targets, self.y)

    def bounded_oof(self, oof: Predictions) -> Predictions:
        """Out-of-fold predictions within their bounds; without a declared range, those of the other folds' labels."""
        within = dict(oof)
        for fold in np.unique(self.folds):
            here = self.folds == fold
            bounds = bounds_of(self.targets, {name: y[~here] for name, y in self.y.items()})
            for name in bounds.keys() & oof.keys():
                within[name] = np.where(here[:, None], np.clip(oof[name], *bounds[name]), within[name])
        return within

    @property
    def context(self) -> ClipContext:
        """What is known of the clips to learn from beside features."""
        return ClipContext(self.groups, self.frames, self.present)

    @property
    def test_context(self) -> ClipContext:
        """What is known of the evaluated clips beside features."""
        return ClipContext(self.test_groups, self.test_frames, self.test_present)

    def metric(self, target: Target) -> str:
        """The metric learners choose by: a concordance per recording is chosen by the pooled one."""
        return "ccc" if target.metric in CONCORDANCES else target.metric
