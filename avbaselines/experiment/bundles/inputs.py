"""Inputs of clips that a shipped system is to predict: tables joined by id and by column name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Target
from avbaselines.corpora.feature_tables import read_features
from avbaselines.corpora.formats.arrow_folder import is_arrow_folder
from avbaselines.corpora.formats.npy_folder import npy_files
from avbaselines.corpora.id_matching import match_ids
from avbaselines.corpora.precision import single_precision
from avbaselines.corpora.predictions import PredictionOptions, read_prediction
from avbaselines.corpora.sequences import summarise_steps
from avbaselines.corpora.tables import column_names, index_by_id, read_table
from avbaselines.corpora.text_features import letter_counts
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.experiment.bundles.card import CardModality, Made
from avbaselines.experiment.fitting.clip_context import ClipContext, Frames
from avbaselines.experiment.fitting.predictions import Predictions
from avbaselines.extractors.table import FeatureTable
from avbaselines.schema import nearest

Table: TypeAlias = str | Path | pd.DataFrame | FeatureTable


@dataclass
class NewClips:
    """What is known of the clips to predict.

    Attributes
    ----------
    ids : ndarray of str, shape (n,)
    features : dict of str to ndarray of float32, shape (n, d)
        By modality, columns as the system learnt them; NaN rows where a clip lacks it.
    predictions : dict of str to dict
        By outside system, values by target; NaN where there are none.
    groups, recordings : ndarray of str, shape (n,), or None
    times : ndarray of float, shape (n,), or None
        Seconds.

    Examples
    --------
    >>> NewClips(np.array(["a", "b"]), {"audio": np.array([[0.5], [np.nan]])}).without_input
    ['b']
    """

    ids: np.ndarray
    features: dict[str, np.ndarray] = field(default_factory=dict)
    predictions: dict[str, Predictions] = field(default_factory=dict)
    groups: np.ndarray | None = None
    recordings: np.ndarray | None = None
    times: np.ndarray | None = None

    @property
    def context(self) -> ClipContext:
        """What fitted systems may need beside features and predictions."""
        frames = None if self.recordings is None else Frames(self.recordings, self.times)
        return ClipContext(
            self.groups, frames, {name: ~np.isnan(X).all(axis=1) for name, X in self.features.items()}
        )

    @property
    def without_input(self) -> list[str]:
        """Ids of clips of which nothing is known."""
        lacks = np.ones(len(self.ids), bool)
        for X in self.features.values():
            lacks &= np.isnan(X).all(axis=1)
        for values in self.predictions.values():
            lacks &= np.all([np.isnan(part).all(axis=1) for part in values.values()], axis=0)
        return self.ids[lacks].tolist()


def gather(
    modalities: Mapping[str, CardModality],
    outside: Sequence[str],
    targets: Sequence[Target],
    tables: Mapping[str, Table],
    clips: str | Path | pd.DataFrame | None = None,
) -> NewClips:
    """Join what was given to the clips.

    Parameters
    ----------
    modalities
        Of the system.
    outside
        Outside systems that it fuses.
    targets
    tables
    clips

    Raises
    ------
    InputError
        As for :meth:`avbaselines.experiment.bundles.bundle.Bundle.predict`.

    Examples
    --------
    >>> face = CardModality(columns=["smile"], dropped=[], often_missing=False, made=Made(path="face.csv"))
    >>> gather({"face": face}, [], [], {"face": pd.DataFrame({"smile": [0.5]}, index=["a"])}).features["face"].tolist()
    [[0.5]]
    """
    sources = [*modalities, *outside]
    for name in tables:
        if name not in sources:
            raise InputError(f"no modality {name!r}{nearest(name, sources)}; this system reads {', '.join(sources)}")
    if not tables:
        raise InputError(f"nothing to predict from; this system reads {', '.join(sources)}")
    read = {name: _read(name, tables[name], modalities[name]) for name in tables if name in modalities}
    paths = {name: _path(name, tables[name]) for name in tables if name in outside}
    about = _clips(clips, read, paths, tables)
    gathered = NewClips(about.index.to_numpy(str))
    rows = pd.Index(gathered.ids)
    for name, modality in modalities.items():
        joined = np.full((len(rows), len(modality.columns)), np.nan, np.float32)
        if name in read:
            ids, X = read[name]
            position = match_ids(gathered.ids, ids, name).rows
            joined[position >= 0] = X[position[position >= 0]]
        gathered.features[name] = joined
    for name in outside:
        values = {target.name: np.full((len(rows), target.width), np.nan) for target in targets}
        if name in paths:
            options = PredictionOptions(path=str(paths[name].absolute()))
            values = read_prediction(name, options, gathered.ids, list(targets), None, Path()).values
        gathered.predictions[name] = values
    if "group" in about:
        gathered.groups = _complete(as_text(about["group"]))
    if "recording" in about:
        gathered.recordings = _complete(as_text(about["recording"]))
    if "time" in about:
        gathered.times = _complete(pd.to_numeric(about["time"], errors="coerce"))
    _refuse_strangers(gathered, read, tables)
    return gathered


def _path(name: str, table: Table) -> Path:
    """Where the predictions of an outside system lie: they are read from files alone."""
    if not isinstance(table, str | Path):
        raise InputError(f"{name}: give the predictions of an outside system as a file, not as {type(table).__name__}")
    return Path(table)


def _complete(values: pd.Series) -> np.ndarray | None:
    """Of every clip, or None: a clip whose speaker is unknown would be taken for one of a speaker called nan."""
    return None if (values.isna() | (values == "")).any() else np.asarray(values.tolist())


def _refuse_strangers(
    gathered: NewClips, read: Mapping[str, tuple[np.ndarray, np.ndarray]], tables: Mapping[str, Table]
) -> None:
    """All clips without an input are a mistake in their ids; some are told of, see `NewClips.without_input`."""
    ids = [clip for table_ids, _ in read.values() for clip in table_ids]
    if ids and len(read) == len(tables) and all(np.isnan(X).all() for X in gathered.features.values()):
        raise InputError(
            f"clips: none is in {', '.join(read)}, whose ids are such as {str(ids[0])!r}, not {str(gathered.ids[0])!r}"
        )


def _read(name: str, table: Table, modality: CardModality) -> tuple[np.ndarray, np.ndarray]:
    """Ids, and features in the order of the system's columns."""
    made = modality.made
    if isinstance(table, FeatureTable):
        ids, X, columns, source = table.clip_id, table.X, list(table.columns), name
    elif isinstance(table, pd.DataFrame):
        ids, X, columns, source = _of_frame(name, table, made)
    else:
        path = Path(table)
        if path.is_dir() and not (npy_files(path) or is_arrow_folder(path)):
            raise InputError(f"{name}: {path} is a folder; give one table, or extract from it with a recipe")
        source = f"{name}: {path}"
        id_name = _id_column(path, made)
        # Rows of one file are steps where the system learnt from steps, else clips of their own.
        by_segment = not made.functionals
        ids, X, columns, _ = read_features(
            path, name, id_name, made.text, made.width or 0, array=made.array, by_segment=by_segment
        )
        columns = _named_as_then(columns, path.stem, made)
    if X.ndim == 3:
        if not made.functionals:
            raise InputError(f"{source}: holds steps (clips, steps, features); this system learnt from one row a clip")
        X, columns = summarise_steps(X, columns, list(made.functionals), made.padding)
    X = single_precision(X, columns, ids, source, made.offsets)
    return ids, _by_name(X, columns, modality, source)


