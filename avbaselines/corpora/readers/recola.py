"""Reader ``recola``: continuous arousal and valence at 25 Hz, as AVEC 2016 and 2018 or the original release lay it out.

Ringeval et al. 2013, doi:10.1109/FG.2013.6553805: French-speaking dyads who solve a task by video call; five minutes of
each participant were rated by six raters.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.formats.arff import read_arff
from avbaselines.errors import InputError
from avbaselines.schema import LocatedPath, Section

ENVIRONMENT = "AVBASELINES_RECOLA"
NEEDS = (
    "RECOLA, on request from https://diuf.unifr.ch/main/diva/recola: the folder that holds AVEC 2016's "
    "ratings_gold_standard/{arousal,valence}/train_1.arff ..., AVEC 2018's labels/<gold standard>/{arousal,valence}/"
    "train_1.arff ..., or the original release's RECOLA-Annotation/emotional_behaviour/{arousal,valence}/P16.csv ..."
)

DIMENSIONS = ("arousal", "valence")
STEP = 0.04
"""Seconds between two frames of the annotation."""

GOLD = (
    "ratings_gold_standard",
    "labels/*",
    "RECOLA-Annotation/emotional_behaviour/gold_standard",
    "emotional_behaviour/gold_standard",
    "Ratings_affective_behaviour_CCC_centred",
)
INDIVIDUAL = (
    "ratings_individual",
    "labels/individual",
    "RECOLA-Annotation/emotional_behaviour",
    "emotional_behaviour",
)
"""Where the layouts keep the gold standard and the raters' own ratings, below the corpus' folder."""

_AVEC = re.compile(r"(train|dev|test)_(\d+)")


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    gold, individual
        Folders with ``arousal/`` and ``valence/`` that hold the gold standard and the raters' own ratings; by default
        the places of the known layouts. ``${data}/labels/gs_1`` names one of several gold standards of AVEC 2018.
    hop
        Seconds between the frames that become clips, a multiple of 0.04 (the annotation's own step). AVEC's baselines
        predict every 0.4 s.

    Examples
    --------
    >>> Options(hop=0.4).hop
    0.4
    """

    reader: ClassVar[str] = "recola"
    gold: LocatedPath | None = None
    individual: LocatedPath | None = None
    hop: Annotated[float, Field(ge=STEP, le=60)] = STEP


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    gold = next((place for place in (*GOLD, *INDIVIDUAL) for _ in folder.glob(f"{place}/{DIMENSIONS[0]}")), None)
    return {} if gold or any(_is_gold_standard(path) for path in folder.glob("*.arff")) else None


