"""Reader ``structured``: a simulated table corpus for multitask claims: targets that share causes or not.

With structure = "shared", one well-labelled target follows a factor of the features, and every other target is a bent
copy of that factor with labels for few clips only: whoever learns the targets one at a time learns the factor anew from
a handful of labels. With structure = "independent", each target follows features of its own and all are labelled, so
that there is nothing to gain from the others. Scores on it compare task modes; they say nothing about people.
"""

from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import pydantic

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.synthesis.generated import GeneratedCorpus

ENVIRONMENT = None
NEEDS = "nothing: the corpus is made on the spot from a seed"

_CLIPS, _FEATURES = "clips.csv", "features.npz"
_DRIVERS = 4  # features behind each factor
_SPEAKER = 0.5  # standard deviation of a speaker's own offset in each feature; that of a clip is 1
_NOISE = 0.5  # of the labels, against a factor of deviation 1
_LABELLED = 0.12  # share of the training clips with a label of the second and later targets, where structure is shared


class Options(pydantic.BaseModel, extra="forbid"):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    structure
        ``shared``: one factor is behind all targets; ``independent``: each target has features of its own.
    speakers
        At least 6; the last third are the test partition.
    clips_per_speaker
        At least 2.
    targets
        At least 2: the columns ``t1``, ``t2`` ...
    features
        At least four a target.
    seed
        At least 0.

    Examples
    --------
    >>> Options(structure="independent", targets=2).features
    40
    """

    structure: Literal["shared", "independent"] = "shared"
    speakers: int = pydantic.Field(60, ge=6)
    clips_per_speaker: int = pydantic.Field(20, ge=2)
    targets: int = pydantic.Field(3, ge=2)
    features: int = pydantic.Field(40, ge=8)
    seed: int = pydantic.Field(0, ge=0)

    @pydantic.model_validator(mode="after")
    def _enough_features(self) -> Self:
        if self.features < _DRIVERS * self.targets:
            raise ValueError(f"{self.targets} targets need {_DRIVERS * self.targets} features or more")
        return self


def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the corpus, generating it first where it is not there yet.

    Parameters
    ----------
    data
        Folder of the corpus; None is one of its own in the user's cache (`AVBASELINES_CACHE` moves that).
    progress
        Called with (clips, clips in all, name of the file), once.

    Returns
    -------
    Release
        Clips with speaker, partition (train, test) and the targets, NaN = not labelled; `features.npz` under its root
        holds clip_id, X and columns.

    Raises
    ------
    InputError
        If `data` holds something else, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp(), "structured")
    >>> read(Options(speakers=6, clips_per_speaker=2), folder).clips.columns.tolist()
    ['speaker', 'partition', 't1', 't2', 't3']
    """
    corpus = GeneratedCorpus("structured", options, (__file__,))
    folder = Path(data).absolute() if data is not None else corpus.cached

    def build(built: Path) -> None:
        _build(built, options)
        if progress:
            total = options.speakers * options.clips_per_speaker
            progress(total, total, _FEATURES)

    corpus.generate(folder, build)
    clips = pd.read_csv(folder / _CLIPS, index_col="clip_id")
    note = f"made-up table with {options.structure} targets, seed {options.seed}; its scores say nothing about people"
    return Release(clips=clips, group="speaker", root=folder, notes=[note])


def draw(options: Options) -> tuple[pd.DataFrame, np.ndarray]:
    """The corpus as arrays.

    Returns
    -------
    clips
        Indexed by clip_id: speaker, partition, t1, t2 ...
    X : float32, shape (n_clips, features)

    Examples
    --------
    >>> clips, X = draw(Options(speakers=6, clips_per_speaker=2))
    >>> X.shape, clips["partition"].value_counts().to_dict()
    ((12, 40), {'train': 8, 'test': 4})
    """
    rng = np.random.default_rng(options.seed)
    speaker = np.repeat(np.arange(options.speakers), options.clips_per_speaker)
    offsets = rng.normal(0, _SPEAKER, (options.speakers, options.features))
    X = rng.normal(size=(speaker.size, options.features)) + offsets[speaker]
    test = speaker >= options.speakers - options.speakers // 3
    columns: dict[str, Any] = {
        "speaker": [f"s{number:03d}" for number in speaker],
        "partition": np.where(test, "test", "train"),
    }
    shared = options.structure == "shared"
    for target in range(options.targets):
        first = 0 if shared else _DRIVERS * target
        values = _bent(_factor(X[:, first : first + _DRIVERS]), target if shared else 0)
        values = values + rng.normal(0, _NOISE, speaker.size)
        unlabelled = ~test & (rng.random(speaker.size) > _LABELLED)
        if shared and target:
            values[unlabelled] = np.nan
        columns[f"t{target + 1}"] = values
    ids = [f"s{s:03d}_c{clip:03d}" for s in range(options.speakers) for clip in range(options.clips_per_speaker)]
    return pd.DataFrame(columns, index=pd.Index(ids, name="clip_id")), X.astype(np.float32)


def _factor(drivers: np.ndarray) -> np.ndarray:
    """Two features as they are, and two that only count together; deviation about 1."""
    a, b, c, d = drivers.T
    return (a + b + 1.2 * c * d) / 2.1


def _bent(factor: np.ndarray, kind: int) -> np.ndarray:
    """A monotone, non-linear reading of the factor; every third one is straight, every other one falls."""
    bent = [factor, np.tanh(1.5 * factor), np.exp(factor.clip(-3, 1.5) / 1.5) - 1][kind % 3]
    return -bent if kind % 2 else bent


def _build(folder: Path, options: Options) -> None:
    clips, X = draw(options)
    clips.to_csv(folder / _CLIPS, float_format="%.6f", lineterminator="\n")
    names = np.array([f"x{number + 1:03d}" for number in range(options.features)])
    np.savez(folder / _FEATURES, clip_id=clips.index.to_numpy(dtype=str), X=X, columns=names)
