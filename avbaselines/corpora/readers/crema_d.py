"""Reader ``crema_d``: the CREMA-D release with its crowd's votes on voice, face and both, and VAVL's labels.

The release is ``CheyneyComputerScience/CREMA-D`` (Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244; Open Database
License): 7,442 clips of 91 actors, each judged by about ten raters from the voice alone, from the face alone and from
both. Media are files of Git LFS and are read by recipes.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.formats.vavl import read_vavl
from avbaselines.corpora.tables import read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import LocatedPath, Section, nearest

ENVIRONMENT = "AVBASELINES_CREMA_D"
NEEDS = (
    "CREMA-D from https://github.com/CheyneyComputerScience/CREMA-D (git lfs pull for the media): the folder that "
    "holds processedResults/{summaryTable,tabulatedVotes}.csv, VideoDemographics.csv, SentenceFilenames.csv, AudioWAV/ "
    "and VideoFlash/"
)

CLASSES = {"A": "angry", "D": "disgust", "F": "fear", "H": "happy", "N": "neutral", "S": "sad"}
INTENDED = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
CHANNELS = {"voice": ("1", "Voice"), "face": ("2", "Face"), "audiovisual": ("3", "MultiModal")}
"""Name of each way of presenting a clip: first digit of its rows in tabulatedVotes, prefix in summaryTable."""

VAVL_CLASSES = ("angry", "sad", "disgust", "fear", "neutral", "happy")

_LEVELS = {"A": "Anger", "D": "Disgust", "F": "Fear", "H": "Happy", "N": "Neutral", "S": "Sad"}
_CLIP = re.compile(r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<intended>[A-Z]{3})_(?P<level>XX|LO|MD|HI)")
_VOTES, _SUMMARY = "processedResults/tabulatedVotes.csv", "processedResults/summaryTable.csv"


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    vavl
        Folder of VAVL's ``label_consensus_1.csv`` ... ``label_consensus_5.csv`` (in its repository
        ``VAVL/data/CREMA-D/labels_consensus_6class_M``).

    Examples
    --------
    >>> Options().vavl is None
    True
    """

    reader: ClassVar[str] = "crema_d"
    vavl: LocatedPath | None = None


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    if not (folder / _VOTES).is_file():
        return None
    vavl = next(iter(sorted(folder.rglob("label_consensus_1.csv"))), None)
    return {"vavl": f"${{data}}/{vavl.parent.relative_to(folder).as_posix()}"} if vavl else {}



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the release's tables.

    Parameters
    ----------
    data
        The release's folder.

    Returns
    -------
    Release
        A clip is called as its files (``1001_IEO_NEU_XX``). Columns: ``speaker``, ``sex``, ``age``, ``race``,
        ``ethnicity``, ``sentence``, ``emotion_intended``, ``level_intended``. For ``voice``, ``face`` and
        ``audiovisual`` each: ``<c>_emotion`` (the class with most votes; missing where classes tie), ``<c>_<class>``
        (share of the votes, 0 to 1), ``<c>_raters``, ``<c>_agreement`` (share of the winner), ``<c>_intensity`` and
        ``<c>_intensity_norm`` (mean level over raters, 0 to 100, raw and normalised within raters),
        ``<c>_level_<class>`` (mean level given by those who chose the class; missing where nobody did). With VAVL:
        ``vavl_<class>`` (smoothed shares), ``vavl_emotion`` (their largest) and ``vavl_split1`` ... ``vavl_split5``;
        missing for the clips that VAVL left out.

    Raises
    ------
    InputError
        A file, column or row is missing, a class is unknown, a clip has two rows, a row has no votes, or the tables
        disagree.

    Examples
    --------
    >>> import tempfile
    >>> root, clip = Path(tempfile.mkdtemp()), "1001_IEO_NEU_XX"
    >>> (root / "processedResults").mkdir()
    >>> votes = {"A": 0, "D": 0, "F": 0, "H": 2, "N": 8, "S": 0, "numResponses": 10, "agreement": 0.8}
    >>> votes |= {"meanEmoResp": 50, "meanEmoRespNorm": 50} | {f"mean{name}Resp": 50 for name in _LEVELS.values()}
    >>> rows = [{"": number, "fileName": clip, **votes} for number in (100001, 200001, 300001)]
    >>> pd.DataFrame(rows).to_csv(root / _VOTES, index=False)
    >>> summary = {"FileName": clip, "VoiceVote": "N", "FaceVote": "N", "MultiModalVote": "N"}
    >>> pd.DataFrame([summary]).to_csv(root / _SUMMARY, index=False)
    >>> pd.DataFrame([{"Filename": clip}]).to_csv(root / "SentenceFilenames.csv", index=False)
    >>> actor = {"ActorID": 1001, "Age": 51, "Sex": "Male", "Race": "Caucasian", "Ethnicity": "Not Hispanic"}
    >>> pd.DataFrame([actor]).to_csv(root / "VideoDemographics.csv", index=False)
    >>> clips = read(Options(), root).clips
    >>> clips.loc[clip, ["speaker", "voice_emotion", "sex"]].tolist()
    ['1001', 'neutral', 'male']
    """
    if data is None or not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; needed is {NEEDS} (give its place by --data or ${ENVIRONMENT})")
    root = Path(data)
    clips = _names(root / "SentenceFilenames.csv")
    clips = clips.join(_actors(root / "VideoDemographics.csv", clips["speaker"]), on="speaker")
    votes = _votes(root / _VOTES, clips.index)
    winners = _winners(root / _SUMMARY, clips.index)
    for channel in CHANNELS:
        clips = clips.join(_channel(channel, votes[channel], winners[channel], root))
    notes = ["CREMA-D is acted by 91 speakers of twelve sentences: a spoken sentence is in training and test"]
    ties = {channel: int(clips[f"{channel}_emotion"].isna().sum()) for channel in CHANNELS}
    notes.append(
        "CREMA-D's votes tie for "
        + ", ".join(f"{count} clips by {channel}" for channel, count in ties.items())
        + "; such clips have no winning emotion"
    )
    if options.vavl is not None:
        clips = clips.join(_vavl(options.vavl, clips.index))
        labelled = int(clips["vavl_emotion"].notna().sum())
        notes.append(f"VAVL's labels cover {labelled} of {len(clips)} clips, those with a clear consensus")
    return Release(clips=clips, group="speaker", root=root, notes=notes)


def _table(path: Path, columns: Sequence[str], text: Sequence[str] = ()) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path}: no such file; needed is {NEEDS}")
    table = read_table(path, key="corpus", text=text)
    for column in columns:
        if column not in table.columns:
            raise InputError(f"{path}: no column {column!r}{nearest(column, table.columns)}; is it CREMA-D's file?")
    return table


def _names(path: Path) -> pd.DataFrame:
    """Clips with speaker, sentence, emotion and level, as their names give them."""
    names = as_text(_table(path, ["Filename"], text=["Filename"])["Filename"])
    rows = {}
    for line, name in enumerate(names, 2):
        match = _CLIP.fullmatch(str(name))
        if match is None or match["intended"] not in INTENDED:
            raise InputError(f"{path}, line {line}: {name!r} is no name of a clip (such as 1001_IEO_NEU_XX)")
        if name in rows:
            raise InputError(f"{path}, line {line}: clip {name!r} stands there a second time; remove one")
        rows[name] = (match["actor"], match["sentence"], INTENDED[match["intended"]], match["level"])
    columns = ["speaker", "sentence", "emotion_intended", "level_intended"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("clip_id")


def _actors(path: Path, speakers: pd.Series) -> pd.DataFrame:
    columns = {"Sex": "sex", "Age": "age", "Race": "race", "Ethnicity": "ethnicity"}
    table = _table(path, ["ActorID", *columns], text=["ActorID"])
    actors = as_text(table["ActorID"])
    if actors.duplicated().any():
        raise InputError(f"{path}: actor {actors[actors.duplicated()].iloc[0]!r} has two rows; remove one")
    actors = table.set_index(actors.to_numpy())[list(columns)].rename(columns=columns)
    unknown = ~speakers.isin(actors.index)
    if unknown.any():
        clip = speakers.index[unknown][0]
        raise InputError(f"{path}: no row for actor {speakers[clip]!r} of clip {clip!r}")
    return actors.assign(sex=actors["sex"].str.lower())


def _votes(path: Path, clips: pd.Index) -> dict[str, pd.DataFrame]:
    """Rows of tabulatedVotes by channel, indexed by clip, in the clips' order."""
    levels = [f"mean{name}Resp" for name in _LEVELS.values()]
    numbers = [*CLASSES, "numResponses", "agreement", "meanEmoResp", "meanEmoRespNorm", *levels]
    table = _table(path, ["fileName", *numbers], text=["Unnamed: 0", "fileName"])
    # the first column has no name; pandas gives it one
    row_ids = as_text(table.iloc[:, 0])
    for column in numbers:
        table[column] = pd.to_numeric(table[column], errors="coerce")
    counts = table[list(CLASSES)].to_numpy(float)
    lines = np.arange(len(table)) + 2
    numbered = row_ids.map(lambda text: re.fullmatch(r"[123]\d{5}", str(text)) is not None).to_numpy(bool)
    checks = [
        (~numbered, "its first column is no row number of the release"),
        (~((counts >= 0) & (counts % 1 == 0)).all(axis=1), "a count of votes is no whole number"),
        (counts.sum(axis=1) == 0, "the votes of this row sum to zero"),
        (counts.sum(axis=1) != table["numResponses"].to_numpy(), "the votes do not sum to numResponses"),
        (~table["fileName"].isin(clips).to_numpy(), "the clip is not in SentenceFilenames.csv"),
    ]
    for wrong, what in checks:
        if wrong.any():
            clip = table["fileName"].iloc[int(wrong.argmax())]
            raise InputError(f"{path}, line {lines[wrong][0]}: clip {clip!r}: {what}; mend or remove the row")
    table[levels] = table[levels].where(table[levels] != -1)
    by_channel = {}
    for channel, (digit, _) in CHANNELS.items():
        rows = table[(row_ids.str[0] == digit).to_numpy()].set_index("fileName")
        by_channel[channel] = _one_row_a_clip(rows, clips, f"{path} ({channel})")
    return by_channel


