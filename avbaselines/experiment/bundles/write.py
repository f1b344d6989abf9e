"""Models of a run as bundles: estimators without pickle, and a card with all that predicting needs."""

import json
import math
import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Modality
from avbaselines.experiment.bundles.card import (
    CARD_FILE,
    INDEX_FILE,
    SIGNATURE,
    Card,
    CardInput,
    CardModality,
    CardScore,
    CardSettings,
    CardTarget,
    Extent,
    Index,
    Made,
    sign,
)
from avbaselines.experiment.bundles.card_text import render_card
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.fusion import OFTEN
from avbaselines.experiment.fitting.store import MODEL, file_digest, replacing
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem, System
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.picking import is_blend
from avbaselines.experiment.scoring.selection_score import oof_score

BLENDED = "the mean of its fusions, which studies hand over by default"
MODEL_FILE, TEXT_FILE = "model.skops", "CARD.md"
LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "xgboost", "skops")


def write_models(folder: str | Path, run: ProtocolRun, fitted_run: FittedRun, results: pd.DataFrame) -> None:
    """models/<system>/: the fitted estimators, and what they read, where they come from and how they score.

    Each folder holds ``model.skops`` (target name to estimator), ``card.json`` (for programs) and
    ``CARD.md`` (for people). A fusion's card names the folders of its inputs. ``models/index.json`` names the system
    that is handed over.

    Parameters
    ----------
    folder
        The run folder.
    run
    fitted_run
    results
        All rows of results.csv, for the scores on the cards.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> nothing = SimpleNamespace(systems=[], protocol="honest")
    >>> results = pd.DataFrame(columns=["protocol", "picked", "system"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_models(folder, nothing, SimpleNamespace(failures={}), results)
    ...     list(Path(folder).iterdir())
    []
    """
    models = Path(folder) / "models"
    shipped = {
        system.name: system
        for system in run.systems
        if system.kind == "measured" and (fitted_run.shipped, system.name) in fitted_run.keys
    }
    chosen, reason = _handed_over(run, fitted_run, results, shipped)
    digests: dict[str, str] = {}
    for name, system in shipped.items():  # each comes after its inputs, whose digests its card holds
        place = models / name
        place.mkdir(parents=True, exist_ok=True)
        with replacing(place / MODEL_FILE) as temporary:
            temporary.unlink()
            _link_or_copy(fitted_run.store.path(fitted_run.keys[fitted_run.shipped, name], MODEL), temporary)
        digests[name] = file_digest(place / MODEL_FILE)
        card = _card(system, run, fitted_run, results, digests, handed_over=name == chosen)
        _write_text(place / CARD_FILE, json.dumps(card.content | {SIGNATURE: sign(card.content)}, indent=1))
        _write_text(place / TEXT_FILE, render_card(card))
    if models.is_dir():
        _write_text(models / INDEX_FILE, Index(system=chosen, reason=reason).model_dump_json(indent=1))
    for stale in models.iterdir() if models.is_dir() else []:
        if stale.is_dir() and stale.name not in shipped:
            shutil.rmtree(stale)


def models_content(run: ProtocolRun, results: pd.DataFrame, scored: list[Any] | None) -> list[Any] | None:
    """What `write_models` writes depends on beside the code; None where `scored`, what the rows are, is not known.

    Examples
    --------
    >>> models_content(None, pd.DataFrame(), None) is None
    True
    """
    if scored is None:
        return None
    study, corpus = run.study, run.corpus
    of_study = [study.title, study.paper.title if study.paper else None, study.corpus.reader, study.seed]
    described = {
        name: [list(modality.columns), list(modality.info.dropped), modality.info.described()]
        for name, modality in corpus.modalities.items()
    }
    shown = results[["protocol", "picked", "system", "split", *CardScore.model_fields]]
    libraries = {name: version(name) for name in LIBRARIES if _installed(name)}
    return [*scored, of_study, study.systems.answer, corpus.notes, described, libraries, shown.to_csv(index=False)]


