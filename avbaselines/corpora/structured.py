"""A made-up table corpus for multitask claims: targets that share what drives them, or do not.

With structure = "shared", one well-labelled target follows a factor of the features, and every other target is a bent
copy of that factor with labels for few clips only: whoever learns the targets one at a time learns the factor anew from
a handful of labels. With structure = "independent", each target follows features of its own and all are labelled, so
that there is nothing to gain from the others. Scores on it compare task modes; they say nothing about people.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import platformdirs
import pydantic

from avbaselines.corpora.corpus import Release
from avbaselines.errors import InputError

ENVIRONMENT = None
NEEDS = "nothing: the corpus is made on the spot from a seed"

Progress = Callable[[int, int, str], None]

_CLIPS, _FEATURES, _RECIPE = "clips.csv", "features.npz", "structured.json"
_DRIVERS = 4  # features behind each factor
_SPEAKER = 0.5  # standard deviation of a speaker's own offset in each feature; that of a clip is 1
_NOISE = 0.5  # of the labels, against a factor of deviation 1
_LABELLED = 0.12  # share of the training clips with a label of the second and later targets, where structure is shared


class Options(pydantic.BaseModel, extra="forbid"):
    """What a study may say about the corpus.

    Attributes
    ----------
    structure : {"shared", "independent"}
    speakers : int
        At least 6; the last third are the test partition.
    clips_per_speaker : int
        At least 2.
    targets : int
        At least 2: the columns ``t1``, ``t2`` ...
    features : int
        At least four a target.
    seed : int
        At least 0.
    """

    structure: Literal["shared", "independent"] = "shared"
    speakers: int = pydantic.Field(60, ge=6)
    clips_per_speaker: int = pydantic.Field(20, ge=2)
    targets: int = pydantic.Field(3, ge=2)
    features: int = pydantic.Field(40, ge=8)
    seed: int = pydantic.Field(0, ge=0)

    @pydantic.model_validator(mode="after")
    def _enough_features(self):
        if self.features < _DRIVERS * self.targets:
            raise ValueError(f"{self.targets} targets need {_DRIVERS * self.targets} features or more")
        return self


def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the corpus, making it first where it is not there yet.

    Parameters
    ----------
    options : Options
    data : Path or None
        Folder of the corpus; None is one of its own in the user's cache (`AVBASELINES_CACHE` moves that).
    progress : callable, optional
        Called with (clips made, clips in all, what was made), once.

    Returns
    -------
    Release
        Clips with speaker, partition (train, test) and the targets, NaN = not labelled; `features.npz` under its root
        holds clip_id, X and columns.

    Raises
    ------
    InputError
        If `data` holds something else, or cannot be written.
    """
    folder = Path(data).absolute() if data is not None else _cached(options)
    try:
        if not _complete(folder, options):
            _make(folder, options)
            total = options.speakers * options.clips_per_speaker
            if progress:
                progress(total, total, _FEATURES)
    except OSError as error:
        raise InputError(
            f"{folder}: the structured corpus cannot be written ({error.strerror or error}); "
            "name another folder with --data or AVBASELINES_CACHE"
        ) from error
    clips = pd.read_csv(folder / _CLIPS, index_col="clip_id")
    note = f"made-up table with {options.structure} targets, seed {options.seed}; its scores say nothing about people"
    return Release(clips=clips, group="speaker", root=folder, notes=[note])


def draw(options: Options) -> tuple[pd.DataFrame, np.ndarray]:
    """The corpus as arrays.

    Returns
    -------
    clips : pandas.DataFrame
        Indexed by clip_id: speaker, partition, t1, t2 ...
    X : ndarray of float32, shape (n_clips, features)
    """
    rng = np.random.default_rng(options.seed)
    speaker = np.repeat(np.arange(options.speakers), options.clips_per_speaker)
    offsets = rng.normal(0, _SPEAKER, (options.speakers, options.features))
    X = rng.normal(size=(speaker.size, options.features)) + offsets[speaker]
    test = speaker >= options.speakers - options.speakers // 3
    columns = {"speaker": [f"s{number:03d}" for number in speaker], "partition": np.where(test, "test", "train")}
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


def _make(folder: Path, options: Options) -> None:
    """Build beside the folder and move in place at the end, so that a call cut short leaves no half corpus."""
    clips, X = draw(options)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        built = Path(scratch) / "corpus"
        built.mkdir()
        clips.to_csv(built / _CLIPS, float_format="%.6f", lineterminator="\n")
        names = np.array([f"x{number + 1:03d}" for number in range(options.features)])
        np.savez(built / _FEATURES, clip_id=clips.index.to_numpy(dtype=str), X=X, columns=names)
        (built / _RECIPE).write_text(_recipe(options), encoding="utf-8", newline="\n")
        try:
            os.replace(built, folder)
        except OSError:
            # another process may have made the same corpus meanwhile
            if not _complete(folder, options):
                raise


def _complete(folder: Path, options: Options) -> bool:
    """Whether the corpus stands in the folder; InputError if something else does."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    recipe = folder / _RECIPE
    if not recipe.is_file():
        raise InputError(f"{folder}: is no structured corpus; name an empty or a new folder")
    if recipe.read_text(encoding="utf-8") != _recipe(options):
        raise InputError(
            f"{folder}: holds a structured corpus of other options or of another version; "
            "delete it or name another folder"
        )
    return True


def _recipe(options: Options) -> str:
    """All that the files depend on, as text: the options and the code that makes them."""
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return json.dumps({"options": options.model_dump(), "code": code}, indent=2, sort_keys=True) + "\n"


def _cached(options: Options) -> Path:
    root = Path(os.environ.get("AVBASELINES_CACHE") or platformdirs.user_cache_dir("avbaselines"))
    return root / f"structured-{hashlib.sha256(_recipe(options).encode()).hexdigest()[:12]}"