def _winners(path: Path, clips: pd.Index) -> dict[str, pd.Series]:
    """Letters of the winning classes by channel, ``:`` between the ones that tie, indexed by clip."""
    columns = [f"{prefix}Vote" for _, prefix in CHANNELS.values()]
    table = _table(path, ["FileName", *columns], text=["FileName", *columns])
    for column in columns:
        letters = as_text(table[column]).fillna("")
        unknown = ~letters.map(lambda text: all(letter in CLASSES for letter in text.split(":"))).to_numpy(bool)
        if unknown.any():
            row = int(unknown.argmax())
            raise InputError(
                f"{path}, line {row + 2}: {column} of clip {table['FileName'][row]!r} is {letters[row]!r}; known are "
                f"{', '.join(CLASSES)}, joined by ':' where they tie"
            )
        table[column] = letters
    rows = _one_row_a_clip(table.set_index("FileName"), clips, path)
    return {channel: rows[f"{prefix}Vote"] for channel, (_, prefix) in CHANNELS.items()}


def _one_row_a_clip(rows: pd.DataFrame, clips: pd.Index, source: str | Path) -> pd.DataFrame:
    twice = rows.index.duplicated()
    if twice.any():
        raise InputError(f"{source}: clip {rows.index[twice][0]!r} has two rows; remove one")
    missing = clips.difference(rows.index)
    if len(missing):
        raise InputError(f"{source}: clip {missing[0]!r} has no row ({len(missing)} such clips)")
    return rows.loc[clips]


