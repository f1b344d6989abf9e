"""From a study file to a corpus: read, filter, join by id, and check before anything is fitted."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Corpus, Modality, ModalityInfo
from avbaselines.corpora.modalities import join, read_modality
from avbaselines.corpora.predictions import read_prediction
from avbaselines.corpora.splits import make_splits
from avbaselines.corpora.targets import read_targets, read_votes
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.experiment.loading.checks import (
    label_notes,
    refuse_answers,
    refuse_unlearnable,
    refuse_without_recordings,
    wild_note,
)
from avbaselines.experiment.loading.readers import reader
from avbaselines.experiment.loading.timing_checks import check_delays, check_recording_shares
from avbaselines.extractors.extraction import extract
from avbaselines.extractors.media import find_media
from avbaselines.extractors.recipe import load_recipe
from avbaselines.schema import locate, nearest, validate
from avbaselines.study import combined_of


def data_folder(study, data):
    """The corpus' root: the given folder, else the one named by the reader's environment variable, else None.

    Raises
    ------
    InputError
        Where the named folder does not exist.
    """
    variable = reader(study.corpus.reader).ENVIRONMENT
    chosen, origin = (data, "--data") if data else (os.environ.get(variable) if variable else None, f"${variable}")
    if not chosen:
        return None
    folder = Path(chosen).expanduser().resolve()
    if not folder.is_dir():
        raise InputError(f"{origin}: no folder {folder}; needed is {_needed(study)}")
    return folder


def read_release(study, study_path, data, progress=None):
    """What the study's reader finds.

    Parameters
    ----------
    study : Study
    study_path : Path
        Relative paths in the study are relative to its folder.
    data : Path or None
        As given by the user; see :func:`data_folder`.
    """
    source = reader(study.corpus.reader)
    root = data_folder(study, data)
    if root is None and source.ENVIRONMENT is not None and _needs_data(study):
        raise InputError(
            f"{study.title}: the corpus' folder is not known; give it with --data DIR or ${source.ENVIRONMENT}; "
            f"needed is {_needed(study)}"
        )
    files = _tables(study)
    if root is not None and files and not any((root / name).exists() for name in files):
        raise InputError(f"{root}: has nothing of {study.title}; needed is {_needed(study)}")
    context = {"data": root, "folder": study_path.resolve().parent}
    options = validate(source.Options, study.corpus.options, study_path, prefix="corpus", context=context)
    return source.read(options, root, progress=progress)


def _needs_data(study):
    """A study over one's own tables may name them by paths of their own; only ``${data}`` needs a folder."""
    return study.corpus.reader != "table" or "${data}" in str(study.model_dump())


def _tables(study):
    """What a study over one's own tables reads below ``${data}``."""
    if study.corpus.reader != "table":
        return []
    return list(dict.fromkeys(re.findall(r"\$\{data\}/([^'\"]+)", str(study.model_dump()))))


def _needed(study):
    """What has to lie in the corpus' folder, and where it can be had."""
    files = _tables(study)
    needed = f"a folder with {', '.join(files)} (see the README)" if files else reader(study.corpus.reader).NEEDS
    return f"{needed}; {study.corpus.source}" if study.corpus.source else needed


def load_corpus(study, study_path, data=None, *, jobs=1, progress=None):
    """Read everything a study names and join it by clip id.

    Parameters
    ----------
    study : Study
    study_path : Path
    data : Path, optional
        The corpus' root.
    jobs : int
        Worker processes for extraction.
    progress : callable, optional
        ``progress(done, total, what)``.

    Returns
    -------
    Corpus

    Raises
    ------
    InputError
        Naming file, column or clip, and what to do.
    """
    release = read_release(study, study_path, data, progress)
    source, folder = f"{study_path.name}: clips", study_path.resolve().parent
    clips, notes = _filter(release.clips, study.corpus.where, source)
    notes = [*release.notes, *notes]
    ids = np.asarray(clips.index, dtype=str)
    recording = study.corpus.recording or release.recording
    recordings = _column(clips, recording, "corpus.recording", source) if recording else None
    group = study.corpus.group or release.group or recording
    if group:
        groups = _column(clips, group, "corpus.group", source)
    else:
        groups = ids
        notes.append("no corpus.group: every clip is its own group, so a speaker may be in training and test")
    if recordings is not None:
        _refuse_straddling(recordings, groups, source)
    times = _times(clips, study.corpus.time or release.time, source)
    frames = None
    if recordings is not None and times is not None:
        frames = pd.DataFrame({"recording": recordings, "time": times}, index=ids)
    targets, y = read_targets(study.targets, clips, source)
    votes = read_votes(study.targets, targets, clips, source)
    splits, once, split_notes = make_splits(study.split, clips, groups, source, study.seed)
    refuse_without_recordings(targets, recordings)
    refuse_unlearnable(splits, groups, targets, y)
    corpus = Corpus(
        ids,
        groups,
        targets,
        y,
        splits,
        once,
        recordings,
        times,
        notes=[*notes, *split_notes, *label_notes(splits, groups, targets, y)],
        votes=votes,
        combined=combined_of(study),
    )
    regressed = [study.targets[target.name].column or target.name for target in targets if not target.classes]
    read = _columns_read(study, clips, group)
    for name, options in study.modalities.items():
        corpus.modalities[name] = _modality(name, options, ids, release, folder, frames, jobs, progress)
        refuse_answers(corpus.modalities[name], clips, read, regressed, f"modalities.{name}")
        absent = int((~corpus.modalities[name].present).sum())
        if absent:
            corpus.notes.append(f"{absent} of {len(ids)} clips have no {name}")
        corpus.notes += filter(None, [wild_note(corpus.modalities[name], ids)])
        corpus.notes.extend(corpus.modalities[name].info.notes)
    for name, options in study.predictions.items():
        corpus.predictions[name] = read_prediction(name, options, ids, targets, release.root, folder, splits, frames)
    check_delays(study, corpus)
    check_recording_shares(study, corpus)
    return corpus


