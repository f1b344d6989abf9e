"""The task of a split, made from a study and its corpus, and the digests that finished fits are known by."""

from dataclasses import asdict
from functools import cache

import lightgbm
import numpy as np
import optuna
import scipy
import sklearn

from avbaselines.corpora.corpus import Corpus, ImportedPrediction, Split
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.run_options import Device
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.missing_patterns import masks, sources
from avbaselines.experiment.protocol_run import ProtocolRun

__all__ = ["clips_digest", "code_digest", "prediction_digest", "split_digest", "split_task"]

# Modules that do fits, and those that make learners by name; what they import counts as well.
FITS = tuple(
    f"avbaselines.{module}"
    for module in (
        *("experiment.fitting.base", "experiment.fitting.fusion"),
        *("experiment.fitting.tuned", "experiment.fitting.tuned_fusion"),
        *("estimators.linear.ridge", "estimators.kernel.support_vectors", "estimators.boosting.lightgbm_models"),
        "estimators.boosting.xgboost_models",
        *("estimators.boosting.concordance", "estimators.multitarget.chain", "estimators.multitarget.joint"),
        *("estimators.fusion.averages", "estimators.fusion.joint_decoding", "estimators.fusion.missing_inputs"),
    )
)


def split_task(run: ProtocolRun, split: Split, device: Device, present: dict[str, np.ndarray]) -> SplitTask:
    """Labels, groups and inner folds of a split.

    Parameters
    ----------
    run
    split
    device
    present : dict of str to ndarray of bool, shape (n_clips,)
        Which clips have each modality.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b"]), np.array([], int)
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(2.0)}, splits=[], once=True)

    >>> from avbaselines.study import load_study
    >>> run = ProtocolRun("honest", load_study("quickstart"), corpus, [])
    >>> split_task(run, Split("x", np.arange(2), nobody, nobody), "cpu", {}).folds.tolist()
    [0, 1]
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
    """What changes when an outside system's predictions do.

    Examples
    --------
    >>> one, other = (ImportedPrediction("deep", {"arousal": np.array([[value]])}) for value in (1.0, 2.0))
    >>> prediction_digest(one) == prediction_digest(other)
    False
    """
    folds = prediction.by_fold or {}
    return digest(*prediction.values.values(), *(values for part in folds.values() for values in part.values()))


def clips_digest(corpus: Corpus) -> str:
    """What every fit depends on beside features and labels: who and when each clip is.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b"]), np.array([], int)
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(2.0)}, splits=[], once=True)

    >>> clips_digest(corpus) == clips_digest(corpus), len(clips_digest(corpus))
    (True, 64)
    """
    places = [part for part in (corpus.recordings, corpus.times) if part is not None]
    return digest(corpus.ids, corpus.groups, *places, [asdict(target) for target in corpus.targets])


def split_digest(clips: str, split: Split, task: SplitTask, corpus: Corpus) -> str:
    """What every fit of a split depends on: never the labels of evaluated clips.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b"]), np.array([], int)
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(2.0)}, splits=[], once=True)

    >>> task = SplitTask(corpus.targets, corpus.y, np.arange(2), nobody, np.arange(2), matching=True, seed=0)
    >>> len(split_digest(clips_digest(corpus), Split("x", np.arange(2), nobody, nobody), task, corpus))
    64
    """
    settings = {
        "matching": task.matching,
        "seed": task.seed,
        "device": task.device,
        "resubstitution": task.resubstitution,
        "masks": task.masks,
        "fits": task.fits,
    }
    labels = [task.y[target.name] for target in corpus.targets] + list(task.votes.values())
    return digest(clips, split.fit, split.test, *labels, task.folds, settings)


@cache
def code_digest() -> str:
    """Digest of the code and libraries that fits depend on, so that old work is not taken for new.

    Examples
    --------
    >>> len(code_digest())
    64
    """
    import xgboost  # as everywhere: workers that grow none of its trees do not load it

    libraries = (lightgbm, np, optuna, scipy, sklearn, xgboost)
    versions = {library.__name__: library.__version__ for library in libraries}
    return digest(versions, source_digest(FITS))