def _is_gold_standard(path: Path) -> bool:
    """Whether a file by itself is one of AVEC's gold standards."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.readline().split() == ["@relation", "GOLDSTANDARD"]



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the gold standard and the raters' own ratings.

    Parameters
    ----------
    progress
        ``progress(done, total, recording)``.

    Returns
    -------
    Release
        A clip is a frame, called ``<recording>@<seconds>`` as the rows of windowed feature tables are
        (``dev_1@0.40``). Columns: ``recording``, ``time``, ``partition`` (AVEC: train, dev, test), ``arousal``,
        ``valence`` (about -1 to 1; missing where they are withheld), ``arousal_<rater>`` and ``valence_<rater>``. The
        group is the recording.

    Raises
    ------
    InputError
        No labels, a file of the series missing, a line that cannot be read, or frames that are not 0.04 s apart.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for dimension in DIMENSIONS:
    ...     (root / "ratings_gold_standard" / dimension).mkdir(parents=True)
    ...     _ = (root / "ratings_gold_standard" / dimension / "P16.csv").write_text("time,gold\\n0.0,0.1\\n0.04,0.2\\n")
    >>> read(Options(), root).clips[["time", "valence"]].values.tolist()
    [[0.0, 0.1], [0.04, 0.2]]
    """
    if data is None or not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; needed is {NEEDS} (give its place by --data or ${ENVIRONMENT})")
    root = Path(data)
    every = round(options.hop / STEP)
    if abs(every * STEP - options.hop) > 1e-6:
        raise InputError(f"corpus.hop: {options.hop:g} s is no multiple of {STEP} s, the step of RECOLA's annotation")
    gold = options.gold or _find(root, GOLD, "corpus.gold")
    individual = options.individual or _find(root, INDIVIDUAL, "corpus.individual")
    first = gold or individual
    if first is None:
        raise InputError(f"{root}: no folder with arousal/ and valence/ of a known layout there; needed is {NEEDS}")
    files = _files(first)
    raters = {} if individual is None else _files(individual)
    frames = []
    for done, recording in enumerate(sorted(files, key=_order), 1):
        frames.append(_recording(recording, files[recording] if gold else None, raters.get(recording)).iloc[::every])
        if progress:
            progress(done, len(files), recording)
    clips = pd.concat(frames)
    notes = ["RECOLA: every recording is a group of its own; who talked with whom is not in these files"]
    if gold is None:
        notes.append("RECOLA: there is no gold standard in the folder; it is the plain mean of the raters")
    withheld = clips.loc[clips[list(DIMENSIONS)].isna().all(axis=1), "recording"].nunique()
    if withheld:
        notes.append(f"RECOLA: {withheld} recordings have frames without labels (AVEC withholds the test part's)")
    return Release(clips=clips, group="recording", recording="recording", time="time", root=root, notes=notes)


def _find(root: Path, places: Sequence[str], key: str) -> Path | None:
    """The folder with arousal/ and valence/ in the first of these places that has one, or None."""
    for place in places:
        folders = [
            folder
            for folder in sorted(root.glob(place))
            if all((folder / dimension).is_dir() for dimension in DIMENSIONS)
            and not (place == "labels/*" and folder.name == "individual")
        ]
        if len(folders) > 1:
            names = [folder.relative_to(root).as_posix() for folder in folders]
            raise InputError(
                f"{root}: has several gold standards ({', '.join(names)}); choose one by {key} = '${{data}}/{names[0]}'"
            )
        if folders:
            return folders[0]
    return None


def _files(folder: Path) -> dict[str, dict[str, Path]]:
    """Files of each recording by dimension, all of them there."""
    by_dimension = {}
    for dimension in DIMENSIONS:
        if not (folder / dimension).is_dir():
            raise InputError(f"{folder / dimension}: no such folder; needed is {NEEDS}")
        paths = sorted(path for path in (folder / dimension).iterdir() if path.suffix.lower() in {".arff", ".csv"})
        challenge = [path for path in paths if _AVEC.fullmatch(path.stem)]
        by_dimension[dimension] = {path.stem: path for path in challenge or paths}
    arousal, valence = by_dimension.values()
    if not arousal and not valence:
        raise InputError(f"{folder}: has no .arff or .csv files below arousal/ and valence/; needed is {NEEDS}")
    for recording in sorted(set(arousal) ^ set(valence)):
        here, there = ("arousal", "valence") if recording in arousal else ("valence", "arousal")
        raise InputError(f"{folder / there}: has no file of recording {recording!r}, which {here}/ has")
    for part in ("train", "dev", "test"):
        numbers = {int(match[2]) for name in arousal if (match := _AVEC.fullmatch(name)) and match[1] == part}
        gaps = sorted(set(range(1, max(numbers, default=0))) - numbers)
        if gaps:
            last = max(numbers)
            raise InputError(f"{folder / 'arousal'}: {part}_{gaps[0]} is missing, though {part}_{last} is there")
    return {recording: {"arousal": arousal[recording], "valence": valence[recording]} for recording in arousal}


def _order(recording: str) -> tuple[int, int, str]:
    match = _AVEC.fullmatch(recording)
    if match:
        return ("train", "dev", "test").index(match[1]), int(match[2]), recording
    return 3, int("".join(filter(str.isdigit, recording)) or 0), recording


