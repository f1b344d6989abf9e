"""A reader: a corpus whose clips were rated by several people, ``ratings.tsv`` with a row a rating.

Columns of the file: file, speaker, rater, arousal. The label of a clip is the mean over its raters.
"""

from pathlib import Path

import pandas as pd

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.errors import InputError
from avbaselines.schema import Section

# Variable that may say where the corpus is, where --data does not; None for a corpus that needs no folder.
ENVIRONMENT = "RATERS_DATA"
# What a person without the corpus is told.
NEEDS = "the folder of the release, with ratings.tsv and features.csv"


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    least_raters : int
        Clips with fewer ratings are left out.
    """

    least_raters: int = 2


def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """The clips of the release, one row each, with their speaker and their mean rating."""
    if data is None:
        raise InputError(f"the corpus' folder is not known; give it with --data DIR; needed is {NEEDS}")
    path = data / "ratings.tsv"
    try:
        ratings = pd.read_csv(path, sep="\t", dtype={"file": str, "speaker": str, "rater": str})
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; needed is {NEEDS}") from None
    lacking = {"file", "speaker", "rater", "arousal"} - set(ratings.columns)
    if lacking:
        raise InputError(f"{path}: lacks columns {', '.join(sorted(lacking))}")
    by_clip = ratings.groupby("file")
    clips = by_clip.agg(speaker=("speaker", "first"), arousal=("arousal", "mean"))
    few = by_clip.size() < options.least_raters
    notes = [f"{int(few.sum())} clips with fewer than {options.least_raters} ratings left out"] if few.any() else []
    return Release(clips=clips[~few].rename_axis(None), group="speaker", root=data, notes=notes)
