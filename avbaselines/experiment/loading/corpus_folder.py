"""The folder that a study's corpus is in: where it is, and what has to lie in it."""

import os
import re
from pathlib import Path

from avbaselines.errors import InputError
from avbaselines.experiment.loading.readers import reader
from avbaselines.study import Study


def data_folder(study: Study, data: Path | str | None) -> Path | None:
    """The corpus' root: the given folder, else the one named by the reader's environment variable, else None.

    Raises
    ------
    InputError
        Where the named folder does not exist.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> data_folder(load_study("pom"), Path(__file__).parent).name
    'loading'
    """
    variable = reader(study.corpus.reader).ENVIRONMENT
    chosen, origin = (data, "--data") if data else (os.environ.get(variable) if variable else None, f"${variable}")
    if not chosen:
        return None
    folder = Path(chosen).expanduser().resolve()
    if not folder.is_dir():
        raise InputError(f"{origin}: no folder {folder}; needed is {needed(study)}")
    return folder


def needs_data(study: Study) -> bool:
    """A study over one's own tables may name them by paths of their own; only ``${data}`` needs a folder.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> needs_data(load_study("ravdess"))
    True
    """
    return study.corpus.reader != "table" or "${data}" in str(study.model_dump())


def tables_below_data(study: Study) -> list[str]:
    """What a study over one's own tables reads below ``${data}``.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> tables_below_data(load_study("pom"))
    ['clips.csv', 'audio_covarep_seq.npz', 'visual_facet_seq.npz']
    """
    if study.corpus.reader != "table":
        return []
    return list(dict.fromkeys(re.findall(r"\$\{data\}/([^'\"]+)", str(study.model_dump()))))


def needed(study: Study) -> str:
    """What has to lie in the corpus' folder, and where it can be had.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> needed(load_study("pom"))[:34]
    'a folder with clips.csv, audio_cov'
    """
    files = tables_below_data(study)
    what = f"a folder with {', '.join(files)} (see the README)" if files else reader(study.corpus.reader).NEEDS
    return f"{what}; {study.corpus.source}" if study.corpus.source else what
