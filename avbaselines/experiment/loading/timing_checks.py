"""Whether a study's corpus has the recordings and times that its systems ask for; told before anything is fitted."""

from dataclasses import replace

import numpy as np

from avbaselines.corpora.corpus import Corpus
from avbaselines.errors import InputError
from avbaselines.estimators.temporal.context import check_order, in_frames
from avbaselines.study import Study


def for_systems(corpus: Corpus, study: Study) -> Corpus:
    """The corpus with what is to be said of it where a study's systems read it.

    Raises
    ------
    InputError
        It lacks the recordings or times that a system asks for.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> ids = np.array(["c0", "c1"])
    >>> corpus = Corpus(ids, ids, [], {}, splits=[], once=True, notes=["made up"])
    >>> for_systems(corpus, load_study("quickstart")).notes
    ['made up']
    """
    notes = [*corpus.notes, *check_delays(study, corpus), *frame_order_notes(study, corpus)]
    check_recording_shares(study, corpus)
    return replace(corpus, notes=notes)


def check_recording_shares(study: Study, corpus: Corpus) -> None:
    """Refuse fusions drawn to their recordings where there are none.

    Raises
    ------
    InputError
        Naming the fusion.
    """
    asked = [stage.name for stage in study.systems.fusion if stage.recording_share]
    if asked and corpus.recordings is None:
        raise InputError(
            f"systems.fusion {asked[0]!r}: recording_share needs the recording of each clip; name its column by "
            "corpus.recording, or leave recording_share out"
        )


def check_delays(study: Study, corpus: Corpus) -> list[str]:
    """Refuse delay or smoothing where they cannot be, and say where they come to nothing.

    Parameters
    ----------
    study : Study
    corpus : Corpus

    Returns
    -------
    list of str
        A note where every length tried is below half of a step.

    Raises
    ------
    InputError
        No recordings or times, nothing to fit, class targets, frames that are out of order or unevenly spaced, or a
        recording no longer than the longest delay.
    """
    timing = study.systems.timing
    if not timing:
        return []
    asked = [name for name, seconds in timing.items() if any(seconds)] or list(timing)
    key = f"systems.{asked[0]}"
    if corpus.recordings is None or corpus.times is None:
        raise InputError(
            f"{key}: is for corpora continuous in time; name the columns that hold recording and time (seconds) by "
            f"corpus.recording and corpus.time, or leave {' and '.join(asked)} out"
        )
    if not corpus.modalities:
        raise InputError(f"{key}: is for systems fitted to features, and this study has no [modalities]; leave it out")
    for target in corpus.targets:
        if target.kind == "classes":
            raise InputError(f"{key}: is for regressed targets, and {target.name} has classes; leave one of them out")
    try:
        hop = check_order(corpus.recordings, corpus.times)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
    names, counts = np.unique(corpus.recordings, return_counts=True)
    shortest, longest = counts.argmin(), max(study.systems.delay)
    if hop is None or counts[shortest] <= in_frames(longest, hop):
        lasts = "has one frame" if hop is None else f"lasts {counts[shortest] * hop:g} s"
        raise InputError(
            f"{key}: recording {str(names[shortest])!r} {lasts}, and a delay of {longest:g} s leaves no label of it; "
            "leave out delays that long, or the recording"
        )
    return [
        f"systems.{name}: all that is tried (up to {max(timing[name]):g} s) is below half of a step of corpus.time "
        f"({hop:g} s): is the time in seconds?"
        for name in asked
        if any(timing[name]) and all(in_frames(seconds, hop) == 0 for seconds in timing[name])
    ]


def frame_order_notes(study: Study, corpus: Corpus) -> list[str]:
    """A note where fusions go by neighbouring frames and nothing but their ids says which these are.

    Returns
    -------
    list of str
    """
    asked = [stage.name for stage in study.systems.fusion if stage.context != [0]]
    if not asked or corpus.recordings is None or corpus.times is not None:
        return []
    return [
        f"{asked[0]}: its context takes the frames of a recording in the order of their ids; corpus.time names a "
        "column that tells their order"
    ]
