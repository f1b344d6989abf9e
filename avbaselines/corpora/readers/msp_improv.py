"""Reader ``msp_improv``: the MSP-IMPROV release and VAVL's labels and partitions of it.

Busso et al. 2017, doi:10.1109/TAFFC.2016.2515617: six sessions of an actress and an actor who improvise together. A
line of the release's ``Evaluation.txt`` (also spelled ``Evalution.txt``) is ::

    UTD-IMPROV-S01A-F02-R-FF01.avi; A; A:3.333333; V:2.333333; D:3.000000 ; N:3.666667;

followed by a line for each rater. Its ``A`` runs from 1, active, to 5, calm, and is turned round here, so that high is
active as in other corpora. VAVL's ``EmoAct`` is ``6 - A`` already (2.666667 for this clip) and is taken as it stands:
read anger lies above read neutral in it, and it correlates with dominance by +.66.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.formats.vavl import read_vavl
from avbaselines.errors import InputError
from avbaselines.schema import LocatedPath, Section

ENVIRONMENT = "AVBASELINES_MSP_IMPROV"
NEEDS = (
    "MSP-IMPROV, licensed by the MSP lab (https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Improv.html): the "
    "folder that holds Evaluation.txt and session1/S01A/P/MSP-IMPROV-....wav, or in place of Evaluation.txt VAVL's "
    "labels_consensus_1.csv ... 5.csv, named by corpus.vavl"
)

EMOTIONS: dict[str, str | None] = {"A": "angry", "H": "happy", "N": "neutral", "S": "sad", "O": "other", "X": None}
"""Consensus letters of the release; X = no agreement."""

SCENARIOS = {"P": "natural", "R": "read", "S": "improvised", "T": "target"}
ATTRIBUTES = ("arousal", "valence", "dominance")

_NUMBER = r"\s*(\d+(?:\.\d+)?|NaN)\s*;\s*"
_ATTRIBUTES = rf"A:{_NUMBER}V:{_NUMBER}D:{_NUMBER}N:{_NUMBER}"
_CONSENSUS = re.compile(rf"(UTD-IMPROV-[A-Z0-9-]+)\.avi\s*;\s*(\w+)\s*;\s*{_ATTRIBUTES}")
# what a rater wrote about further emotions may hold semicolons
_RATER = re.compile(rf"([^;]+);\s*(\w+)\s*;.*;\s*{_ATTRIBUTES}")
_CLIP = re.compile(
    r"MSP-IMPROV-S(?P<sentence>\d\d)(?P<intended>[AHNS])-(?P<speaker>[FM]\d(?P<session>\d))-(?P<scenario>[PRST])-.+"
)
_VOTES = ("angry", "happy", "neutral", "sad", "other")
# below so many clips a correlation says too little to refuse a file by
_ENOUGH = 50


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    evaluation
        The release's labels; by default ``Evaluation.txt`` (or ``Evalution.txt``) in the corpus' folder.
    vavl
        Folder of VAVL's ``labels_consensus_1.csv`` ... ``labels_consensus_5.csv`` (in its repository
        ``VAVL/data/MSP-IMPROV/labels_consensus_EmoP_4class_D``); where there is no Evaluation.txt, all labels come from
        it.

    Examples
    --------
    >>> Options().vavl is None
    True
    """

    reader: ClassVar[str] = "msp_improv"
    evaluation: LocatedPath | None = None
    vavl: LocatedPath | None = None


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    vavl = next(iter(sorted(folder.rglob("labels_consensus_1.csv"))), None)
    if vavl is None:
        return None if _find_evaluation(folder) is None else {}
    return {"vavl": f"${{data}}/{vavl.parent.relative_to(folder).as_posix()}"}



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the release's labels, VAVL's, or both.

    Parameters
    ----------
    data
        The release's folder; not needed where ``vavl`` names a folder of its own.

    Returns
    -------
    Release
        A clip is called as its sound file (``MSP-IMPROV-S01A-F02-R-FF01``). Columns: ``speaker`` (F01 ... M06),
        ``session`` (1 ... 6; the group, for both actors are heard and seen in it), ``gender``, ``sentence``,
        ``emotion_intended``, ``scenario``, ``arousal``, ``valence``, ``dominance`` (1 to 5, high is active, pleasant,
        strong). With Evaluation.txt also ``emotion`` (angry, happy, neutral, sad, other; missing where raters do not
        agree), ``naturalness``, ``raters``, ``vote_<emotion>`` (share of the raters, 0 to 1) and ``arousal_rater1`` ...
        ``dominance_rater<n>`` (their own values, in no order that holds from clip to clip). With VAVL also
        ``vavl_arousal``, ``vavl_valence``, ``vavl_dominance`` and ``split1`` ... ``split5``, missing for the clips that
        VAVL left out.

    Raises
    ------
    InputError
        No labels, a line that cannot be read, an unknown class, a clip labelled twice, a missing partition, or an
        arousal that runs against dominance.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> line = "UTD-IMPROV-S01A-F02-R-FF01.avi; A; A:3.333333; V:2.333333; D:3.000000 ; N:3.666667;"
    >>> _ = (root / "Evaluation.txt").write_text(line)
    >>> clip = read(Options(), root).clips.loc["MSP-IMPROV-S01A-F02-R-FF01"]
    >>> clip["emotion"], float(round(clip["arousal"], 2)), clip["session"]
    ('angry', 2.67, '2')
    """
    evaluation = options.evaluation or _find_evaluation(data)
    if evaluation is not None and not evaluation.is_file():
        raise InputError(f"corpus.evaluation: no file {evaluation}; needed is {NEEDS}")
    vavl = None if options.vavl is None else _vavl(options.vavl)
    notes: list[str] = []
    if evaluation is not None:
        source = evaluation
        clips, notes = _evaluation(evaluation)
        if vavl is not None:
            strangers = vavl.index.difference(clips.index)
            if len(strangers):
                raise InputError(f"{options.vavl}: clip {strangers[0]!r} is not in {evaluation}")
            clips = clips.join(vavl)
    elif vavl is not None and options.vavl is not None:
        source = options.vavl
        clips = vavl.rename(columns=lambda column: column.removeprefix("vavl_"))
        clips = clips.join(vavl.filter(like="vavl_"))
    else:
        raise InputError(f"{data}: no Evaluation.txt there, and no corpus.vavl; needed is {NEEDS}")
    clips = _described(clips.index, source).join(clips)
    _refuse_reversed(clips, source)
    notes.append("MSP-IMPROV: arousal runs from calm (1) to active (5), 6 - A of the release's Evaluation.txt")
    if vavl is not None:
        notes.append(f"VAVL's labels and partitions cover {len(vavl)} of {len(clips)} clips")
    return Release(clips=clips, group="session", root=Path(data or options.vavl or source.parent), notes=notes)


def _find_evaluation(data: Path | None) -> Path | None:
    if data is None:
        return None
    places = (Path(data, name) for name in ("Evaluation.txt", "Evalution.txt"))
    return next((path for path in places if path.is_file()), None)


def _evaluation(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Consensus labels and shares of the raters' votes, a row a clip, and notes on lines left out."""
    rows: dict[str, tuple[str | float | None, ...]] = {}
    votes: dict[str, dict[str, str]] = {}
    ratings: dict[str, dict[str, tuple[float, ...]]] = {}
    unread: list[int] = []
    clip = None
    for line, text in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        text = text.strip()
        if text.startswith("UTD-IMPROV-"):
            match = _CONSENSUS.match(text)
            if match is None:
                raise InputError(
                    f"{path}, line {line}: {text[:80]!r} cannot be read; expected 'UTD-IMPROV-...avi; A; A:...; V:...;'"
                )
            clip = match[1].replace("UTD-", "MSP-", 1)
            if match[2] not in EMOTIONS:
                raise InputError(
                    f"{path}, line {line}: class {match[2]!r} of clip {clip!r} is none of {', '.join(EMOTIONS)}"
                )
            if clip in rows:
                raise InputError(f"{path}, line {line}: a second label row for clip {clip!r}; remove one")
            rows[clip] = _values(clip, EMOTIONS[match[2]], match.groups()[2:], f"{path}, line {line}")
            votes[clip], ratings[clip] = {}, {}
        elif text:
            match = _RATER.match(text)
            if match is None or clip is None or match[2].lower() not in _VOTES:
                unread.append(line)
                continue
            # some raters' lines stand there twice, word for word
            votes[clip][match[1].strip()] = match[2].lower()
            ratings[clip][match[1].strip()] = _on_scale(match.groups()[2:5])
    if not rows:
        raise InputError(f"{path}: no line starts with UTD-IMPROV-; is it the release's Evaluation.txt?")
    columns = ["emotion", *ATTRIBUTES, "naturalness"]
    clips = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    if any(votes.values()):
        clips["raters"] = [len(votes[clip]) for clip in clips.index]
        for emotion in _VOTES:
            chosen = np.array([sum(vote == emotion for vote in votes[clip].values()) for clip in clips.index])
            clips[f"vote_{emotion}"] = np.where(clips["raters"] > 0, chosen / clips["raters"].clip(lower=1), np.nan)
        clips = clips.join(_ratings(ratings))
    notes = [f"{len(unread)} raters' lines of {path.name} cannot be read (such as line {unread[0]})"] if unread else []
    return clips.rename_axis("clip_id"), notes


