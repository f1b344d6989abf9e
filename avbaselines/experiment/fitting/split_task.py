"""Labels, groups and inner folds that all fits of a split share, and the digests that finished fits are known by."""

from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Literal

import lightgbm
import numpy as np
import optuna
import scipy
import sklearn

from avbaselines.corpora.corpus import Corpus, ImportedPrediction, Split, Target
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.metrics import CONCORDANCES
from avbaselines.experiment.fitting.clip_context import ClipContext, Frames
from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.run_options import Device
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.missing_patterns import masks, sources
from avbaselines.experiment.protocol_run import ProtocolRun


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
    """

    targets: list[Target]
    y: dict[str, np.ndarray]
    groups: np.ndarray
    test_groups: np.ndarray
    folds: np.ndarray
    matching: bool
    seed: int
    device: Device = "cpu"
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


# Modules that do fits, and those that make learners by name; what they import counts as well.
FITS = tuple(
    f"avbaselines.{module}"
    for module in (
        *("experiment.fitting.base", "experiment.fitting.fusion"),
        *("experiment.fitting.tuned", "experiment.fitting.tuned_fusion"),
        *("estimators.linear.ridge", "estimators.kernel.support_vectors", "estimators.boosting.lightgbm_models"),
        *("estimators.boosting.concordance", "estimators.multitarget.chain", "estimators.multitarget.joint"),
        *("estimators.fusion.averages", "estimators.fusion.joint_decoding", "estimators.fusion.missing_inputs"),
    )
)


def split_task(run: ProtocolRun, split: Split, device: Device, present: dict[str, np.ndarray]) -> SplitTask:
    """Labels, groups and inner folds of a split.

    Parameters
    ----------
    run : ProtocolRun
    split : Split
    device : {"cpu", "cuda"}
    present : dict of str to ndarray of bool, shape (n_clips,)
        Which clips have each modality.
    """
    study, corpus, rows = run.study, run.corpus, split.fit
    groups = _codes(corpus.groups)
    labels = next((corpus.y[target.name][rows] for target in corpus.targets if target.kind == "classes"), None)
    if labels is not None:
        labels = np.nan_to_num(labels, nan=-1).astype(int)
    return SplitTask(
        targets=corpus.targets,
        y={name: values[rows] for name, values in corpus.y.items()},
        groups=groups[rows],
        test_groups=groups[split.test],
        folds=group_folds(groups[rows], study.systems.inner_folds, labels=labels, seed=study.seed),
        matching=bool(study.systems.matching),
        strength=float(study.systems.matching) or 1.0,
        seed=study.seed,
        device=device,
        resubstitution=run.resubstitution,
        frames=_frames(corpus, rows),
        test_frames=_frames(corpus, split.test),
        sources=sources(study),
        present={name: has[rows] for name, has in present.items()},
        test_present={name: has[split.test] for name, has in present.items()},
        masks=masks(study) if len(split.test) and split.fold is None and not run.resubstitution else {},
        fits=study.systems.fits,
        combined=corpus.combined,
        votes={name: shares[rows] for name, shares in corpus.votes.items()},
    )


def _frames(corpus: Corpus, rows: np.ndarray) -> Frames | None:
    if corpus.recordings is None:
        return None
    return Frames(_codes(corpus.recordings)[rows], None if corpus.times is None else corpus.times[rows])


def _codes(names: np.ndarray) -> np.ndarray:
    """Numbers for names, in their order: there are as many as clips, and texts are slow to compare."""
    return np.unique(names, return_inverse=True)[1]


def prediction_digest(prediction: ImportedPrediction) -> str:
    """What changes when an outside system's predictions do."""
    folds = prediction.by_fold or {}
    return digest(*prediction.values.values(), *(values for part in folds.values() for values in part.values()))


def clips_digest(corpus: Corpus) -> str:
    """What every fit depends on beside features and labels: who and when each clip is."""
    places = [part for part in (corpus.recordings, corpus.times) if part is not None]
    return digest(corpus.ids, corpus.groups, *places, [asdict(target) for target in corpus.targets])


def split_digest(clips: str, split: Split, task: SplitTask, corpus: Corpus) -> str:
    """What every fit of a split depends on: never the labels of evaluated clips."""
    settings = {
        "matching": task.matching,
        "seed": task.seed,
        "device": task.device,
        "resubstitution": task.resubstitution,
        "sources": task.sources,
        "masks": task.masks,
        "fits": task.fits,
    }
    labels = [task.y[target.name] for target in corpus.targets] + list(task.votes.values())
    return digest(clips, split.fit, split.test, *labels, task.folds, settings)


@cache
def code_digest() -> str:
    """Digest of the code and libraries that fits depend on, so that old work is not taken for new."""
    import xgboost  # as everywhere: workers that grow none of its trees do not load it

    libraries = (lightgbm, np, optuna, scipy, sklearn, xgboost)
    versions = {library.__name__: library.__version__ for library in libraries}
    return digest(versions, source_digest(FITS))
