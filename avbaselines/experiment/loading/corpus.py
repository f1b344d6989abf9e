"""From a study file to a corpus: read, filter, join by id, and check before anything is fitted."""

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Corpus, Modality, ModalityInfo, Release
from avbaselines.corpora.id_matching import match_ids
from avbaselines.corpora.modalities import ModalityOptions, join, read_modality
from avbaselines.corpora.numbers import to_seconds
from avbaselines.corpora.predictions import read_prediction
from avbaselines.corpora.raters import rater_columns, raters_of
from avbaselines.corpora.splits import make_splits
from avbaselines.corpora.targets import read_targets, read_votes
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.experiment.loading.checks import (
    label_notes,
    refuse_unlearnable,
    refuse_without_recordings,
    truth_notes,
)
from avbaselines.experiment.loading.clip_order import clip_order
from avbaselines.experiment.loading.corpus_folder import data_folder, needed, needs_data, tables_below_data
from avbaselines.experiment.loading.feature_checks import (
    duplicates_note,
    empty_note,
    merge_groups,
    refuse_answers,
    refuse_equals,
    wild_note,
)
from avbaselines.experiment.loading.readers import reader
from avbaselines.experiment.loading.resampling import read_resampling, single_group_notes
from avbaselines.experiment.loading.row_filters import filter_clips
from avbaselines.experiment.loading.spelling_checks import group_notes
from avbaselines.experiment.loading.timing_checks import for_systems
from avbaselines.extractors.extraction import extract
from avbaselines.extractors.media import Segment, find_media
from avbaselines.extractors.recipe import load_recipe
from avbaselines.extractors.table import FeatureTable
from avbaselines.schema import locate, nearest, validate
from avbaselines.study import Study, combined_of


def read_release(study: Study, study_path: Path, data: Path | None, progress: Callable | None = None) -> Release:
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
    if root is None and source.ENVIRONMENT is not None and needs_data(study):
        raise InputError(
            f"{study.title}: the corpus' folder is not known; give it with --data DIR or ${source.ENVIRONMENT}; "
            f"needed is {needed(study)}"
        )
    files = tables_below_data(study)
    if root is not None and files and not any((root / name).exists() for name in files):
        raise InputError(f"{root}: has nothing of {study.title}; needed is {needed(study)}")
    context = {"data": root, "folder": study_path.resolve().parent}
    options = validate(source.Options, study.corpus.options, study_path, prefix="corpus", context=context)
    return source.read(options, root, progress=progress)


def load_corpus(
    study: Study, study_path: Path, data: Path | None = None, *, jobs: int = 1, progress: Callable | None = None
) -> Corpus:
    """Read everything a study names and join it by clip id, checked for its systems; see `read_corpus`."""
    return for_systems(read_corpus(study, study_path, data, jobs=jobs, progress=progress), study)


