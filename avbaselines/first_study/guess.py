"""From a folder to the draft of a study: a corpus that has a reader, or one's own tables."""

from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.readers import table as own_tables
from avbaselines.corpora.tables import column_names, read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.first_study.columns import Role, find_group, find_id, find_recording, find_time, same_parts
from avbaselines.first_study.draft import Draft
from avbaselines.first_study.features import Wanted, add_media, add_tables, add_texts
from avbaselines.first_study.folder import PARTS, Contents, look
from avbaselines.first_study.labels import add_targets, find_targets
from avbaselines.first_study.partitions import add_split
from avbaselines.first_study.releases import known_layouts, studies_of_these_tables
from avbaselines.first_study.shipped import draft_of_release, read_with
from avbaselines.first_study.words import DYAD, ID, words_of

WIDEST = 300
"""Columns from which on a table is one of features and not of clips."""
NAMES_OF_CLIPS = {"clips", "clip", "labels", "label", "metadata", "meta", "annotations", "index", "utterances"}


def draft_study(root: Path) -> Draft:
    """What a folder holds, as the draft of a study.

    Parameters
    ----------
    root : Path
        What ``${data}`` will stand for.

    Raises
    ------
    InputError
        No such folder, or nothing in it that a study could go by.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = [f"c{n},s{n % 3},{n % 5 + 1}" for n in range(12)]
    >>> _ = (folder / "clips.csv").write_text("\\n".join(["clip_id,speaker,arousal", *rows]))
    >>> draft = draft_study(folder)
    >>> draft.value("corpus", "group"), draft.value("targets", "arousal")
    ('speaker', {'metric': 'ccc', 'range': [1, 5]})
    """
    found = look(root)
    layouts = list(known_layouts(found.root))
    clips, reason = _clips_table(found)
    if layouts and not (clips and clips.has_speakers):
        name, options = layouts[0]
        draft = draft_of_release(found, name, options)
        if draft is None:
            draft = Draft(_title(found), advice=[f"the folder looks like the corpus of reader {name}"])
            _add_release(draft, found, name, options)
        for other, _ in layouts[1:]:
            draft.advice.append(f"the folder looks like the corpus of reader {other}, too")
        return draft
    if clips is None:
        raise InputError(
            f"{found.root}: has no table with a row a clip (an id that no two rows share, and labels); write clips.csv "
            f"with clip_id, speaker and a column for each target, the ids named as the recordings{reason}"
        )
    draft = Draft(_title(found))
    _add_own_tables(draft, found, clips)
    for name, _ in layouts:
        draft.advice.append(f"the folder also looks like the corpus of reader {name}; its own clips table goes before")
    for name in studies_of_these_tables(found.root):
        draft.advice.append(f"the shipped study {name} reads these very files: avbaselines run {name} --data FOLDER")
    return draft


def _title(found: Contents) -> str:
    return f"First study of {found.root.name or 'a folder'}"


class _Clips:
    """A table that may have a row a clip, and how much speaks for that."""

    def __init__(self, path: Path, table: pd.DataFrame, clip_id: Role) -> None:
        self.path, self.table, self.clip_id = path, table, clip_id
        by_id = table.set_index(clip_id.column, drop=False)
        group, _ = find_group(by_id, [clip_id.column])
        self.has_speakers = group is not None and group.sure
        likely = [label for label in find_targets(by_id, [clip_id.column]) if label.likely]
        self.has_labels = bool(likely)
        named = bool(set(words_of(path.stem)) & NAMES_OF_CLIPS)
        self.score = 3 * self.has_speakers + 2 * min(2, len(likely)) + 2 * named - (len(table.columns) > 60)


def _clips_table(found: Contents) -> tuple[_Clips | None, str]:
    """The table that most looks like one of clips (of equals the nearest to the root); why another is none."""
    candidates, reasons = [], []
    for path in found.tables:
        if path.suffix.lower() == ".npz":
            continue
        try:
            if len(column_names(path)) > WIDEST:
                continue
            table = read_table(path, key=str(path), codes=True, ids=ID)
        except InputError as error:
            reasons.append(str(error))
            continue
        clip_id = find_id(table)
        if clip_id is None:
            reasons.append(f"{found.name(path)}: no column has another value in every row")
        else:
            candidates.append(_Clips(path, table, clip_id))
    wanted = [clips for clips in candidates if clips.has_labels or clips.has_speakers]
    depth = {clips.path: len(clips.path.parts) for clips in wanted}
    best = min(wanted, key=lambda clips: (-clips.score, depth[clips.path], str(clips.path)), default=None)
    return best, f" ({reasons[0]})" if reasons else ""


def _add_own_tables(draft: Draft, found: Contents, chosen: _Clips) -> None:
    place, id_name = found.name(chosen.path), chosen.clip_id.column
    draft.add("corpus", "reader", "table", "your own tables")
    draft.add("corpus", "clips", place, f"{len(chosen.table)} rows, one a clip")
    release = own_tables.read(own_tables.Options(clips=chosen.path, id=id_name), found.root)
    if id_name != ID[0]:
        draft.add("corpus", "id", id_name, chosen.clip_id.why)
    clips = release.clips
    taken = _add_columns(draft, clips, [id_name])
    clips = _kept(draft, clips)
    taken |= set(add_split(draft, clips, _groups(draft, clips)))
    add_targets(draft, clips, taken)
    labels = {str((entry.value or {}).get("column", entry.key)) for entry in draft.of("targets")}
    wanted = _wanted(draft, clips, None)
    others = [path for path in found.tables if path != chosen.path]
    parts = [path for path in others if path.stem.lower() in PARTS and path.parent == chosen.path.parent]
    if chosen.path.stem.lower() in PARTS and parts:
        names = ", ".join(path.name for path in (chosen.path, *parts))
        text = f"{names} are parts of one table: write them into one, with a column partition, and name that"
        draft.ask("corpus", text, grave=True)
        others = [path for path in others if path not in parts]
    add_tables(draft, found, others, wanted, labels)
    add_texts(draft, place, id_name, clips, taken | labels)
    add_media(draft, found, wanted)
    _ask_for_features(draft, found, clips, labels | taken)