def _id_column(path: Path, made: Made) -> str:
    """The id column of a table: that of the run's own table, where this one has it too."""
    named = made.id == "clip_id" or made.array is not None or path.is_dir()
    return made.id if named or made.id in column_names(path) else "clip_id"


def _of_frame(name: str, table: pd.DataFrame, made: Made) -> tuple[np.ndarray, np.ndarray, list[str], str]:
    if table.index.nlevels > 1:
        raise InputError(f"{name}: the index must hold clip ids alone, not {', '.join(map(str, table.index.names))}")
    if table.index.hasnans:
        raise InputError(f"{name}: row {int(table.index.isna().argmax()) + 1} has no clip id")
    if not table.index.is_unique:
        raise InputError(f"{name}: clip id {str(table.index[table.index.duplicated()][0])!r} occurs more than once")
    if made.text:
        if made.text not in table:
            raise InputError(f"{name}: no column {made.text!r} with what is said in each clip")
        ids = np.asarray(as_text(table.index).tolist(), dtype=str)
        return ids, *letter_counts(table[made.text].to_numpy(object), made.width or 0), name
    try:
        X = table.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: a column is not numeric ({error})") from None
    return np.asarray(as_text(table.index).tolist(), dtype=str), X, [str(column) for column in table.columns], name