def _channel(channel: str, votes: pd.DataFrame, winners: pd.Series, root: Path) -> pd.DataFrame:
    counts = votes[list(CLASSES)].to_numpy(float)
    letters = np.array(list(CLASSES))
    most = counts == counts.max(axis=1, keepdims=True)
    counted = pd.Series([":".join(letters[row]) for row in most], index=votes.index)
    differ = (counted != winners).to_numpy(bool)
    if differ.any():
        clip = counted.index[differ][0]
        raise InputError(
            f"{root / _SUMMARY}: clip {clip!r} is said to be {winners[clip]!r} by {channel}, but its votes in "
            f"tabulatedVotes.csv say {counted[clip]!r}; take both tables from one release"
        )
    columns = {f"{channel}_emotion": counted.map(CLASSES)}
    for letter, name in CLASSES.items():
        columns[f"{channel}_{name}"] = votes[letter] / counts.sum(axis=1)
    columns[f"{channel}_raters"] = votes["numResponses"]
    columns[f"{channel}_agreement"] = votes["agreement"]
    columns[f"{channel}_intensity"] = votes["meanEmoResp"]
    columns[f"{channel}_intensity_norm"] = votes["meanEmoRespNorm"]
    for letter, name in CLASSES.items():
        columns[f"{channel}_level_{name}"] = votes[f"mean{_LEVELS[letter]}Resp"]
    return pd.DataFrame(columns).rename_axis("clip_id")


def _vavl(folder: Path, clips: pd.Index) -> pd.DataFrame:
    labels = read_vavl(folder, "label_consensus", VAVL_CLASSES, prefix="vavl_")
    strangers = labels.index.difference(clips)
    if len(strangers):
        raise InputError(f"{folder}: clip {strangers[0]!r} of VAVL's labels is not in the release")
    soft = labels[list(VAVL_CLASSES)]
    odd = (np.abs(soft.sum(axis=1) - 1) > 0.01) | (soft < 0).any(axis=1)
    if odd.any():
        raise InputError(f"{folder}: the labels of clip {soft.index[odd][0]!r} are no shares that sum to one")
    emotion = soft.idxmax(axis=1).rename("vavl_emotion")
    return soft.add_prefix("vavl_").join(emotion).join(labels.filter(like="vavl_split"))
