"""Speakers and contents of the clips of a corpus, as a study's ``[identity]`` names them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Corpus
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.experiment.analyses.base import ScoredRun, Source
from avbaselines.experiment.loading.corpus import read_release
from avbaselines.experiment.protocol_run import People
from avbaselines.schema import nearest
from avbaselines.study import Study
from avbaselines.systems import SPEAKER, Identity

__all__ = ["IdentityRun", "people_of"]


@dataclass(frozen=True)
class IdentityRun:
    """A scored run whose identity is measured.

    Attributes
    ----------
    scored : ScoredRun
    people : People
    options : Identity
        The study's own, or the defaults where identity was asked for by the caller alone.
    """

    scored: ScoredRun
    people: People
    options: Identity

    @classmethod
    def of(cls, scored: ScoredRun) -> "IdentityRun":
        """The run with what was read for it before anything was fitted."""
        if scored.run.people is None:
            raise ValueError("the run was planned without its people")
        return cls(scored, scored.run.people, scored.run.study.identity or Identity())

    @property
    def erases(self) -> bool:
        """Whether the study asks for representations to be measured too."""
        return self.scored.run.study.identity is not None


def people_of(study: Study, source: Source, corpus: Corpus) -> People:
    """Speakers and contents of a corpus: by default its groups and, where there are any, its recordings.

    Raises
    ------
    InputError
        A column that the clips lack, a clip without a value in it, or a target named like the rows of identity.

    Examples
    --------
    >>> from pathlib import Path
    >>> from avbaselines.catalog import find
    >>> from avbaselines.experiment.loading.corpus import load_corpus
    >>> from avbaselines.study import load_study
    >>> path = find("studies", "quickstart")
    >>> study = load_study(path)
    >>> people = people_of(study, Source(path), load_corpus(study, path))  # doctest: +SKIP
    """
    options = study.identity or Identity()
    if SPEAKER in study.targets:
        raise InputError(f"targets.{SPEAKER}: identity rows go by this name; give the target another (and its column)")
    columns = {"speaker": options.speaker, "content": options.content}
    named = {key: column for key, column in columns.items() if column}
    values = {}
    if named:
        clips = read_release(study, source.study_path, source.data).clips
        values = {key: _column(clips, corpus.ids, key, column, source) for key, column in named.items()}
    content = values.get("content", corpus.recordings)
    label = options.content or ("recording" if content is not None else "")
    return People(values.get("speaker", corpus.groups), content, label)


def _column(clips: pd.DataFrame, ids: np.ndarray, key: str, column: str, source: Source) -> np.ndarray:
    if column not in clips.columns:
        where = f"{source.study_path.name}: identity.{key}"
        raise InputError(f"{where}: no column {column!r} in the clips{nearest(column, clips.columns)}")
    values = as_text(clips[column].loc[ids])
    if values.isna().any():
        raise InputError(f"identity.{key}: clip {values.index[values.isna()][0]!r} has no {column}")
    return np.asarray(values.tolist(), dtype=str)
