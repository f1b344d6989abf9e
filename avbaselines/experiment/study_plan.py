"""A study as it will be run: its corpus, systems and analyses under each protocol; nothing is fitted or scored."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from avbaselines.corpora.corpus import Corpus
from avbaselines.corpora.predictions import knows_training
from avbaselines.experiment.analyses.base import Source
from avbaselines.experiment.analyses.registry import ANALYSES, plan_analyses
from avbaselines.experiment.analyses.speaker_identity.analysis import SpeakerIdentity
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.run_splits import all_splits, without_lonely_stages
from avbaselines.experiment.loading.corpus import read_corpus
from avbaselines.experiment.loading.timing_checks import for_systems
from avbaselines.experiment.planning.plan import plan
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.protocol_run import HONEST, Protocol, ProtocolRun, resubstituted
from avbaselines.study import Study, under_protocol

__all__ = ["expected_fits", "prepare"]

DEFAULTS = RunOptions()


def prepare(
    study: Study,
    study_path: Path,
    data: str | Path | None,
    protocols: Sequence[Protocol],
    *,
    only: Iterable[str] = (),
    identity: bool = False,
    options: RunOptions = DEFAULTS,
) -> list[ProtocolRun]:
    """Read the corpus, and plan systems and analyses, for each protocol asked for; nothing is fitted.

    Parameters
    ----------
    study : Study
    study_path : Path
        Relative paths in the study are relative to its folder.
    data : str or Path or None
        The corpus' root.
    protocols : sequence of {"honest", "paper"}
    only : iterable of str
        Names of systems to keep.
    identity : bool
        Measure who can be told from predictions, where the study does not ask for it itself.
    options : RunOptions

    Examples
    --------
    >>> from avbaselines.catalog import find
    >>> from avbaselines.study import load_study
    >>> path = find("studies", "quickstart")
    >>> run, = prepare(load_study(path), path, None, ["honest"])  # doctest: +SKIP
    """
    runs, only = [], list(only)
    source = Source(study_path, None if data is None else Path(data))
    read: list[tuple[dict[str, Any], Corpus]] = []
    for protocol in protocols:
        changed = under_protocol(study, protocol, study_path)
        # Protocols differ in systems, as a rule: what they read is read once, and held once.
        names = changed.model_dump(exclude={"systems"})
        corpus = next((corpus for sections, corpus in read if sections == names), None)
        if corpus is None:
            corpus = read_corpus(changed, study_path, source.data, jobs=options.jobs, progress=options.progress)
            read.append((names, corpus))
        corpus = for_systems(corpus, changed)
        paper = study.protocols.paper
        resubstitution = protocol != HONEST and paper is not None and paper.resubstitution
        if resubstitution:
            corpus = resubstituted(corpus)
        changed = _fusing_what_is_known(changed, corpus)
        run = ProtocolRun(protocol, changed, corpus, plan(changed, corpus.targets, only), resubstitution)
        runs.append(without_lonely_stages(run))
    return plan_analyses(runs, source, ANALYSES, also={SpeakerIdentity.name} if identity else ())


def _fusing_what_is_known(study: Study, corpus: Corpus) -> Study:
    """The study with ``fuse = false`` for predictions without any of training clips: fusions cannot weigh these.

    What stands beside the suite's own systems then changes none of them, and no fit of theirs is done again.
    """
    known = {name: knows_training(given, corpus.splits) for name, given in corpus.predictions.items()}
    predictions = {
        name: options.model_copy(update={"fuse": options.fuse and known[name]})
        for name, options in study.predictions.items()
    }
    return study.model_copy(update={"predictions": predictions})


def expected_fits(run: ProtocolRun) -> int:
    """Fits a run takes when nothing is there yet: every system, split, inner fold and target, and the refits.

    Examples
    --------
    >>> from avbaselines.catalog import find
    >>> from avbaselines.study import load_study
    >>> path = find("studies", "quickstart")
    >>> run, = prepare(load_study(path), path, None, ["honest"])  # doctest: +SKIP
    >>> expected_fits(run)  # doctest: +SKIP
    """
    corpus = run.corpus
    base = [system for system in run.systems if isinstance(system, BaseSystem)]
    fusions = [system for system in run.systems if isinstance(system, FusionSystem)]
    trials = [system.tuning.trials if system.tuning else 1 for system in base]
    folds = sum(run.study.systems.inner_folds * number + 1 for number in trials)
    return len(all_splits(corpus)) * len(corpus.targets) * (folds + len(fusions))
