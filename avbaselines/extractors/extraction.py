"""From a recipe and recordings to a feature table: cached, in parallel, and with a word on every recording."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.errors import InputError
from avbaselines.extractors import audio, body_motion, face, face_mesh
from avbaselines.extractors.cache import FeatureCache
from avbaselines.extractors.face_video import part_of
from avbaselines.extractors.images import image_sequence
from avbaselines.extractors.media import MediaError, Segment
from avbaselines.extractors.recipe import load_recipe
from avbaselines.extractors.rows import Rows
from avbaselines.extractors.table import FAILED, OK, PARTIAL, FeatureTable

EXTRACTORS = {"opensmile": audio, "face": face, "face-mesh": face_mesh, "body-motion": body_motion}
"""Each offers ``prepare(options, paths, settings) -> version`` and ``extract_one(segment, options, settings)``."""


def extract(recipe, media, *, jobs=1, cache=None, progress=None, max_failed=0.05, **settings):
    """Make the feature table of some recordings.

    Parameters
    ----------
    recipe : str, Path or Recipe
        Name of a shipped recipe, path of one, or a recipe.
    media : mapping of str to Path or Segment
        Recording of each clip (see :func:`avbaselines.extractors.media.find_media`).
    jobs : int
        Worker processes, one thread each; 1 = in this process.
    cache : FeatureCache, str, Path, None or False
        Where rows are kept; None = the user's cache, False = nowhere.
    progress : callable, optional
        Called as ``progress(done, total, clip_id)``.
    max_failed : float
        Share of recordings that may fail, 0 to 1; above it the run stops.
    **settings
        What the machine decides rather than the recipe: ``face_python``, the interpreter that has py-feat;
        ``face_device``, where it computes; ``watch``, a folder in which workers tell how far they are with a clip (see
        :func:`avbaselines.extractors.clip_progress.running_clips`).

    Returns
    -------
    FeatureTable
        In the order of ``media``. With windows, a row is called ``<clip_id>@<seconds of the window's centre>``.

    Raises
    ------
    InputError
        Nothing to extract from, a tool or its weights are missing, the cache cannot be written, or too much failed.
    """
    recipe = load_recipe(recipe)
    if not media:
        raise InputError(f"{recipe.name}: no recordings to extract from")
    segments = {clip_id: _segment(place) for clip_id, place in media.items()}
    extractor = EXTRACTORS[recipe.extractor]
    version = extractor.prepare(recipe.options, [segment.path for segment in segments.values()], settings)
    store = None if cache is False else cache if isinstance(cache, FeatureCache) else FeatureCache(cache)
    group = f"{recipe.extractor}-{recipe.digest(version)}"
    about = {
        "recipe": recipe.name,
        "extractor": recipe.extractor,
        "version": version,
        "options": recipe.options.model_dump(),
    }

    keys, outcomes = _look_up(store, group, segments, jobs)
    tally = _Tally(len(segments), max_failed, progress)
    tally.done = len(outcomes)
    if outcomes and progress:
        progress(tally.done, tally.total, "found in the cache")
    todo = {clip_id: segment for clip_id, segment in segments.items() if clip_id not in outcomes}
    work = partial(_work, recipe.extractor, recipe.options, settings, store, group, about)
    tasks = {clip_id: (segment, keys.get(clip_id)) for clip_id, segment in todo.items()}
    names = {}
    for clip_id, outcome in _run(work, tasks, jobs):
        outcomes[clip_id] = outcome = _share_names(outcome, names)
        tally.count(clip_id, outcome)
    outcomes = _same_columns({clip_id: outcomes[clip_id] for clip_id in segments}, tally)
    return _assemble(outcomes, recipe, about)


def _segment(place):
    return place if isinstance(place, Segment) else Segment(Path(place))


def _look_up(store, group, segments, jobs):
    """Keys of all clips whose recording can be read, and the rows of those that the cache knows."""
    if store is None:
        return {}, {}

    def look(item):
        clip_id, segment = item
        try:
            key = store.content(segment.path) if _is_readable(segment.path) else None
        except OSError as error:
            # The extractor will meet the same obstacle and put it into the clip's row; a full disk it would not.
            if error.filename is None or str(store.folder) in str(error.filename):
                raise InputError(f"{store.folder}: the cache cannot be written ({error.strerror})") from None
            key = None
        key = key and key + part_of(segment)
        return clip_id, key, store.get(group, key) if key else None

    # Hashing waits for the disk and lets go of the interpreter's lock.
    with ThreadPoolExecutor(max(jobs, 1)) as threads:
        looked = list(threads.map(look, segments.items()))
    keys = {clip_id: key for clip_id, key, _ in looked if key}
    return keys, {clip_id: rows for clip_id, _, rows in looked if rows is not None}


def _is_readable(path):
    return path.is_file() or (path.is_dir() and bool(image_sequence(path)))


def _work(extractor, options, settings, store, group, about, task):
    """Rows of one recording, or the reason why there are none."""
    segment, key = task
    try:
        known = {"store": store, "content": key.partition("@")[0] if key else None, "version": about["version"]}
        rows = EXTRACTORS[extractor].extract_one(segment, options, {**settings, **known})
    except MediaError as error:
        return str(error)
    except Exception as error:  # one odd file must not take ten thousand others with it; its row says what happened
        return f"unexpected {type(error).__name__}: {error}"
    if store is not None and key is not None:
        try:
            store.put(group, key, rows, about)
        except OSError as error:
            raise InputError(f"{store.folder}: the cache cannot be written ({error.strerror or error})") from None
    # One text travels between processes much faster than thousands of names.
    return rows._replace(columns="\n".join(rows.columns))


def _share_names(outcome, names):
    """The outcome of a worker with its column names as one tuple that all clips share."""
    if isinstance(outcome, str):
        return outcome
    if outcome.columns not in names:
        names[outcome.columns] = tuple(outcome.columns.split("\n"))
    return outcome._replace(columns=names[outcome.columns])


def _run(work, tasks, jobs):
    """Outcomes of all tasks as they come, ``(clip_id, outcome)``."""
    if jobs == 1 or len(tasks) <= 1:
        yield from ((clip_id, work(task)) for clip_id, task in tasks.items())
        return
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    pending = dict(tasks)
    while pending:
        try:
            with parallel_config(backend="loky", inner_max_num_threads=1):
                parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
                outcomes = parallel(delayed(_named)(work, clip_id, task) for clip_id, task in list(pending.items()))
            for clip_id, outcome in outcomes:
                del pending[clip_id]
                yield clip_id, outcome
        except TerminatedWorkerError:
            # Which file it was is unknown: they are tried one by one, each in a process that may die.
            for clip_id in list(pending):
                outcome = _alone(work, pending.pop(clip_id))
                yield clip_id, outcome
                if outcome == _DIED:
                    break


_DIED = "the worker process died on this file (out of memory, or a defect of the decoder)"


def _alone(work, task):
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        return get_reusable_executor(max_workers=1).submit(work, task).result()
    except TerminatedWorkerError:
        return _DIED


def _named(work, clip_id, task):
    return clip_id, work(task)


class _Tally:
    """Counts what is done and failed, tells the progress, and stops a run that has gone wrong."""

    def __init__(self, total, max_failed, progress):
        self.total, self.max_failed, self.progress = total, max_failed, progress
        self.done, self.reasons = 0, {}

    def count(self, clip_id, outcome):
        self.done += 1
        if isinstance(outcome, str):
            self.fail(clip_id, outcome)
        if self.progress:
            self.progress(self.done, self.total, clip_id)

    def fail(self, clip_id, reason):
        self.reasons[clip_id] = reason
        if len(self.reasons) > self.max_failed * self.total:
            shown = "; ".join(f"{clip_id}: {reason}" for clip_id, reason in list(self.reasons.items())[:3])
            raise InputError(
                f"{len(self.reasons)} of {self.total} recordings failed ({len(self.reasons) / self.total:.1%}; "
                f"{self.max_failed:.1%} may), stopped after {self.done}: {shown}; mend them, or allow more failures"
            )


def _same_columns(outcomes, tally):
    """Outcomes in which all rows have the commonest columns; a clip with others has failed."""
    kinds = {clip_id: (rows.columns, str(rows.info)) for clip_id, rows in outcomes.items() if isinstance(rows, Rows)}
    if len(set(kinds.values())) <= 1:
        return outcomes
    common = Counter(kinds.values()).most_common(1)[0][0]
    settled = dict(outcomes)
    for clip_id, kind in kinds.items():
        if kind != common:
            settled[clip_id] = (
                f"its {len(kind[0])} columns {kind[1]} are not those of most clips ({len(common[0])}, {common[1]})"
            )
            tally.fail(clip_id, settled[clip_id])
    return settled


def _assemble(outcomes, recipe, about):
    made = [rows for rows in outcomes.values() if isinstance(rows, Rows)]
    columns = made[0].columns if made else []
    windowed = recipe.options.window is not None
    digits = 2 if not windowed or round(recipe.options.hop, 2) == recipe.options.hop else 3
    blocks, records = [], []
    for clip_id, outcome in outcomes.items():
        failed = isinstance(outcome, str)
        X = np.full((1, len(columns)), np.nan, np.float32) if failed else outcome.X
        state = FAILED if failed else PARTIAL if outcome.remark else OK
        record = {
            "status": state,
            "reason": outcome if failed else outcome.remark,
            "duration": np.nan if failed else outcome.duration,
            "detection_rate": np.nan if failed else outcome.detection_rate,
            "several_faces": np.nan if failed else outcome.several_faces,
        }
        blocks.append(X)
        if windowed:
            times = [0.0] if failed else outcome.times
            records += [
                {"clip_id": f"{clip_id}@{t:.{digits}f}", **record, "recording": clip_id, "time": t} for t in times
            ]
        else:
            records.append({"clip_id": clip_id, **record})
    status = pd.DataFrame.from_records(records, index="clip_id")
    info = {**about, "title": recipe.title, "source": recipe.source, **(made[0].info if made else {})}
    return FeatureTable(status.index.to_numpy(dtype=str), np.concatenate(blocks), columns, status, info)


def cpu_count():
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
