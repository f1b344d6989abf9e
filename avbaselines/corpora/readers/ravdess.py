"""Reader ``ravdess``: acted emotional speech and song of 24 speakers (RAVDESS), whose file names are its labels."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.errors import InputError
from avbaselines.schema import Section

ENVIRONMENT = "AVBASELINES_RAVDESS"
NEEDS = (
    "RAVDESS (Livingstone & Russo 2018, CC BY-NC-SA 4.0) from https://zenodo.org/records/1188976, unpacked so that the "
    "folder, or folders below it, hold Actor_01/ ... Actor_24/ with files such as 03-01-06-01-02-01-12.wav or .mp4"
)

CHANNELS = {"01": "speech", "02": "song"}
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
INTENSITIES = {"01": "normal", "02": "strong"}

# Luna-Jimenez et al., Applied Sciences 12(1):327, 2022: subject-wise, balanced in gender and emotion.
FOLDS = ((2, 5, 14, 15, 16), (3, 6, 7, 13, 18), (10, 11, 12, 19, 20), (8, 17, 21, 23, 24), (1, 4, 9, 22))

_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_SOUND, _PICTURE = {"01", "03"}, {"01", "02"}
_SUFFIXES = {".wav", ".mp4", ".flac", ".csv"}


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    channel
        Which of the two vocal channels are read.

    Examples
    --------
    >>> Options(channel="song").channel
    'song'
    """

    reader: ClassVar[str] = "ravdess"
    channel: Literal["speech", "song", "all"] = "speech"


def clip_id(stem: str) -> str | None:
    """Clip that a file belongs to, or None where the name is not the corpus' own.

    The files of one clip differ in the first of their seven numbers (01 sound and picture, 02 picture, 03 sound); the
    clip bears the name of the first, as the published feature tables do.

    Examples
    --------
    >>> clip_id("03-01-06-01-02-01-12")
    '01-01-06-01-02-01-12'
    """
    return f"01{stem[2:]}" if _NAME.fullmatch(stem) else None


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    there = folder.is_dir() and any(_files(folder))
    return {} if there else None



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the labels that the file names below a folder are.

    Parameters
    ----------
    data
        Folder that holds ``Actor_01/`` ..., at any depth.

    Returns
    -------
    Release
        Columns ``speaker`` (actor01 ...), ``gender``, ``channel``, ``emotion``, ``intensity``, ``statement`` (1 "Kids
        are talking by the door", 2 "Dogs are sitting by the door"), ``repetition``, ``fold`` (the five subject-wise
        folds of Luna-Jimenez et al. 2022) and ``sound_file``, ``picture_file`` (below the folder; empty where none).

    Raises
    ------
    InputError
        The folder is missing, holds no files of the corpus, or a file whose name cannot be right.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "03-01-06-01-02-01-12.wav").touch()
    >>> read(Options(), root).clips.loc["01-01-06-01-02-01-12", ["speaker", "emotion"]].tolist()
    ['actor12', 'fearful']
    """
    if data is None or not Path(data).is_dir():
        raise InputError(
            f"{data}: no such folder; the corpus needs {NEEDS} (give its place by --data or ${ENVIRONMENT})"
        )
    rows: dict[str | None, dict[str, Any]] = {}
    for path in _files(Path(data)):
        row = _row(path)
        if options.channel not in ("all", row["channel"]):
            continue
        clip = rows.setdefault(clip_id(path.stem), {**row, "sound_file": "", "picture_file": ""})
        modality, below = path.stem[:2], path.relative_to(data).as_posix()
        # Sound and picture recorded apart are the same takes: the single-modality files are the smaller ones.
        if modality in _SOUND and (modality == "03" or not clip["sound_file"]):
            clip["sound_file"] = below
        if modality in _PICTURE and (modality == "02" or not clip["picture_file"]):
            clip["picture_file"] = below
    if not rows:
        raise InputError(f"{data}: no files of RAVDESS ({options.channel}) there; the corpus needs {NEEDS}")
    clips = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    clips.index.name = "clip_id"
    notes = ["RAVDESS is acted by 24 speakers of two sentences: a spoken sentence is in training and test"]
    return Release(clips=clips, group="speaker", root=Path(data), notes=notes, clip_of=clip_id)


def _files(data: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(data):
        folders.sort()
        yield from (
            Path(parent, name)
            for name in sorted(files)
            if Path(name).suffix.lower() in _SUFFIXES and _NAME.fullmatch(Path(name).stem)
        )


def _row(path: Path) -> dict[str, Any]:
    _, channel, emotion, intensity, statement, repetition, actor = path.stem.split("-")
    meanings = {"channel": CHANNELS, "emotion": EMOTIONS, "intensity": INTENSITIES}
    for (what, codes), code in zip(meanings.items(), (channel, emotion, intensity), strict=True):
        if code not in codes:
            raise InputError(
                f"{path}: {what} {code!r} is none of the corpus' ({', '.join(codes)}); rename or remove the file"
            )
    if not 1 <= int(actor) <= 24:
        raise InputError(f"{path}: actor {actor!r} is none of the corpus' 24; rename or remove the file")
    return {
        "speaker": f"actor{actor}",
        "gender": "male" if int(actor) % 2 else "female",
        "channel": CHANNELS[channel],
        "emotion": EMOTIONS[emotion],
        "intensity": INTENSITIES[intensity],
        "statement": int(statement),
        "repetition": int(repetition),
        "fold": next(fold for fold, actors in enumerate(FOLDS) if int(actor) in actors),
    }