def _recording(recording: str, gold: dict[str, Path] | None, raters: dict[str, Path] | None) -> pd.DataFrame:
    """Frames of one recording; the gold standard is the raters' mean where there is none."""
    columns: dict[str, pd.Series] = {}
    n_frames, source = -1, Path()
    for dimension in DIMENSIONS:
        tables: dict[Path, pd.DataFrame] = {}
        if gold:
            path = gold[dimension]
            tables[path] = read_series(path)
            if tables[path].shape[1] != 1:
                raise InputError(f"{path}: has {tables[path].shape[1]} columns of values; a gold standard has one")
            columns[dimension] = tables[path].iloc[:, 0]
        if raters:
            tables[raters[dimension]] = rated = read_series(raters[dimension])
            columns |= {f"{dimension}_{name}": rated[name] for name in rated}
            if not gold:
                columns[dimension] = rated.mean(axis=1)
        for path, table in tables.items():
            if n_frames < 0:
                n_frames, source = len(table), path
            elif len(table) != n_frames:
                raise InputError(
                    f"{path}: has {len(table)} frames, {source} has {n_frames}; take both from one release"
                )
    # times printed with few digits differ in the last one, so that frames are counted rather than compared
    times = np.round(np.arange(n_frames) * STEP, 2)
    clips = pd.DataFrame({name: values.to_numpy() for name, values in columns.items()})
    clips.insert(0, "recording", recording)
    clips.insert(1, "time", times)
    match = _AVEC.fullmatch(recording)
    if match:
        clips.insert(2, "partition", match[1])
    clips.index = pd.Index([f"{recording}@{time:.2f}" for time in times], name="clip_id")
    return clips


def read_series(path: Path) -> pd.DataFrame:
    """One annotated series: an ARFF file of AVEC, or a csv whose first column is the time.

    Returns
    -------
    DataFrame
        Indexed by seconds; a column a rater, or the gold standard.

    Raises
    ------
    InputError
        A line that cannot be read, or frames that are not 0.04 s apart.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "P16.csv")
    >>> _ = path.write_text("time,FM1,FM2\\n0.0,0.1,0.3\\n0.04,0.2,?\\n")
    >>> read_series(path)["FM1"].to_dict()
    {0.0: 0.1, 0.04: 0.2}
    """
    if path.suffix.lower() == ".arff":
        table = read_arff(path)
        table = table[[name for name in table if pd.api.types.is_float_dtype(table[name])]]
    else:
        table = _read_csv(path)
    if table.shape[1] < 2:
        raise InputError(f"{path}: needs a column of times and at least one of values")
    table = table.set_index(table.columns[0])
    times = table.index.to_numpy(float)
    wrong = ~(np.abs(times - np.arange(len(times)) * STEP) <= STEP / 4)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"{path}: frame {row + 1} is at {times[row]:g} s rather than {row * STEP:g} s; frames are {STEP} s apart"
        )
    if np.isinf(table.to_numpy(float)).any():
        raise InputError(f"{path}: a value is infinite")
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    first = lines[0] if lines else ""
    separator = max(",;\t", key=first.count)
    cells = [cell.strip().strip("\"'") for cell in first.split(separator)]
    headed = not _is_number(cells[0])
    names = cells if headed else ["time", *(f"rater{number}" for number in range(1, len(cells)))]
    rows = []
    for number, line in enumerate(lines[headed:], 1 + headed):
        if not line.strip():
            continue
        values = [cell.strip() for cell in line.split(separator)]
        if len(values) != len(names) or not all(_is_number(value) for value in values):
            raise InputError(f"{path}, line {number}: {line[:60]!r} is no row of {len(names)} numbers")
        rows.append([np.nan if value in ("", "?") else float(value) for value in values])
    if not rows:
        raise InputError(f"{path}: has no rows")
    return pd.DataFrame(rows, columns=names)


def _is_number(text: str) -> bool:
    if text in ("", "?"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