def _add_release(draft: Draft, found: Contents, name: str, options: dict[str, str]) -> None:
    """A corpus that has a reader and no shipped study of what is there."""
    release = read_with(found.root, name, options)
    draft.add("corpus", "reader", name, "its files lie as this reader's corpus has them")
    for key, value in options.items():
        draft.add("corpus", key, value, "further labels of the corpus lie there")
    clips = release.clips
    taken = {name for name in (release.group, release.recording, release.time) if name}
    if release.group:
        draft.add("corpus", "group", release.group, "the reader's own")
    else:
        taken |= _add_columns(draft, clips, taken)
        clips = _kept(draft, clips)
    taken |= set(add_split(draft, clips, _groups(draft, clips)))
    add_targets(draft, clips, taken)
    add_media(draft, found, _wanted(draft, clips, release))
    _ask_for_features(draft, found, clips, taken)


def _add_columns(draft: Draft, clips: pd.DataFrame, taken: list[str] | set[str]) -> set[str]:
    """Add group, recording and time; the columns that are taken now."""
    taken = set(taken)
    group, doubts = find_group(clips, taken)
    for doubt in doubts:
        draft.ask("corpus", doubt, grave=group is None or not group.sure)
    if group is None:
        draft.ask(
            "corpus",
            "NO GROUP WAS FOUND: every clip is its own group, so a speaker may be in training and test and all scores "
            "too good. Add a column speaker to the clips table and name it here.",
            grave=True,
        )
        draft.add("corpus", "group", "speaker", "name the column of speakers here", active=False)
    else:
        draft.add("corpus", "group", group.column, group.why)
        taken.add(group.column)
        values = as_text(clips[group.column])
        if (values.isna() | (values == "")).any():
            n = int((values.isna() | (values == "")).sum())
            draft.add("corpus", "where_not", {group.column: [""]}, f"leaves out {n} clips of no known {group.column}")
    recording = find_recording(clips, group.column if group else None, taken - {group.column if group else ""})
    if recording and group and recording.column == group.column in DYAD:
        pass  # a session of several people is the group and no recording
    elif recording and group and recording.column in DYAD and same_parts(clips, recording.column, group.column):
        taken.add(recording.column)
        why = f"parts the clips as {group.column} does: take away the # if each is one recording"
        draft.add("corpus", "recording", recording.column, why, active=False)
    elif recording:
        draft.add("corpus", "recording", recording.column, recording.why)
        taken.add(recording.column)
        time = find_time(clips, recording.column)
        if time is not None:
            draft.add("corpus", "time", time.column, time.why)
            taken.add(time.column)
    return taken


def _kept(draft: Draft, clips: pd.DataFrame) -> pd.DataFrame:
    """The clips that the draft leaves in."""
    for column in draft.value("corpus", "where_not") or {}:
        values = as_text(clips[column])
        clips = clips[(values.notna() & (values != "")).to_numpy()]
    return clips


def _groups(draft: Draft, clips: pd.DataFrame) -> np.ndarray:
    column = draft.value("corpus", "group")
    values = as_text(clips[column] if column else clips.index)
    return np.asarray(values.tolist(), dtype=str)


def _wanted(draft: Draft, clips: pd.DataFrame, release: object) -> Wanted:
    recording = draft.value("corpus", "recording") or getattr(release, "recording", None)
    time = draft.value("corpus", "time") or getattr(release, "time", None)
    recordings = np.asarray(as_text(clips[recording]).tolist(), dtype=str) if recording and time else None
    return Wanted(np.asarray(clips.index, dtype=str), recordings, getattr(release, "clip_of", None))


def _ask_for_features(draft: Draft, found: Contents, clips: pd.DataFrame, taken: set[str]) -> None:
    """Say what to do where nothing is there to learn from, and what else was passed over."""
    if not any(draft.of("modalities")):
        draft.add(
            "modalities", "audio", "${data}/audio.csv", "name a table of features here (ids and numbers)", active=False
        )
        draft.ask(
            "modalities",
            "nothing to learn from was found: bring a table of features by clip id, or recordings named after clips "
            'and write audio = { recipe = "egemaps", media = "${data}/..." }',
            grave=True,
        )
    numbers = [name for name in clips.columns if pd.api.types.is_float_dtype(clips[name].dtype) and name not in taken]
    if len(numbers) > WIDEST / 10:
        draft.ask(
            "modalities",
            f"the clips table has {len(numbers)} more columns of numbers, such as {numbers[0]}: if they are features, "
            "write them into a table of their own with the ids",
        )
    if found.arrays:
        draft.ask(
            "modalities",
            f"{len(found.arrays)} npy files, such as {found.name(found.arrays[0])}, are not read: write them into one "
            "npz with clip_id, X and columns",
        )
