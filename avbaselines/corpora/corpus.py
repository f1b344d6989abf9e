"""A release as a reader hands it over, and the corpus that the experiment works on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from avbaselines.corpora.raters import Ratings, Votes
from avbaselines.evaluation.combined import Combined

Progress = Callable[[int, int, str], None]
"""``progress(done, total, what)``, which a reader calls as it goes on."""


@dataclass
class Release:
    """A corpus as its reader found it: every clip with every column its files give.

    Attributes
    ----------
    clips : pandas.DataFrame
        One row a clip, indexed by clip id (str, unique).
    group, recording, time : str or None
        Columns that by default hold the group (speaker or session), the recording and the time in seconds.
    root : pathlib.Path
        Folder that ``${data}`` stands for in the study file.
    notes : list of str
        What a reader of the leaderboard has to know about this corpus.
    segments : mapping of str to (str, float, float or None)
        Of clips that are parts of files: file, start and end in seconds (None = its end).
    clip_of : callable, optional
        Clip id (or recording) of a media file's stem, None for files of no clip; by default the stem itself.

    Examples
    --------
    >>> clips = pd.DataFrame({"speaker": ["a", "b"]}, index=["x", "y"])
    >>> Release(clips, group="speaker", root=Path()).notes
    []
    """

    clips: pd.DataFrame
    group: str | None
    root: Path
    recording: str | None = None
    time: str | None = None
    notes: list[str] = field(default_factory=list)
    clip_of: Callable[[str], str | None] | None = None
    segments: Mapping[str, tuple[str, float, float | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """An attribute to regress or a class label.

    Attributes
    ----------
    name, metric : str
        Column name and the metric the study is judged by.
    classes : tuple of str
        Class labels in order; empty for regression.
    range : tuple of float or None
        Lowest and highest possible value (regression).
    aggregate : {"pooled", "mean"} or None
        How splits are put together in the ``all`` row; None = pooled where every clip is tested once, else mean.
    soft : {"weights", "targets"} or None
        What learners make of the raters' votes on a class label.

    Examples
    --------
    >>> Target("arousal", "ccc", range=(1, 5)).kind, Target("mood", "uar", ("glad", "sad")).width
    ('regression', 2)
    """

    name: str
    metric: str
    classes: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    aggregate: str | None = None
    soft: str | None = None

    @property
    def kind(self) -> Literal["regression", "classes"]:
        """``"classes"`` or ``"regression"``."""
        return "classes" if self.classes else "regression"

    @property
    def width(self) -> int:
        """Columns of a prediction: one per class, or one."""
        return max(1, len(self.classes))


@dataclass(frozen=True)
class ModalityInfo:
    """Where the features of a modality came from, and what was noticed on the way.

    Attributes
    ----------
    path : str or None
        File name of the table they were read from.
    text, width : str and int, or None
        Column of transcripts that letter groups were counted in, and in how many columns.
    id : str or None
        Id column of the table, where it is not ``clip_id``.
    array : str or None
        Array or column of vectors that was read, where it was named.
    functionals : tuple of str
        What steps were summarised by; empty where the table holds a row a clip.
    padding : {"front", "end"} or None
        Side on which steps of zeros are left out.
    extraction : dict
        Of features made by a recipe, what the extractor says of itself (recipe, extractor, version, options, title,
        source, and the scale of the values where it has one), as it is written down in provenance and cards.
    failed : int or None
        Recordings that could not be extracted; None for a table.
    absent : int
        Clips of the corpus that the source lacks.
    dropped : tuple of str
        Columns without any value in this corpus, left out.
    offsets : dict of str to float
        By column, what was taken off before its values became 32-bit numbers, see `avbaselines.corpora.precision`.
    notes : tuple of str

    Examples
    --------
    >>> ModalityInfo(path="face.csv", dropped=("AU45",)).described()
    {'path': 'face.csv', 'absent': 0, 'empty_columns': 1}
    """

    path: str | None = None
    text: str | None = None
    width: int | None = None
    id: str | None = None
    array: str | None = None
    functionals: tuple[str, ...] = ()
    padding: str | None = None
    extraction: dict[str, Any] = field(default_factory=dict)
    failed: int | None = None
    absent: int = 0
    dropped: tuple[str, ...] = ()
    offsets: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """The keys that provenance and cards hold; those without a value are left out."""
        table: dict[str, Any] = {"path": self.path, "text": self.text, "width": self.width, "id": self.id}
        table |= {"array": self.array}
        table |= {"offsets": dict(self.offsets) or None}
        table |= {"functionals": list(self.functionals) or None, "padding": self.padding}
        counts = {"failed": self.failed, "absent": self.absent, "empty_columns": len(self.dropped)}
        return {
            **{key: value for key, value in table.items() if value is not None},
            **self.extraction,
            **{key: value for key, value in counts.items() if value is not None},
        }


@dataclass
class Modality:
    """A feature table over all clips of a corpus.

    Attributes
    ----------
    X : ndarray of float32, shape (n_clips, n_features)
        A row of NaN = the clip lacks the modality.
    columns : list of str

    Examples
    --------
    >>> Modality("face", np.array([[0.5], [np.nan]], np.float32), ["AU01"]).present.tolist()
    [True, False]
    """

    name: str
    X: np.ndarray
    columns: list[str]
    info: ModalityInfo = field(default_factory=ModalityInfo)

    @property
    def present(self) -> np.ndarray:
        """Boolean mask (n_clips,) of the clips that have this modality."""
        return ~np.isnan(self.X).all(axis=1)


@dataclass(frozen=True)
class SplitId:
    """Names a split, or one inner fold of its training part.

    Attributes
    ----------
    outer : str
        Name of the split.
    fold : int or None
        Number of the inner fold that is predicted there; None = the whole split.

    Examples
    --------
    >>> str(SplitId("fold0")), str(SplitId("fold0", 3))
    ('fold0', 'fold0 without inner fold 3')
    """

    outer: str
    fold: int | None = None

    @property
    def whole(self) -> "SplitId":
        """The split that an inner fold is part of; itself, where it is none."""
        return SplitId(self.outer)

    def __str__(self) -> str:
        return self.outer if self.fold is None else f"{self.outer} without inner fold {self.fold}"


@dataclass(frozen=True)
class Split:
    """Row numbers of one division into training, development and evaluated clips.

    Attributes
    ----------
    name : str
    train, dev, test : ndarray of int
    fold : int or None
        Where it divides the training part of the split `name`: the inner fold that is its test part.
    repeat : int
        Number of the assignment of folds that it is part of, where folds are made more than once.

    Examples
    --------
    >>> import numpy as np
    >>> split = Split("given", train=np.array([0, 3]), dev=np.array([1]), test=np.array([2]))
    >>> split.fit.tolist(), str(split.id)
    ([0, 1, 3], 'given')
    """

    name: str
    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray
    fold: int | None = None
    repeat: int = 0

    @property
    def id(self) -> SplitId:
        """What it is known by among splits and their inner folds."""
        return SplitId(self.name, self.fold)

    @cached_property
    def fit(self) -> np.ndarray:
        """Rows that systems may learn from: train and dev, in corpus order."""
        return np.sort(np.concatenate([self.train, self.dev]))


@dataclass(frozen=True)
class Resampling:
    """The units that intervals and tests resample where these are not the groups.

    Attributes
    ----------
    column : str
        Of the clips table.
    names : ndarray of str, shape (n_clips,)
        Unit of each clip; empty where a clip that is never evaluated has none.

    Examples
    --------
    >>> Resampling("speaker", np.array(["f", "m", "m"])).column
    'speaker'
    """

    column: str
    names: np.ndarray


@dataclass
class Corpus:
    """Clips with groups, targets, modalities, imported predictions and splits, joined by clip id.

    Attributes
    ----------
    ids, groups : ndarray of str, shape (n_clips,)
    recordings : ndarray of str or None
    times : ndarray of float (seconds) or None
    targets : list of Target
    y : dict of str to ndarray, shape (n_clips,)
        Values, or class codes as floats; NaN = not labelled.
    modalities : dict of str to Modality
    predictions : dict of str to ImportedPrediction
    splits : list of Split
    once : bool
        True where every evaluated clip is evaluated in exactly one split (of each repeat).
    votes : dict of str to ndarray, shape (n_clips, n_classes)
        Of class targets with soft labels: share of the votes of each class; NaN = no votes.
    combined : Combined or None
        The score of a class and an attribute together that systems are picked and compared by, where there is one.
    raters : dict of str to Votes or Ratings
        By target, what its single raters said, where the study names their columns.
    resampling : Resampling or None
        What intervals and tests resample, where that is not the groups.

    Examples
    --------
    >>> ids = np.array(["x", "y"])
    >>> Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.zeros(2)}, splits=[], once=True).modalities
    {}
    """

    ids: np.ndarray
    groups: np.ndarray
    targets: list[Target]
    y: dict[str, np.ndarray]
    splits: list[Split]
    once: bool
    recordings: np.ndarray | None = None
    times: np.ndarray | None = None
    modalities: dict[str, Modality] = field(default_factory=dict)
    predictions: dict[str, "ImportedPrediction"] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    votes: dict[str, np.ndarray] = field(default_factory=dict)
    combined: Combined | None = None
    raters: dict[str, Votes | Ratings] = field(default_factory=dict)
    resampling: Resampling | None = None

    @property
    def units(self) -> np.ndarray:
        """What intervals and tests resample, str, shape (n_clips,): the groups, or units of the study's own."""
        return self.groups if self.resampling is None else self.resampling.names


@dataclass
class ImportedPrediction:
    """Predictions of a system from outside, over all clips of a corpus.

    Attributes
    ----------
    values : dict of str to ndarray, shape (n_clips, target width)
        NaN rows where the file has none.
    by_fold : dict of str to dict, or None
        Split name to such a dict, for files whose ``fold`` column restricts rows to one split.
    notes : tuple of str
        What was done to the file's ids and scores.
    seeds : tuple of ImportedPrediction
        Where a model was trained with several seeds, the predictions of each; `values` are then their means.

    Examples
    --------
    >>> deep = ImportedPrediction("deep", {"arousal": np.zeros((2, 1))})
    >>> deep.of("fold0")["arousal"].shape
    (2, 1)
    """

    name: str
    values: dict[str, np.ndarray]
    by_fold: dict[str, dict[str, np.ndarray]] | None = None
    notes: tuple[str, ...] = ()
    seeds: tuple["ImportedPrediction", ...] = ()

    def of(self, split: str) -> dict[str, np.ndarray]:
        """Predictions that may be used in a split (by its name)."""
        if self.by_fold is None:
            return self.values
        return self.by_fold.get(split, self.values)
