"""Extraction of a feature table from recordings: cached, in parallel, and with a status for every recording."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from avbaselines.errors import InputError
from avbaselines.extractors import audio, body_motion, face, face_mesh
from avbaselines.extractors.cache import FeatureCache
from avbaselines.extractors.face_video import part_of
from avbaselines.extractors.images import image_sequence
from avbaselines.extractors.media import MediaError, Segment
from avbaselines.extractors.recipe import Recipe, Windowed, load_recipe
from avbaselines.extractors.rows import Rows
from avbaselines.extractors.table import FAILED, OK, PARTIAL, FeatureTable
from avbaselines.workers import Died, in_workers

Progress = Callable[[int, int, str], None]
Outcome = Rows | str
"""Rows of a recording, or the reason why there are none."""


class Extractor(Protocol):
    """A module that extracts the features of one recording.

    Examples
    --------
    >>> extractor: Extractor = body_motion
    >>> extractor.REVISION
    1
    """

    REVISION: int

    def prepare(self, options: Any, paths: Sequence[Path], settings: Mapping[str, Any]) -> str:
        """Check that all it needs is there; returns the versions that shape the features."""

    def extract_one(self, segment: Segment, options: Any, settings: Mapping[str, Any]) -> Rows:
        """Features of one recording, or a MediaError."""


EXTRACTORS: dict[str, Any] = {"opensmile": audio, "face": face, "face-mesh": face_mesh, "body-motion": body_motion}
"""Modules by name, each an `Extractor`."""


def extract(
    recipe: str | Path | Recipe,
    media: Mapping[str, str | Path | Segment],
    *,
    jobs: int = 1,
    cache: FeatureCache | str | Path | Literal[False] | None = None,
    progress: Progress | None = None,
    max_failed: float = 0.05,
    **settings: Any,
) -> FeatureTable:
    """Extract the feature table of some recordings.

    Parameters
    ----------
    recipe
        Name of a shipped recipe, path of one, or a recipe.
    media
        Recording of each clip (see :func:`avbaselines.extractors.media.find_media`).
    jobs
        Worker processes, one thread each; 1 = in this process.
    cache
        Where rows are kept; None = the user's cache, False = nowhere.
    progress
        Called as ``progress(done, total, clip_id)``.
    max_failed
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

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "motion.csv")
    >>> _ = path.write_text("time,head_x,head_y,head_z\\n0.0,0,1.7,0\\n0.1,0,1.7,0\\n")
    >>> table = extract("body-motion", {"clip1": path}, cache=False)
    >>> table.X.shape, table.status["status"].tolist()
    ((1, 36), ['ok'])
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
    names: dict[str, tuple[str, ...]] = {}
    for clip_id, outcome in _run(work, tasks, 1 if _few_tables(todo) else jobs):
        outcomes[clip_id] = outcome = _share_names(outcome, names)
        tally.count(clip_id, outcome)
    outcomes = _same_columns({clip_id: outcomes[clip_id] for clip_id in segments}, tally)
    return _assemble(outcomes, recipe, about)


FEW = 32
TABLES = {".csv", ".tsv", ".txt"}


def _few_tables(todo: Mapping[str, Segment]) -> bool:
    """Whether what is left is read faster than a worker process starts: clips that failed are tried in every run."""
    return len(todo) <= FEW and all(segment.path.suffix.lower() in TABLES for segment in todo.values())


def _segment(place: str | Path | Segment) -> Segment:
    return place if isinstance(place, Segment) else Segment(Path(place))


def _look_up(
    store: FeatureCache | None, group: str, segments: Mapping[str, Segment], jobs: int
) -> tuple[dict[str, str], dict[str, Outcome]]:
    """Keys of all clips whose recording can be read, and the rows of those that the cache knows."""
    if store is None:
        return {}, {}

    def look(item: tuple[str, Segment]) -> tuple[str, str | None, Rows | None]:
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


def _is_readable(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and bool(image_sequence(path)))


def _work(
    extractor: str,
    options: Windowed,
    settings: Mapping[str, Any],
    store: FeatureCache | None,
    group: str,
    about: Mapping[str, Any],
    task: tuple[Segment, str | None],
) -> Outcome:
    """Rows of one recording, or the reason why there are none."""
    segment, key = task
    try:
        machine = {"store": store, "content": key.partition("@")[0] if key else None, "version": about["version"]}
        rows = EXTRACTORS[extractor].extract_one(segment, options, {**settings, **machine})
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


