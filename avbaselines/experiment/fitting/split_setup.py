"""The task of a split, made from a study and its corpus, and the digests that finished fits are known by."""

from dataclasses import asdict
from functools import cache

import lightgbm
import numpy as np
import optuna
import pandas as pd
import scipy
import sklearn

from avbaselines.corpora.corpus import Corpus, ImportedPrediction, Split
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.run_options import Device
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.learners import estimator_places
from avbaselines.experiment.planning.missing_patterns import masks, sources
from avbaselines.experiment.protocol_run import ProtocolRun

__all__ = [
    *("clips_digest", "code_digest", "inner_folds", "learning_groups", "prediction_digest", "split_digest"),
    *("split_table", "split_task"),
]

# Modules that do fits, and those of the estimators that are made by name; what they import counts as well.
FITS = (
    *(f"avbaselines.experiment.fitting.{module}" for module in ("base", "fusion", "tuned", "tuned_fusion")),
    *dict.fromkeys(f"avbaselines.estimators.{place.rpartition('.')[0]}" for place in estimator_places()),
)
# Runs of clips that stand for groups where there is only one: so many that folds can balance classes over them.
PARTS = 20


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
    return SplitTask(
        targets=corpus.targets,
        y={name: values[rows] for name, values in corpus.y.items()},
        groups=groups[rows],
        fold_groups=learning_groups(corpus, rows),
        test_groups=groups[split.test],
        folds=inner_folds(run, split),
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


def inner_folds(run: ProtocolRun, split: Split) -> np.ndarray:
    """The inner fold of each clip that a split learns from, int, in the order of ``split.fit``.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.study import load_study
    >>> ids, nobody = np.array(["a", "b", "c"]), np.array([], int)
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(3.0)}, splits=[], once=True)
    >>> run = ProtocolRun("honest", load_study("quickstart"), corpus, [])
    >>> sorted(inner_folds(run, Split("x", np.arange(2), nobody, np.array([2]))).tolist())
    [0, 1]
    """
    study, corpus, rows = run.study, run.corpus, split.fit
    labels = next((corpus.y[target.name][rows] for target in corpus.targets if target.kind == "classes"), None)
    if labels is not None:
        labels = np.nan_to_num(labels, nan=-1).astype(int)
    return group_folds(learning_groups(corpus, rows), study.systems.inner_folds, labels=labels, seed=study.seed)


def split_table(run: ProtocolRun) -> pd.DataFrame:
    """The evaluated splits and their inner folds, for whoever trains another model on them: splits.csv.

    Returns
    -------
    pandas.DataFrame
        ``clip_id``, ``group``, ``split``, ``part`` (train, dev, test), and ``fold``, the inner fold of train and dev
        clips: the out-of-fold prediction of a clip comes from a fit that saw none of its fold. A row a clip and split;
        clips that a split does not use have none.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.study import load_study
    >>> ids, nobody = np.array(["a", "b", "c"]), np.array([], int)
    >>> splits = [Split("x", np.arange(2), nobody, np.array([2]))]
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(3.0)}, splits, once=True)
    >>> split_table(ProtocolRun("honest", load_study("quickstart"), corpus, []))["part"].tolist()
    ['train', 'train', 'test']
    """
    corpus, tables = run.corpus, []
    for split in corpus.splits:
        rows = np.concatenate([split.fit, split.test])
        tested = np.arange(len(rows)) >= len(split.fit)
        folds = np.concatenate([inner_folds(run, split), np.full(len(split.test), -1)])
        table = pd.DataFrame({"clip_id": corpus.ids[rows], "group": corpus.groups[rows], "split": split.name})
        table["part"] = np.where(tested, "test", np.where(np.isin(rows, split.dev), "dev", "train"))
        tables.append(table.assign(fold=pd.Series(folds, dtype="Int64").mask(tested)))
    return pd.concat(tables, ignore_index=True)


def learning_groups(corpus: Corpus, rows: np.ndarray) -> np.ndarray:
    """What inner folds do not divide: the groups, or parts of the only one there is.

    Where all clips to learn from are of one group, as in a corpus of two speakers with one left out, out-of-fold
    predictions can only be made within it: the recordings stand for groups, or, where there are fewer than two of them,
    `PARTS` runs of clips in their order.

    Parameters
    ----------
    corpus : Corpus
    rows : ndarray of int
        The clips to learn from.

    Returns
    -------
    ndarray of int, shape (len(rows),)

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b", "c"]), np.array([], int)
    >>> groups, y = np.array(["S1", "S1", "S2"]), {"arousal": np.arange(3.0)}
    >>> corpus = Corpus(ids, groups, [Target("arousal", "ccc")], y, splits=[], once=True)
    >>> learning_groups(corpus, np.array([0, 1, 2])).tolist(), learning_groups(corpus, np.array([0, 1])).tolist()
    ([0, 0, 1], [0, 1])
    """
    groups = _codes(corpus.groups)[rows]
    if len(rows) == 0 or (groups != groups[0]).any():
        return groups
    if corpus.recordings is not None:
        recordings = _codes(corpus.recordings[rows])
        if recordings.any():
            return recordings
    return np.arange(len(rows)) * min(PARTS, len(rows)) // len(rows)


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
