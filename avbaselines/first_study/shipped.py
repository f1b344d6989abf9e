"""Drafts of corpora that have a reader, after the shipped study that fits what lies in the folder."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avbaselines.corpora.corpus import Release
from avbaselines.corpora.splits import make_splits
from avbaselines.corpora.targets import read_targets
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.experiment.loading.readers import reader
from avbaselines.experiment.loading.row_filters import filter_clips
from avbaselines.extractors.media import find_media
from avbaselines.extractors.recipe import load_recipe
from avbaselines.first_study.draft import Draft
from avbaselines.first_study.features import Wanted, add_media
from avbaselines.first_study.folder import Contents
from avbaselines.first_study.releases import shipped_studies
from avbaselines.schema import locate, validate
from avbaselines.study import Study

NO_GROUP = (
    "THE CORPUS NAMES NO GROUP: every clip is its own, so a speaker may be in training and test and all scores be too "
    "good; nothing here tells who speaks."
)


class _Fit(NamedTuple):
    """A shipped study, and what of it lies in the folder."""

    name: str
    study: Study
    release: Release | None
    modalities: dict[str, Any]
    predictions: dict[str, Any]

    @property
    def found(self) -> int:
        """How many tables and recordings of it lie in the folder."""
        return len(self.modalities) + len(self.predictions)


def read_with(root: Path, name: str, options: dict[str, Any]) -> Release:
    """What a reader finds in a folder.

    Raises
    ------
    InputError
        The folder is not what the reader reads.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "03-01-06-01-02-01-12.wav").touch()
    >>> read_with(folder, "ravdess", {}).group
    'speaker'
    """
    source = reader(name)
    context = {"data": root, "folder": root}
    return source.read(validate(source.Options, options, root, prefix="corpus", context=context), root, progress=None)


def draft_of_release(found: Contents, name: str, options: dict[str, str]) -> Draft | None:
    """A draft with the corpus, split and targets of the shipped study that fits best; None where none does.

    A release that its reader refuses is drafted after the first shipped study, with the reader's reason.

    Parameters
    ----------
    found : Contents
    name : str
        Of the reader.
    options : dict of str to str
        Keys of ``[corpus]`` that the folder asks for.

    Raises
    ------
    InputError
        The reader refuses the folder, and no shipped study is of its corpus.

    Examples
    --------
    >>> import tempfile
    >>> draft = draft_of_release(Contents(Path(tempfile.mkdtemp())), "sewa", {})  # nothing is there
    >>> draft.value("targets", "liking"), draft.questions[0].grave
    ({'metric': 'ccc'}, True)
    """
    shipped = list(shipped_studies(name))
    fits = [fit for label, study in shipped if (fit := _fit(found.root, label, study, options))]
    if fits:
        best = max(fits, key=lambda fit: (fit.found, len(set(fit.study.corpus.options) & set(options))))
        return _draft(found, best, options, f"as the shipped study {best.name} has it")
    try:
        read_with(found.root, name, options)
    except InputError as error:
        if not shipped:
            raise
        label, study = shipped[0]
        draft = _draft(found, _Fit(label, study, None, {}, {}), options, f"as the shipped study {label} has it, unseen")
        draft.ask("corpus", f"the reader {name} refuses what is there: {error}", grave=True)
        return draft
    return None


def _fit(root: Path, name: str, study: Study, options: dict[str, str]) -> _Fit | None:
    """A shipped study whose split and targets the release has; None where it has them not."""
    given = study.corpus.options | options
    try:
        release = read_with(root, study.corpus.reader, given)
        clips, _ = filter_clips(release.clips, study.corpus.where, study.corpus.where_not, name)
        group = study.corpus.group or release.group
        groups = as_text(clips[group] if group else clips.index).to_numpy(str)
        make_splits(study.split, clips, groups, name)
        read_targets(study.targets, clips, name, study.corpus.missing)
    except InputError:
        return None
    modalities = {
        key: entry.model_dump(exclude_unset=True)
        for key, entry in study.modalities.items()
        if all(_is_there(root, path, entry.media, entry.recipe) for path in entry.files or [""])
    }
    predictions = {
        key: entry.model_dump(exclude_unset=True)
        for key, entry in study.predictions.items()
        if _is_there(root, entry.path, None, None)
    }
    return _Fit(name, study, release, modalities, predictions)


def _is_there(root: Path, path: str | None, media: str | None, recipe: str | None) -> bool:
    place = locate(path or media or "", root, root)
    if recipe is None:
        return place.exists()
    try:
        return bool(find_media(place, load_recipe(recipe).suffixes))
    except InputError:
        return False


def _draft(found: Contents, fit: _Fit, options: dict[str, str], why: str) -> Draft:
    study = fit.study
    draft = Draft(f"First study of {found.root.name or 'a folder'}")
    draft.advice.append(
        f"the folder looks like the corpus of reader {study.corpus.reader}; shipped studies of it: "
        f"{', '.join(name for name, _ in shipped_studies(study.corpus.reader))}"
    )
    corpus = study.corpus.model_dump(exclude_unset=True) | options
    corpus.pop("source", None)
    if fit.release is not None and not (study.corpus.group or fit.release.group):
        draft.ask("corpus", NO_GROUP, grave=True)
    for key, value in corpus.items():
        said = "its files lie as this reader's corpus has them" if key == "reader" else why
        draft.add("corpus", key, value, "further labels of the corpus lie there" if key in options else said)
    for key, value in study.split.model_dump(exclude_unset=True).items():
        draft.add("split", key, value, why)
    for key, target in study.targets.items():
        draft.add("targets", key, target.model_dump(exclude_unset=True), why)
    for key, value in fit.modalities.items():
        draft.add("modalities", key, value["path"] if list(value) == ["path"] else value, why)
    for key, value in fit.predictions.items():
        draft.add("predictions", key, value["path"] if list(value) == ["path"] else value, f"is there; {why}")
    if not fit.modalities and fit.release is not None:
        clips, release = fit.release.clips, fit.release
        timed = release.recording and release.time
        recordings = np.asarray(as_text(clips[release.recording]).tolist(), str) if timed else None
        add_media(draft, found, Wanted(np.asarray(clips.index, dtype=str), recordings, release.clip_of))
    if not any(draft.of("modalities")) and not fit.predictions:
        for key, entry in study.modalities.items():
            draft.add("modalities", key, entry.model_dump(exclude_unset=True), f"{why}; is not there", active=False)
        draft.ask(
            "modalities", "nothing to learn from was found: bring one of these, or a table of features by clip id", True
        )
    return draft