def _share_names(outcome: Outcome, names: dict[str, tuple[str, ...]]) -> Outcome:
    """The outcome of a worker with its column names as one tuple that all clips share."""
    if isinstance(outcome, str):
        return outcome
    text = str(outcome.columns)  # as `_work` sends them
    if text not in names:
        names[text] = tuple(text.split("\n"))
    return outcome._replace(columns=names[text])


def _run(
    work: Callable[[Any], Outcome], tasks: Mapping[str, Any], jobs: int
) -> Iterator[tuple[str, Outcome]]:
    """Outcomes of all tasks as they come, ``(clip_id, outcome)``."""
    if jobs == 1 or len(tasks) <= 1:
        yield from ((clip_id, work(task)) for clip_id, task in tasks.items())
        return
    clip_ids = list(tasks)
    for number, answer in in_workers(work, [(task,) for task in tasks.values()], jobs):
        yield clip_ids[number], _DIED if isinstance(answer, Died) else answer


_DIED = "the worker process died on this file (out of memory, or a defect of the decoder)"


class _Tally:
    """Counts what is done and failed, tells the progress, and stops a run that has gone wrong."""

    def __init__(self, total: int, max_failed: float, progress: Progress | None) -> None:
        self.total, self.max_failed, self.progress = total, max_failed, progress
        self.done = 0
        self.reasons: dict[str, str] = {}

    def count(self, clip_id: str, outcome: Outcome) -> None:
        self.done += 1
        if isinstance(outcome, str):
            self.fail(clip_id, outcome)
        if self.progress:
            self.progress(self.done, self.total, clip_id)

    def fail(self, clip_id: str, reason: str) -> None:
        self.reasons[clip_id] = reason
        if len(self.reasons) > self.max_failed * self.total:
            shown = "; ".join(f"{clip_id}: {reason}" for clip_id, reason in list(self.reasons.items())[:3])
            raise InputError(
                f"{len(self.reasons)} of {self.total} recordings failed ({len(self.reasons) / self.total:.1%}; "
                f"{self.max_failed:.1%} may), stopped after {self.done}: {shown}; mend them, or allow more failures"
            )


def _same_columns(outcomes: dict[str, Outcome], tally: _Tally) -> dict[str, Outcome]:
    """Outcomes in which all rows have the commonest columns; a clip with others has failed."""
    kinds = {clip_id: (rows.columns, str(rows.info)) for clip_id, rows in outcomes.items() if isinstance(rows, Rows)}
    if len(set(kinds.values())) <= 1:
        return outcomes
    common = Counter(kinds.values()).most_common(1)[0][0]
    settled = dict(outcomes)
    for clip_id, kind in kinds.items():
        if kind != common:
            reason = f"its {len(kind[0])} columns {kind[1]} are not those of most clips ({len(common[0])}, {common[1]})"
            settled[clip_id] = reason
            tally.fail(clip_id, reason)
    return settled


def _assemble(outcomes: Mapping[str, Outcome], recipe: Recipe, about: Mapping[str, Any]) -> FeatureTable:
    first = next((rows for rows in outcomes.values() if isinstance(rows, Rows)), None)
    columns = list(first.columns) if first is not None else []
    hop = recipe.options.hop
    digits = 2 if hop is None or round(hop, 2) == hop else 3
    blocks: list[np.ndarray] = []
    records: list[dict[str, Any]] = []
    for clip_id, outcome in outcomes.items():
        record: dict[str, Any]
        times: Iterable[float] | None
        if isinstance(outcome, str):
            blocks.append(np.full((1, len(columns)), np.nan, np.float32))
            record = {"status": FAILED, "reason": outcome, "duration": np.nan, "detection_rate": np.nan,
                      "several_faces": np.nan}  # fmt: skip
            times = [0.0]
        else:
            blocks.append(outcome.X)
            state = PARTIAL if outcome.remark else OK
            record = {"status": state, "reason": outcome.remark, "duration": outcome.duration,
                      "detection_rate": outcome.detection_rate, "several_faces": outcome.several_faces}  # fmt: skip
            times = outcome.times
        if hop is None or times is None:
            records.append({"clip_id": clip_id, **record})
        else:
            records += [
                {"clip_id": f"{clip_id}@{t:.{digits}f}", **record, "recording": clip_id, "time": t} for t in times
            ]
    status = pd.DataFrame.from_records(records, index="clip_id")
    info = {**about, "title": recipe.title, "source": recipe.source, **(first.info if first is not None else {})}
    return FeatureTable(status.index.to_numpy(dtype=str), np.concatenate(blocks), columns, status, info)


def cpu_count() -> int:
    """Cores this process may use.

    Examples
    --------
    >>> cpu_count() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