def read_corpus(
    study: Study, study_path: Path, data: Path | None = None, *, jobs: int = 1, progress: Callable | None = None
) -> Corpus:
    """Read everything a study names and join it by clip id, whatever its systems are.

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
    clips, notes = filter_clips(release.clips, study.corpus.where, study.corpus.where_not, source)
    notes = [*release.notes, *notes]
    elsewhere = release.clips.index.difference(clips.index)
    ids = np.asarray(clips.index, dtype=str)
    recording = study.corpus.recording or release.recording
    recordings = _column(clips, recording, "corpus.recording", source) if recording else None
    group = study.corpus.group or release.group or recording
    groups, said = _groups_of(clips, group, source)
    notes += said
    if recordings is not None:
        _refuse_straddling(recordings, groups, source)
    times, said = _times(clips, study.corpus.time or release.time, recordings, source)
    notes += said
    order = clip_order(ids, recordings, times)
    clips, ids, groups = clips.iloc[order], ids[order], groups[order]
    recordings, times = (None if column is None else column[order] for column in (recordings, times))
    frames = None
    if recordings is not None and times is not None:
        frames = pd.DataFrame({"recording": recordings, "time": times}, index=ids)
    targets, y, said = read_targets(study.targets, clips, source, study.corpus.missing)
    notes += said
    votes = read_votes(study.targets, targets, clips, source, study.corpus.missing)
    raters = raters_of(
        {name: option.raters for name, option in study.targets.items() if option.raters is not None},
        {target.name: target.classes or () for target in targets},
        clips,
        source,
        {name: option.missing or study.corpus.missing for name, option in study.targets.items()},
    )
    modalities: dict[str, Modality] = {}
    read = partial(_modality, ids=ids, release=release, folder=folder, frames=frames, jobs=jobs, progress=progress)
    read = partial(read, elsewhere=elsewhere)
    if study.corpus.duplicates == "merge":
        modalities = {name: read(name, options) for name, options in study.modalities.items()}
        groups, said = merge_groups(modalities.values(), groups)
        notes += said
        clips = clips.assign(**{group: groups}) if group else clips
    splits, once, split_notes = make_splits(study.split, clips, groups, source, study.seed)
    if group:
        notes += group_notes(groups, splits, ids, group)
    columns, resampled = _columns_read(study, clips, group), None
    if study.corpus.resample:
        resampled, said = read_resampling(study.corpus.resample, clips, groups, recordings, splits, source)
    else:
        said = single_group_notes(clips, groups, recordings, splits, columns)
    notes += said
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
        raters=raters,
        resampling=resampled,
    )
    for name, options in study.modalities.items():
        corpus.modalities[name] = modalities[name] if name in modalities else read(name, options)
        corpus.notes += _notes_on(corpus.modalities[name], corpus, study, clips, columns)
    for name, given in study.predictions.items():
        outside = read_prediction(name, given, ids, targets, release.root, folder, splits, frames, y, elsewhere)
        corpus.predictions[name] = outside
        corpus.notes += [*outside.notes, *truth_notes(outside, targets, y, splits)]
    return corpus


def _groups_of(clips: pd.DataFrame, group: str | None, source: str) -> tuple[np.ndarray, list[str]]:
    if group:
        return _column(clips, group, "corpus.group", source), []
    note = "no corpus.group: every clip is its own group, so a speaker may be in training and test"
    return np.asarray(clips.index, dtype=str), [note]


def _notes_on(
    modality: Modality, corpus: Corpus, study: Study, clips: pd.DataFrame, columns: list[str]
) -> list[str]:
    """What to say of a modality; one that holds labels, or other columns that the study goes by, is refused."""
    key = f"modalities.{modality.name}"
    regressed = [study.targets[target.name].column or target.name for target in corpus.targets if not target.classes]
    refuse_equals(modality, clips, columns, regressed, key)
    refuse_answers(modality, corpus.targets, corpus.y, key)
    absent = int((~modality.present).sum())
    lacking = f"{absent} of {len(corpus.ids)} clips have no {modality.name}" if absent else ""
    said = [lacking, empty_note(modality), wild_note(modality, corpus.ids)]
    said.append(duplicates_note(modality, corpus.ids, corpus.groups))
    return [*filter(None, said), *modality.info.notes]


def _columns_read(study: Study, clips: pd.DataFrame, group: str | None) -> list[str]:
    """Columns of the clips table that the study itself goes by."""
    split = study.split
    found: list[str | None] = [group]
    found += [split.column, *(split.columns or []), split.folds, split.leave_one_out]
    for name, target in study.targets.items():
        found.append(target.column or name)
        found += [column for column in clips.columns if target.votes and str(column).startswith(target.votes)]
        if isinstance(target.raters, str | list):
            found += rater_columns(target.raters, clips, (), f"targets.{name}.raters", "clips")
        elif target.raters is not None:
            votes = target.raters.votes
            found += [column for column in clips.columns if str(column).startswith(votes)]
    return [column for column in dict.fromkeys(found) if column is not None and column in clips.columns]


def _column(clips: pd.DataFrame, column: str, key: str, source: str) -> np.ndarray:
    if column not in clips.columns:
        raise InputError(f"{source}: {key} names column {column!r}, which is not there{nearest(column, clips.columns)}")
    values = as_text(clips[column])
    missing = values.isna() | (values == "")
    if missing.any():
        raise InputError(
            f"{source}: clip {clips.index[missing][0]!r} has no {column} ({key}); NA, None and nan count as none; "
            f"corpus.where_not = {{ {column} = [''] }} leaves such clips out"
        )
    return np.asarray(values.tolist(), dtype=str)


def _times(
    clips: pd.DataFrame, column: str | None, recordings: np.ndarray | None, source: str
) -> tuple[np.ndarray | None, list[str]]:
    if not column:
        return None, []
    _column(clips, column, "corpus.time", source)
    try:
        times, were = to_seconds(clips[column], recordings)
    except ValueError:
        raise InputError(f"{source}: column {column!r} (corpus.time) must be seconds") from None
    since = " since the first of each recording" if were == "dates" else ""
    return times, [f"{column!r} (corpus.time) holds {were}, taken as seconds{since}"] if were else []


def _refuse_straddling(recordings: np.ndarray, groups: np.ndarray, source: str) -> None:
    owner = dict(zip(recordings, groups, strict=True))
    for recording, group in zip(recordings, groups, strict=True):
        if owner[recording] != group:
            raise InputError(f"{source}: recording '{recording}' belongs to groups '{owner[recording]}' and '{group}'")


def _modality(
    name: str,
    options: ModalityOptions,
    ids: np.ndarray,
    release: Release,
    folder: Path,
    frames: pd.DataFrame | None,
    jobs: int,
    progress: Callable | None,
    elsewhere: Collection[str],
) -> Modality:
    if options.path:
        return read_modality(name, options, ids, release.root, folder, frames, elsewhere)
    recipe = load_recipe(options.recipe or "")
    if options.window or options.hop:
        recipe = recipe.with_options(window=options.window, hop=options.hop)
    windowed = recipe.options.window is not None
    if windowed and frames is None:
        raise InputError(f"modalities.{name}: windows need a corpus with recordings and times")
    file_of = {clip: clip for clip in (frames["recording"] if windowed and frames is not None else ids)}
    if not windowed:
        file_of |= {clip: release.segments[clip][0] for clip in file_of if clip in release.segments}
    wanted = dict.fromkeys(file_of.values())
    place = locate(options.media or "", release.root, folder)
    media = _media_of(find_media(place, recipe.suffixes), release.clip_of)
    match = match_ids(list(wanted), list(media), f"modalities.{name}: {options.media}", () if windowed else elsewhere)
    files = list(media.values())
    path_of = {file: files[row] for file, row in zip(wanted, match.rows, strict=True) if row >= 0}
    if not path_of:
        raise InputError(
            f"modalities.{name}: no file below {options.media} is named after a {'recording' if windowed else 'clip'} "
            f"(such as '{next(iter(wanted))}'; files such as {next(iter(media), 'none')!r})"
        )
    found = {
        clip: Segment(path_of[file], *release.segments.get(clip, ("",))[1:])
        for clip, file in file_of.items()
        if file in path_of
    }
    table = extract(recipe, found, jobs=jobs, progress=progress)
    failed = table.status[table.status["status"] == "failed"]
    notes = list(filter(None, [match.note(name)]))
    if len(failed):
        clip, reason = failed.index[0], failed["reason"].iloc[0]
        notes.append(f"{len(failed)} clips without {name}: extraction failed, such as {clip} ({reason})")
    if len(path_of) < len(wanted):
        notes += _passed_over(name, place, set(wanted) - set(path_of), recipe.suffixes)
    info = ModalityInfo(extraction=dict(table.info), failed=len(failed), notes=tuple(notes))
    table_ids, X = np.asarray(table.clip_id, dtype=str), table.X
    if frames is not None and recipe.options.hop is not None:
        table_ids, X = _windows_of(frames, table, recipe.options.hop)
    modality = Modality(name, X, list(table.columns), info)
    return join(modality, table_ids, ids, f"modalities.{name}", options.max_missing)


def _media_of(media: dict[str, Path], clip_of: Callable[[str], str | None] | None) -> dict[str, Path]:
    """Media by clip id (or recording) where the corpus names its files otherwise; the first of several is taken."""
    if clip_of is None:
        return media
    named: dict[str, Path] = {}
    for stem, path in media.items():
        clip = clip_of(Path(stem).name)
        if clip is not None:
            named.setdefault(clip, path)
    return named


def _passed_over(name: str, place: Path, lacking: Collection[str], suffixes: Collection[str]) -> list[str]:
    """A note on files named after clips without a recording, whose type is not read."""
    stems = {Path(clip).name for clip in lacking} | {Path(clip).stem for clip in lacking}
    files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else []
    other = [path for path in files if path.stem in stems and path.suffix.lower() not in suffixes]
    if not other:
        return []
    return [
        f"{name}: {len(other)} files of clips without a recording are passed over, such as {other[0].name}: "
        f"read are {', '.join(suffixes)}"
    ]


def _windows_of(frames: pd.DataFrame, table: FeatureTable, hop: float) -> tuple[np.ndarray, np.ndarray]:
    """Ids and features of the window nearest to each clip's time; clips further than a hop from any are left out."""
    windows = table.status.assign(row=np.arange(len(table.status)))
    windows = windows[windows["time"].notna()].sort_values("time")
    clips = frames.rename_axis("clip_id").reset_index().sort_values("time")
    for side in (windows, clips):
        side["recording"], side["time"] = side["recording"].astype(str), side["time"].astype(float)
    nearest_window = pd.merge_asof(
        clips, windows[["recording", "time", "row"]], on="time", by="recording", direction="nearest", tolerance=hop
    )
    nearest_window = nearest_window[nearest_window["row"].notna()]
    return nearest_window["clip_id"].to_numpy(str), table.X[nearest_window["row"].to_numpy(int)]