def _columns_read(study, clips, group):
    """Columns of the clips table that the study itself goes by."""
    split, found = study.split, [group]
    found += [split.column, *(split.columns or []), split.folds, split.leave_one_out]
    for name, target in study.targets.items():
        found.append(target.column or name)
        found += [column for column in clips.columns if target.votes and str(column).startswith(target.votes)]
    return [column for column in dict.fromkeys(found) if column in clips.columns]


def _filter(clips, where, source):
    notes = []
    for column, values in where.items():
        if column not in clips.columns:
            raise InputError(f"{source}: corpus.where names column {column!r}{nearest(column, clips.columns)}")
        found = as_text(clips[column])
        kept = found.isin([str(value) for value in values]).to_numpy()
        if not kept.any():
            found = ", ".join(str(value) for value in found.unique()[:12])
            raise InputError(f"{source}: no clip has {column} in {values}; found: {found}")
        absent = [value for value in values if not (found == str(value)).any()]
        notes += [f"no clip has {column} = {value} (corpus.where)" for value in absent]
        clips = clips[kept]
    return clips, notes


def _column(clips, column, key, source):
    if column not in clips.columns:
        raise InputError(f"{source}: {key} names column {column!r}, which is not there{nearest(column, clips.columns)}")
    values = as_text(clips[column])
    missing = values.isna() | (values == "")
    if missing.any():
        raise InputError(
            f"{source}: clip {clips.index[missing][0]!r} has no {column} ({key}); NA, None and nan count as none"
        )
    return np.asarray(values.tolist(), dtype=str)


def _times(clips, column, source):
    if not column:
        return None
    _column(clips, column, "corpus.time", source)
    try:
        return clips[column].to_numpy(float)
    except ValueError:
        raise InputError(f"{source}: column {column!r} (corpus.time) must be seconds") from None


def _refuse_straddling(recordings, groups, source):
    owner = dict(zip(recordings, groups, strict=True))
    for recording, group in zip(recordings, groups, strict=True):
        if owner[recording] != group:
            raise InputError(f"{source}: recording '{recording}' belongs to groups '{owner[recording]}' and '{group}'")


def _modality(name, options, ids, release, folder, frames, jobs, progress):
    if options.path:
        return read_modality(name, options, ids, release.root, folder, frames)
    recipe = load_recipe(options.recipe)
    if options.window or options.hop:
        recipe = recipe.with_options(window=options.window, hop=options.hop)
    windowed = recipe.options.window is not None
    if windowed and frames is None:
        raise InputError(f"modalities.{name}: windows need a corpus with recordings and times")
    wanted = dict.fromkeys(frames["recording"] if windowed else ids)
    media = _media_of(find_media(locate(options.media, release.root, folder), recipe.suffixes), release.clip_of)
    found = {clip: media[clip] for clip in wanted if clip in media}
    if not found:
        raise InputError(
            f"modalities.{name}: no file below {options.media} is named after a {'recording' if windowed else 'clip'} "
            f"(such as '{next(iter(wanted))}'; files such as {next(iter(media), 'none')!r})"
        )
    table = extract(recipe, found, jobs=jobs, progress=progress)
    failed = table.status[table.status["status"] == "failed"]
    notes = ()
    if len(failed):
        clip, reason = failed.index[0], failed["reason"].iloc[0]
        notes = (f"{len(failed)} clips without {name}: extraction failed, such as {clip} ({reason})",)
    info = ModalityInfo(extraction=dict(table.info), failed=len(failed), notes=notes)
    table_ids, X = np.asarray(table.clip_id, dtype=str), table.X
    if windowed:
        table_ids, X = _windows_of(frames, table, recipe.options.hop)
    modality = Modality(name, X, list(table.columns), info)
    return join(modality, table_ids, ids, f"modalities.{name}", options.max_missing)


def _media_of(media, clip_of):
    """Media by clip id (or recording) where the corpus names its files otherwise; the first of several is taken."""
    if clip_of is None:
        return media
    named = {}
    for stem, path in media.items():
        clip = clip_of(Path(stem).name)
        if clip is not None:
            named.setdefault(clip, path)
    return named


def _windows_of(frames, table, hop):
    """Ids and features of the window nearest to each clip's time; clips further than a hop from any are left out."""
    windows = table.status.assign(row=np.arange(len(table.status)))
    windows = windows[windows["time"].notna()].sort_values("time")
    clips = frames.rename_axis("clip_id").reset_index().sort_values("time")
    for table in (windows, clips):
        table["recording"], table["time"] = table["recording"].astype(str), table["time"].astype(float)
    nearest_window = pd.merge_asof(
        clips, windows[["recording", "time", "row"]], on="time", by="recording", direction="nearest", tolerance=hop
    )
    nearest_window = nearest_window[nearest_window["row"].notna()]
    return nearest_window["clip_id"].to_numpy(str), table.X[nearest_window["row"].to_numpy(int)]
