"""Modalities of a study: feature tables joined to the clips by id, or made by a recipe."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from avbaselines.corpora.corpus import Modality, ModalityInfo
from avbaselines.corpora.feature_tables import Features, read_features
from avbaselines.corpora.formats.avec_csv import FEATURES_MAY_LACK, read_folder
from avbaselines.corpora.id_matching import match_ids
from avbaselines.corpora.precision import costly_offsets, precision_notes, single_precision
from avbaselines.corpora.segments import is_segment_id
from avbaselines.corpora.sequences import padding_side, step_notes, summarise_steps
from avbaselines.errors import InputError
from avbaselines.schema import Section, locate

Functional = Literal[
    "mean", "std", "p10", "p90", "slope", "steps", "min", "max", "first", "middle", "last", "correlation"
]  # fmt: skip
FUNCTIONALS: tuple[Functional, ...] = ("mean", "std", "p10", "p90", "slope", "steps")

# Files whose columns have no names but those made of the file's own.
UNNAMED = (".npz", "")


class ModalityOptions(Section):
    """One entry of ``[modalities]``: a table, or a recipe with its media.

    Attributes
    ----------
    path : str, list of str, or dict of str
        npz (``clip_id``, ``X``, ``columns``), csv, parquet or ARFF (an id column and numbers); a folder with one .npy a
        clip, a data set saved to disk or parquet shards; or several of one kind that are parts of one table, such as
        ``{ train = "train.csv", test = "test.csv" }``.
    id : str
        Id column of a csv or parquet table, or array of ids.
    array : str, optional
        Of an npz with other names the array of features, of a data set the column of vectors.
    functionals : list of str
        What (clips, steps, features) arrays are summarised by; ``steps`` is their number, one column, ``first``,
        ``middle`` and ``last`` are means of thirds, ``correlation`` tells how each two features move together. The last
        four say most as a modality of their own: the same path under a second name, fused late.
    recipe, media : str
        A recipe of ``features/`` and the folder (or file) of its media.
    window, hop : float, optional
        Seconds, for recipes over sliding windows.
    text : str, optional
        Column of a csv or parquet table with what is said in each clip, in place of numbers.
    width : int
        Number of columns that a text's letter groups are counted in, see `letter_counts`.
    max_missing : float
        Share of the clips that the table may lack before that is an error.

    Examples
    --------
    >>> ModalityOptions.model_validate("audio.npz").path
    'audio.npz'
    """

    path: str | list[str] | dict[str, str] | None = None
    id: str = "clip_id"
    array: str | None = None
    functionals: list[Functional] = list(FUNCTIONALS)
    recipe: str | None = None
    media: str | None = None
    window: float | None = Field(default=None, gt=0)
    hop: float | None = Field(default=None, gt=0)
    text: str | None = None
    width: int = Field(default=2048, ge=16, le=65536)
    max_missing: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str | list) else value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.recipe is None):
            raise ValueError("needs a path to a table, or a recipe with its media")
        if self.recipe and not self.media:
            raise ValueError("a recipe needs media = 'folder of the files'")
        if self.path is not None and not self.files:
            raise ValueError("path is empty; name a table")
        if self.text and (not self.files or any(file.lower().endswith(".npz") for file in self.files)):
            raise ValueError("text names a column of a csv or parquet table; give its path")
        return self

    @property
    def files(self) -> list[str]:
        """Paths of the table, or of its parts; empty for a recipe.

        Examples
        --------
        >>> ModalityOptions(path={"train": "a.csv", "test": "b.csv"}).files
        ['a.csv', 'b.csv']
        """
        if self.path is None:
            return []
        return [self.path] if isinstance(self.path, str) else list(
            self.path.values() if isinstance(self.path, dict) else self.path
        )


def read_modality(
    name: str,
    options: ModalityOptions,
    ids: np.ndarray,
    root: Path | None,
    folder: Path,
    frames: pd.DataFrame | None = None,
    elsewhere: Collection[str] = (),
) -> Modality:
    """Read a feature table and join it to the clips.

    For corpora with recordings and times, a folder holds a table a recording, as the AVEC challenges ship them; for
    others it holds a file a clip, or a data set saved to disk.

    Parameters
    ----------
    name : str
    options : ModalityOptions
        With a ``path``.
    ids : ndarray of str, shape (n_clips,)
    root, folder : Path
        What ``${data}`` stands for, and the study file's folder.
    frames : pandas.DataFrame, optional
        Columns recording and time of the clips, where the corpus has them.
    elsewhere : collection of str
        Ids of clips that the study leaves out.

    Raises
    ------
    InputError
        Missing file, repeated ids, text or infinite values, too few of the clips.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "face.csv").write_text("clip_id,AU01\\nC1.wav,0.5\\nC2.wav,1\\n")
    ...     options = ModalityOptions(path="face.csv")
    ...     face = read_modality("face", options, np.array(["c2", "c1"]), None, Path(folder))
    >>> face.X.ravel().tolist(), face.info.notes[0]
    ([1.0, 0.5], "face: 2 of 2 clips are joined although their ids are spelt otherwise, such as 'c2' and 'C2.wav'")
    """
    paths = [locate(text, root, folder) for text in options.files]
    path, key = paths[0], f"modalities.{name}"
    notes: list[str] = []
    if len(paths) == 1 and path.is_dir() and frames is not None:
        X, columns = read_folder(path, frames, key=key, may_lack=FEATURES_MAY_LACK)
        table_ids = ids
    elif not path.suffix and not path.exists():
        raise InputError(f"{key}: no folder {path}, which should hold a table a recording; bring it there")
    else:
        table_ids, X, columns, notes = _read_parts(paths, key, options, any(is_segment_id(clip) for clip in ids))
    info = ModalityInfo(path.name, options.text, options.width if options.text else None, notes=tuple(notes))
    if options.id != "clip_id":
        info = replace(info, id=options.id)
    if options.array is not None:
        info = replace(info, array=options.array)
    if X.ndim == 3:
        padding = padding_side(X)
        info = replace(info, functionals=tuple(options.functionals), padding=padding)
        info = replace(info, notes=(*info.notes, *step_notes(name, X, padding)))
        try:
            X, columns = summarise_steps(X, columns, options.functionals, padding)
        except InputError as error:
            raise InputError(f"{key}.{error}") from None
    modality = Modality(name, X, columns, info)
    return join(modality, table_ids, ids, f"{key}: {path}", options.max_missing, elsewhere)


def _read_parts(paths: Sequence[Path], key: str, options: ModalityOptions, by_segment: bool) -> Features:
    """The table, or the rows of its parts one after the other."""
    width = options.width if options.text else 0
    parts = [
        read_features(path, key, options.id, options.text, width, array=options.array, by_segment=by_segment)
        for path in paths
    ]
    first = parts[0]
    for path, part in zip(paths[1:], parts[1:], strict=True):
        if len(part.columns) != len(first.columns) or part.X.ndim != first.X.ndim or (
            part.columns != first.columns and path.suffix.lower() not in UNNAMED
        ):
            raise InputError(f"{key}: {path}: has other columns than {paths[0].name}")
    if len(parts) == 1:
        return first
    ids = np.concatenate([part.ids for part in parts])
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"{key}: clip id '{values[counts > 1][0]}' occurs in several of its files")
    notes = list(dict.fromkeys(note for part in parts for note in part.notes))
    if first.X.ndim == 2:
        return Features(ids, np.concatenate([part.X for part in parts]), first.columns, notes)
    most = max(part.X.shape[1] for part in parts)
    padded = [
        np.pad(part.X.astype(np.float32), ((0, 0), (0, most - part.X.shape[1]), (0, 0)), constant_values=np.nan)
        for part in parts
    ]
    return Features(ids, np.concatenate(padded), first.columns, notes)


def join(
    modality: Modality,
    table_ids: Sequence[str] | np.ndarray,
    ids: np.ndarray,
    source: str,
    max_missing: float,
    elsewhere: Collection[str] = (),
) -> Modality:
    """The modality over the corpus' clips, in their order; clips that the table lacks become NaN rows.

    Ids that are spelt otherwise are matched where that is unambiguous, see `avbaselines.corpora.id_matching`.

    Raises
    ------
    InputError
        Infinite values, more than ``max_missing`` of the clips absent from the table, or ids that may be of several
        clips.

    Examples
    --------
    >>> face = Modality("face", np.array([[1.0], [2.0]], np.float32), ["AU01"])
    >>> joined = join(face, ["c1", "c2"], np.array(["c2", "c3"]), "face.csv", max_missing=0.5)
    >>> joined.X.ravel().tolist(), joined.info.absent
    ([2.0, nan], 1)
    """
    offsets = costly_offsets(modality.X, modality.columns)
    X = single_precision(modality.X, modality.columns, table_ids, source, offsets)
    match = match_ids(ids, table_ids, source, elsewhere)
    absent = match.rows < 0
    if absent.mean() > max_missing:
        raise InputError(
            f"{source}: lacks {int(absent.sum())} of {len(ids)} clips (such as '{ids[absent][0]}'; its ids "
            f"are such as '{table_ids[0]}'); at most {max_missing:.0%} may be "
            f"absent (modalities.{modality.name}.max_missing)"
        )
    joined = np.full((len(ids), X.shape[1]), np.nan, dtype=np.float32)
    joined[~absent] = X[match.rows[~absent]]
    empty = np.asarray(np.isnan(joined).all(axis=0))
    if empty.all():
        raise InputError(f"{source}: has no value for any clip of this study")
    notes = [*modality.info.notes, *filter(None, [match.note(modality.name)])]
    notes += precision_notes(modality.name, joined, modality.columns, offsets)
    if absent.any() and match.strangers:
        notes.append(
            f"{modality.name}: has nothing of {int(absent.sum())} clips, such as '{ids[absent][0]}', and "
            f"{len(match.strangers)} ids of no clip, such as {match.strangers[0]!r}: look whether they are the same"
        )
    dropped = tuple(column for column, gone in zip(modality.columns, empty, strict=True) if gone)
    info = replace(modality.info, absent=int(absent.sum()), dropped=dropped, offsets=offsets, notes=tuple(notes))
    columns = [column for column, gone in zip(modality.columns, empty, strict=True) if not gone]
    return Modality(modality.name, joined[:, ~empty], columns, info)