def _named_as_then(columns: list[str], stem: str, made: Made) -> list[str]:
    """Columns without names are numbered after their file, which now has another name."""
    then = Path(made.path or "").stem
    unnamed = columns == [f"{stem}_{number}" for number in range(len(columns))]
    return [f"{then}_{number}" for number in range(len(columns))] if unnamed and then else columns


def _by_name(X: np.ndarray, columns: list[str], modality: CardModality, source: str) -> np.ndarray:
    wanted, place = modality.columns, {column: number for number, column in enumerate(columns)}
    if len(place) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise InputError(f"{source}: column {twice!r} occurs twice; leave one of the two out")
    lacking = [column for column in wanted if column not in place]
    if lacking:
        raise InputError(
            f"{source}: lacks {_some(lacking)} of the {len(wanted)} columns that the system learnt from"
            f"{nearest(lacking[0], columns, label='there is')}; extract the features as the run did"
        )
    strange = [column for column in columns if column not in {*wanted, *modality.dropped}]
    if strange:
        raise InputError(
            f"{source}: has {_some(strange)}, which the system does not know; leave out what is no feature"
        )
    return X[:, [place[column] for column in wanted]]


def _some(columns: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(repr(column) for column in columns[:most])
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return f"column{'s' if len(columns) > 1 else ''} {shown}{more}"


def _clips(
    clips: str | Path | pd.DataFrame | None,
    read: Mapping[str, tuple[np.ndarray, np.ndarray]],
    paths: Mapping[str, Path],
    tables: Mapping[str, Table],
) -> pd.DataFrame:
    """The clips to predict, indexed by id, with what else is known of each."""
    if clips is not None:
        table = clips if isinstance(clips, pd.DataFrame) else read_table(Path(clips), key="clips", text=["clip_id"])
        if "clip_id" in table:
            return index_by_id(table, "clip_id", "clips")
        if not isinstance(clips, pd.DataFrame):
            raise InputError(f"clips: no column 'clip_id'{nearest('clip_id', table.columns)}")
        return table.set_axis(as_text(table.index), axis=0)
    unnamed = pd.DataFrame(index=pd.Index(_all_ids(read, paths)))
    windows = [table.status for table in tables.values() if isinstance(table, FeatureTable) and "time" in table.status]
    if windows:
        status = pd.concat(windows)
        return unnamed.join(status[~status.index.duplicated()][["recording", "time"]])
    return unnamed


def _all_ids(read: Mapping[str, tuple[np.ndarray, np.ndarray]], paths: Mapping[str, Path]) -> list[str]:
    """Ids of all tables; one that another table spells otherwise is the same clip."""
    together: list[str] = []
    of_tables = [(name, list(ids)) for name, (ids, _) in read.items()]
    for name, ids in [*of_tables, *((name, _ids(name, path)) for name, path in paths.items())]:
        together += match_ids(together, ids, name).strangers if together else ids
    return together


def _ids(name: str, path: Path) -> list[str]:
    if path.suffix.lower() == ".npz":
        try:
            with np.load(path, allow_pickle=False) as stored:
                return [str(clip) for clip in as_text(stored["clip_id"])]
        except (OSError, KeyError, ValueError) as error:
            raise InputError(f"{name}: {path}: cannot be read as predictions ({error})") from None
    return list(index_by_id(read_table(path, key=name, text=["clip_id"]), "clip_id", path).index)