def _handed_over(
    run: ProtocolRun, fitted_run: FittedRun, results: pd.DataFrame, shipped: Mapping[str, System]
) -> tuple[str | None, str]:
    """The picked system and why; where each split has its own, the out-of-fold best of the shipped fits."""
    own = results[(results["protocol"] == run.protocol) & (results["picked"] == "yes")]
    for name in own["system"].unique():
        if name in shipped:
            if name == run.study.systems.answer:
                return name, "named by the study as its answer"
            blended = run.study.systems.pick == "blend" and is_blend(shipped[name])
            return name, BLENDED if blended else "picked by out-of-fold score"
    scores = {
        name: _oof_score(run, fitted_run, system)
        for name, system in shipped.items()
        if system.pickable and not any(failed == name for _, failed in fitted_run.failures)
    }
    if not scores:
        return None, "no system without failures"
    if run.study.systems.pick == "blend":
        scores = {name: value for name, value in scores.items() if is_blend(shipped[name])} or scores
    reason = f"best out-of-fold score among the shipped fits (split {fitted_run.shipped})"
    return max(scores, key=lambda name: scores[name]), reason


def _oof_score(run: ProtocolRun, fitted_run: FittedRun, system: System) -> float:
    finished = fitted_run.finished(fitted_run.shipped, system)
    return oof_score(run.corpus, fitted_run.splits[fitted_run.shipped], finished.filled(finished.oof))


def _card(
    system: System,
    run: ProtocolRun,
    fitted_run: FittedRun,
    results: pd.DataFrame,
    digests: Mapping[str, str],
    handed_over: bool,
) -> Card:
    corpus, finished = run.corpus, fitted_run.finished(fitted_run.shipped, system)
    rows = fitted_run.splits[fitted_run.shipped].fit
    base = system if isinstance(system, BaseSystem) else None
    fusion = system if isinstance(system, FusionSystem) else None
    return Card(
        libraries={name: version(name) for name in LIBRARIES if _installed(name)},
        system=system.name,
        raw_name=system.raw_label,
        learner=base.learner if base else "",
        task=system.task_label,
        method=fusion.method if fusion else "",
        modalities={
            name: _modality(corpus.modalities[name], rows) for name in (base.modalities if base else ())
        },
        inputs=_inputs(system, run, fitted_run, digests),
        settings=CardSettings.model_validate(fusion.fusion.settings) if fusion else CardSettings(),
        selected=finished.raw.selected,
        recording_share=finished.raw.shares,
        transductive=system.transductive,
        targets=[
            CardTarget(name=target.name, metric=target.metric, classes=target.classes, range=target.range)
            for target in corpus.targets
        ],
        matching=finished.matching,
        bounds=dict(finished.bounds),
        fallback={name: value.tolist() for name, value in finished.fallback.items()},
        sha256=digests[system.name],
        study=run.study.title,
        paper=run.study.paper.title if run.study.paper else None,
        corpus=run.study.corpus.reader,
        protocol=run.protocol,
        seed=run.study.seed,
        split=fitted_run.shipped.outer,
        learnt_from=Extent(clips=len(rows), groups=len(set(corpus.groups[rows]))),
        scores=_scores(results, run.protocol, system.name),
        notes=corpus.notes,
        handed_over=handed_over,
    )


def _modality(modality: Modality, rows: np.ndarray) -> CardModality:
    described = json.loads(json.dumps(modality.info.described(), default=str))
    return CardModality(
        columns=list(modality.columns),
        dropped=list(modality.info.dropped),
        often_missing=bool(1 - modality.present[rows].mean() >= OFTEN),
        made=Made(**described),
    )


def _inputs(
    system: System, run: ProtocolRun, fitted_run: FittedRun, digests: Mapping[str, str]
) -> list[CardInput]:
    """Inputs that the shipped fit has: those that failed there are left out of it."""
    by_name = {item.name: item for item in run.systems}
    inputs = []
    for name in system.inputs:
        if (fitted_run.shipped, name) in fitted_run.failures:
            continue
        part = by_name[name]
        if isinstance(part, ExternalSystem):
            inputs.append(CardInput(system=name, predictions=part.source))
        else:
            inputs.append(CardInput(system=name, sha256=digests[name]))
    return inputs


def _scores(results: pd.DataFrame, protocol: str, name: str) -> list[CardScore]:
    rows = results[(results["protocol"] == protocol) & (results["system"] == name) & (results["split"] == "all")]
    columns = list(CardScore.model_fields)
    return [
        CardScore(**{key: _plain(value) for key, value in row.items()}) for row in rows[columns].to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def _link_or_copy(source: Path, destination: Path) -> None:
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)
