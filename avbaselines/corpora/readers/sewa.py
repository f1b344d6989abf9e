"""Reader ``sewa``: video-chat recordings of the SEWA database as AVEC 2017 to 2019 released them (a label each 0.1 s).

Published with Ringeval et al., "AVEC 2019 workshop and challenge: state-of-mind, detecting depression with AI, and
cross-cultural affect recognition" (2019), cross-cultural emotion sub-challenge.
"""

import re
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.formats.avec_csv import read_recording
from avbaselines.errors import InputError
from avbaselines.schema import LocatedPath, Section, nearest

ENVIRONMENT = "AVBASELINES_SEWA"
NEEDS = (
    "the SEWA data of AVEC 2017, 2018 or 2019 (AVEC2019_CES_traindeveltest, from the challenge's organisers under the "
    "SEWA licence agreement): labels/{Train,Devel,Test}_{DE,HU,CN}_NN.csv with name;timestamp;arousal;valence;liking, "
    "and a folder of the same file names for each feature set; the development labels with published predictions are "
    "also in the repositories AudioVisualEmotionChallenge/AVEC2019 and bagustris/multistage-ser on GitHub"
)
TARGETS = ("arousal", "valence", "liking")

_NAME = re.compile(r"(?P<partition>Train|Devel|Test)_(?:(?P<culture>DE|HU|CN)_)?\d+")


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    labels
        Folder of the label files.
    cultures
        Of DE, HU and CN; left out: all that are there. Files without a culture (AVEC 2017) are German.
    partitions
        Of Train, Devel and Test; left out: all that are there.

    Examples
    --------
    >>> Options(cultures=["DE"]).partitions is None
    True
    """

    reader: ClassVar[str] = "sewa"
    labels: LocatedPath = Path("${data}/labels")
    cultures: list[str] | None = None
    partitions: list[str] | None = None


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    return {} if any(_NAME.fullmatch(path.stem) for path in (folder / "labels").glob("*.csv")) else None



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the labels: a clip is a frame of a recording.

    Parameters
    ----------
    data
        The corpus' root; by default the folder above the labels.
    progress
        ``progress(done, total, what)``.

    Returns
    -------
    Release
        Clips ``Devel_DE_07@12.3`` with subject (= recording), recording, time (seconds), culture, partition, and
        arousal, valence, liking (about -1 to 1).

    Raises
    ------
    InputError
        Missing folder, no file of the wanted cultures and partitions, a file of another name, or a broken one.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> rows = "".join(f"'Devel_DE_07';{time};0.1;0.2;0.3\\n" for time in (0.0, 0.1))
    >>> _ = (root / "Devel_DE_07.csv").write_text(f"name;timestamp;arousal;valence;liking\\n{rows}")
    >>> read(Options(labels=root), None).clips.loc["Devel_DE_07@0.1", ["partition", "culture"]].tolist()
    ['Devel', 'DE']
    """
    files = _label_files(options)
    parts = []
    for number, (path, partition, culture) in enumerate(files):
        if progress:
            progress(number, len(files), path.name)
        table = read_recording(path, columns=TARGETS, key="corpus.labels")
        table.insert(0, "subject", path.stem)
        table.insert(1, "recording", path.stem)
        parts.append(table.assign(culture=culture, partition=partition))
    clips = pd.concat(parts, ignore_index=True)
    clips = clips[["subject", "recording", "time", "culture", "partition", *TARGETS]]
    clips.index = pd.Index(_clip_ids(clips), name="clip_id")
    root = Path(data) if data else Path(options.labels).parent
    return Release(clips=clips, group="subject", root=root, recording="recording", time="time")


class _LabelFile(NamedTuple):
    path: Path
    partition: str
    culture: str


def _label_files(options: Options) -> list[_LabelFile]:
    """The wanted files, in the order of their names."""
    folder = Path(options.labels)
    if not folder.is_dir():
        raise InputError(f"corpus.labels: no folder {folder}; needed is {NEEDS}")
    files: list[_LabelFile] = []
    for path in sorted(folder.glob("*.csv")):
        if path.name.startswith("."):
            continue
        match = _NAME.fullmatch(path.stem)
        if match is None:
            raise InputError(
                f"corpus.labels: {path}: is not named like Devel_DE_07.csv (Train, Devel or Test; DE, HU, CN or none)"
            )
        files.append(_LabelFile(path, match["partition"], match["culture"] or "DE"))
    if not files:
        raise InputError(f"corpus.labels: {folder} has no csv file; needed is {NEEDS}")
    everything = files
    choices = (("partitions", options.partitions, "partition"), ("cultures", options.cultures, "culture"))
    for key, wanted, field in choices:
        there = sorted({getattr(file, field) for file in everything})
        for one in wanted or ():
            if one not in there:
                raise InputError(
                    f"corpus.{key}: no label file in {folder} is of {one!r}{nearest(one, there)}; there are: "
                    f"{', '.join(there)}; needed is {NEEDS}"
                )
        if wanted is not None:
            files = [file for file in files if getattr(file, field) in wanted]
    if not files:
        raise InputError(f"corpus: no label file in {folder} is of both the named partitions and cultures")
    return files


def _clip_ids(clips: pd.DataFrame) -> np.ndarray:
    """``recording@time``, with as many decimals as tell the frames apart (one, at a hop of 0.1 s)."""
    times = clips["time"].to_numpy()
    decimals = next((d for d in (1, 2, 3) if np.abs(np.round(times, d) - times).max() < 1e-6), 6)
    ids = [f"{name}@{time:.{decimals}f}" for name, time in zip(clips["recording"], times, strict=True)]
    return np.array(ids, dtype=object)