def _on_scale(texts: Sequence[str]) -> tuple[float, ...]:
    """A rater's arousal (turned round), valence and dominance; NaN where a value is none of the scale."""
    arousal, *others = (value if 1 <= value <= 5 else np.nan for value in map(float, texts))
    return (6 - arousal, *others)


def _ratings(ratings: dict[str, dict[str, tuple[float, ...]]]) -> pd.DataFrame:
    """A column an attribute and rater, as many as the clip of most raters has."""
    most = max(len(given) for given in ratings.values())
    values = np.full((len(ratings), most, len(ATTRIBUTES)), np.nan)
    for row, given in enumerate(ratings.values()):
        values[row, : len(given)] = list(given.values()) or np.nan
    names = [f"{attribute}_rater{number}" for attribute in ATTRIBUTES for number in range(1, most + 1)]
    return pd.DataFrame(values.transpose(0, 2, 1).reshape(len(ratings), -1), index=list(ratings), columns=names)


def _values(clip: str, emotion: str | None, texts: Sequence[str], where: str) -> tuple[str | float | None, ...]:
    values = [float(text) for text in texts]
    for name, value in zip((*ATTRIBUTES, "naturalness"), values, strict=True):
        if not np.isnan(value) and not 1 <= value <= 5:
            raise InputError(f"{where}: {name} of clip {clip!r} is {value:g}, outside its scale of 1 to 5")
    return (emotion, 6 - values[0], *values[1:])


