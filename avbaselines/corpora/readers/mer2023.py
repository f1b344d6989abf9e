"""Reader ``mer2023``: the MER 2023 challenge, six emotions and valence of clips from Chinese films and series.

Lian et al. 2023, arXiv:2304.08981. Two layouts are read: the organisers' release (a csv for each part) and the one that
their baseline code turns it into (``label-6way.npz``). No speaker is known, so folds can only be random.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal, get_args

import numpy as np
import pandas as pd
from pydantic import Field

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.formats.object_arrays import load_object_arrays
from avbaselines.corpora.tables import index_by_id, read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest

ENVIRONMENT = "AVBASELINES_MER2023"
NEEDS = (
    "MER 2023, on request from its organisers (http://merchallenge.cn, an agreement is to be signed): the folder that "
    "holds train-label.csv, test1-label.csv, test2-label.csv, test3-label.csv (name,discrete,valence) with train/ ... "
    "test3/, or the folder their baseline code makes of it, with label-6way.npz and video/"
)

Part = Literal["train", "test1", "test2", "test3"]
PARTS: tuple[Part, ...] = get_args(Part)
CHALLENGES = {"test1": "multi", "test2": "noise", "test3": "semi"}
"""Names of the challenges (MER-MULTI, MER-NOISE, MER-SEMI) by the part that is evaluated."""
EMOTIONS = ("neutral", "angry", "happy", "sad", "worried", "surprise")
WITHOUT_VALENCE = {"test3": -10}
"""Parts labelled with emotions alone, and what stands in place of their valence."""

_PROCESSED = "label-6way.npz"
_TRANSCRIPTS = ("transcription-engchi-polish.csv", "transcription.csv")


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    layout
        Which layout the folder has; ``auto`` takes the release's csv files where there are any.
    parts
        Which of train, test1 (MER-MULTI), test2 (MER-NOISE) and test3 (MER-SEMI) are read.

    Examples
    --------
    >>> Options(parts=["train", "test3"]).layout
    'auto'
    """

    reader: ClassVar[str] = "mer2023"
    layout: Literal["auto", "release", "processed"] = "auto"
    parts: list[Part] = Field(default=list(PARTS), min_length=1)


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    return {} if any((folder / name).is_file() for name in ("train-label.csv", _PROCESSED)) else None



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the labels of the challenge's parts.

    Parameters
    ----------
    data
        The release's folder, or the processed one.

    Returns
    -------
    Release
        Columns ``partition`` (train, test1, test2, test3), ``emotion`` (neutral, angry, happy, sad, worried, surprise),
        ``valence`` (-5 to 5; missing in test3), the splits ``multi`` (test1), ``noise`` (test2) and ``semi`` (test3) as
        train, test and other, and where a table of transcripts is there ``sentence`` or its own columns. No group.

    Raises
    ------
    InputError
        A file, column or part is missing, an emotion is unknown, a valence is no number within its scale, a clip is
        labelled twice, or the npz holds anything but plain labels.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "train-label.csv").write_text("name,discrete,valence\\nsample1,happy,2.5\\n")
    >>> read(Options(parts=["train"]), root).clips.loc["sample1", ["partition", "emotion"]].tolist()
    ['train', 'happy']
    """
    if data is None or not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; needed is {NEEDS} (give its place by --data or ${ENVIRONMENT})")
    root = Path(data)
    layout = options.layout
    if layout == "auto":
        layout = "release" if (root / "train-label.csv").is_file() or not (root / _PROCESSED).is_file() else "processed"
    parts = list(dict.fromkeys(options.parts))
    tables = _release(root, parts) if layout == "release" else _processed(root / _PROCESSED, parts)
    clips = pd.concat([_checked(part, table, source) for part, table, source in tables], ignore_index=True)
    clips = index_by_id(clips, "name", root).drop(columns="name")
    for part, name in CHALLENGES.items():
        if part in parts:
            own = [clips["partition"] == "train", clips["partition"] == part]
            clips[name] = np.select(own, ["train", "test"], "other")
    clips = clips.join(_transcripts(root))
    notes = [
        "MER 2023 publishes no speaker ids: folds are random, and a speaker may be in training and test",
    ]
    if "test3" in parts:
        notes.append("MER 2023: test3 (MER-SEMI) is labelled with emotions alone; it has no valence")
    return Release(clips=clips, group=None, root=root, notes=notes)


def _release(root: Path, parts: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame, str | Path]]:
    for part in parts:
        path = root / f"{part}-label.csv"
        if not path.is_file():
            raise InputError(
                f"{path}: no such file; needed is {NEEDS}. To do without this part, leave it out of corpus.parts"
            )
        table = read_table(path, key="corpus", text=["name", "discrete"])
        for column in ("name", "discrete", *(() if part in WITHOUT_VALENCE else ("valence",))):
            if column not in table.columns:
                raise InputError(f"{path}: no column {column!r}{nearest(column, table.columns)}")
        valence = table["valence"] if "valence" in table.columns else WITHOUT_VALENCE[part]
        labels = pd.DataFrame({"name": as_text(table["name"]), "emotion": table["discrete"], "valence": valence})
        yield part, labels, path


def _processed(path: Path, parts: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame, str | Path]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; needed is {NEEDS}")
    corpora = load_object_arrays(path, [f"{part}_corpus" for part in parts])
    for part in parts:
        corpus, source = corpora[f"{part}_corpus"], f"{path}: {part}_corpus"
        rows = []
        for name, label in corpus.items() if isinstance(corpus, dict) else [(None, None)]:
            if not isinstance(name, str) or not isinstance(label, dict) or not {"emo", "val"} <= set(label):
                raise InputError(f"{source}: is no dict of clips to {{'emo': ..., 'val': ...}}")
            if not isinstance(label["emo"], str | int) or not isinstance(label["val"], str | int | float):
                raise InputError(f"{source}: a label of clip {name!r} is neither text nor number")
            rows.append((name, label["emo"], label["val"]))
        if not rows:
            raise InputError(f"{source}: has no clips")
        yield part, pd.DataFrame(rows, columns=["name", "emotion", "valence"]), source


def _checked(part: str, table: pd.DataFrame, source: str | Path) -> pd.DataFrame:
    emotion = as_text(table["emotion"])
    unknown = ~emotion.isin(EMOTIONS).to_numpy()
    if unknown.any():
        row = int(unknown.argmax())
        raise InputError(
            f"{source}: emotion {emotion[row]!r} of clip {table['name'][row]!r} is none of {', '.join(EMOTIONS)}"
            f"{nearest(emotion[row], EMOTIONS)}"
        )
    valence = pd.to_numeric(table["valence"], errors="coerce")
    if part in WITHOUT_VALENCE:
        valence = valence.where(valence != WITHOUT_VALENCE[part])
        wrong = (valence.abs() > 5).to_numpy()
    else:
        wrong = ~(valence.abs() <= 5).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"{source}: valence {table['valence'][row]!r} of clip {table['name'][row]!r} is no number from -5 to 5"
        )
    return pd.DataFrame(
        {"name": table["name"], "partition": part, "emotion": emotion, "valence": valence.astype(np.float64)}
    )


def _transcripts(root: Path) -> pd.DataFrame:
    """Sentences by clip, from the first table that is there; an empty frame without one."""
    for name in _TRANSCRIPTS:
        path = root / name
        if path.is_file():
            table = read_table(path, key="corpus", text=["name"])
            if "name" not in table.columns:
                raise InputError(f"{path}: no column 'name'{nearest('name', table.columns)}")
            table = index_by_id(table, "name", path).drop(columns="name")
            return table.loc[:, [not column.startswith("Unnamed") for column in table.columns]]
    return pd.DataFrame()