def _vavl(folder: Path) -> pd.DataFrame:
    labels = read_vavl(folder, "labels_consensus", ("EmoAct", "EmoVal", "EmoDom"))
    names = dict(zip(("EmoAct", "EmoVal", "EmoDom"), (f"vavl_{name}" for name in ATTRIBUTES), strict=True))
    return labels.rename(columns=names).drop(columns=["speaker", "gender"])


def _described(ids: Iterable[str], source: Path) -> pd.DataFrame:
    """Speaker, session, gender, sentence, emotion and scenario of each clip, as its name gives them."""
    rows = {}
    for clip in ids:
        match = _CLIP.fullmatch(clip)
        if match is None:
            raise InputError(f"{source}: {clip!r} is no name of a clip (such as MSP-IMPROV-S01A-F02-R-FF01)")
        rows[clip] = (
            match["speaker"],
            match["session"],
            "female" if match["speaker"][0] == "F" else "male",
            match["sentence"],
            EMOTIONS[match["intended"]],
            SCENARIOS[match["scenario"]],
        )
    columns = ["speaker", "session", "gender", "sentence", "emotion_intended", "scenario"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("clip_id")


def _refuse_reversed(clips: pd.DataFrame, source: Path) -> None:
    """An arousal that falls where dominance rises has been turned round on the way here."""
    for prefix in ("", "vavl_"):
        if f"{prefix}arousal" not in clips:
            continue
        labels = clips[[f"{prefix}arousal", f"{prefix}dominance"]].dropna().to_numpy(float)
        if len(labels) >= _ENOUGH and (labels.std(axis=0) > 0).all() and np.corrcoef(labels.T)[0, 1] < 0:
            raise InputError(
                f"{source}: arousal and dominance correlate by {np.corrcoef(labels.T)[0, 1]:.2f}, where MSP-IMPROV has "
                "+.66: the arousal of this file has been turned round; take the file as it was published"
            )
