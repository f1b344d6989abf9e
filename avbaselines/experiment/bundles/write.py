"""Models of a run as bundles: estimators without pickle, and a card with all that predicting needs."""

import hashlib
import json
import math
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import avbaselines
from avbaselines.errors import InputError
from avbaselines.experiment.bundles.card_text import render_card
from avbaselines.experiment.fitting.base import OFTEN
from avbaselines.experiment.fitting.store import MODEL, replacing
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem
from avbaselines.experiment.scoring.selection_score import oof_score

MODEL_FILE, CARD_FILE, TEXT_FILE, INDEX_FILE = "model.skops", "card.json", "CARD.md", "index.json"
LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "xgboost", "skops")


def write_models(folder, run, fitted_run, results):
    """models/<system>/: the fitted estimators, and what they read, where they come from and how they score.

    Each folder holds ``model.skops`` (target name to estimator), ``card.json`` (for programs) and
    ``CARD.md`` (for people). A fusion's card names the folders of its inputs. ``models/index.json`` names the system
    that is handed over.

    Parameters
    ----------
    folder : Path
        The run folder.
    run : ProtocolRun
    fitted_run : FittedRun
    results : pandas.DataFrame
        All rows of results.csv, for the scores on the cards.
    """
    models = Path(folder) / "models"
    shipped = {
        system.name: system
        for system in run.systems
        if system.kind == "measured" and (fitted_run.shipped, system.name) in fitted_run.keys
    }
    chosen, reason = _handed_over(run, fitted_run, results, shipped)
    digests = {}
    for name, system in shipped.items():  # each comes after its inputs, whose digests its card holds
        place = models / name
        place.mkdir(parents=True, exist_ok=True)
        with replacing(place / MODEL_FILE) as temporary:
            temporary.unlink()
            _link_or_copy(fitted_run.store.path(fitted_run.keys[fitted_run.shipped, name], MODEL), temporary)
        digests[name] = file_digest(place / MODEL_FILE)
        card = _card(system, run, fitted_run, results, digests)
        card["handed_over"] = name == chosen
        _write_text(place / CARD_FILE, json.dumps(card | {"card_sha256": card_digest(card)}, indent=1))
        _write_text(place / TEXT_FILE, render_card(card))
    if models.is_dir():
        _write_text(models / INDEX_FILE, json.dumps({"system": chosen, "reason": reason}, indent=1))
    for stale in models.iterdir() if models.is_dir() else []:
        if stale.is_dir() and stale.name not in shipped:
            shutil.rmtree(stale)


def file_digest(path):
    """sha256 of a file, in hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def card_digest(card):
    """sha256 of what a card says, ``card_sha256`` itself left out."""
    content = {key: value for key, value in card.items() if key != "card_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _handed_over(run, fitted_run, results, shipped):
    """The picked system and why; where each split has its own, the out-of-fold best of the shipped fits."""
    own = results[(results["protocol"] == run.protocol) & (results["picked"] == "yes")]
    for name in own["system"].unique():
        if name in shipped:
            named = name == run.study.systems.answer
            return name, "named by the study as its answer" if named else "picked by out-of-fold score"
    scores = {
        name: _oof_score(run, fitted_run, system)
        for name, system in shipped.items()
        if not system.transductive and not any(failed == name for _, failed in fitted_run.failures)
    }
    if not scores:
        return None, "no system without failures"
    return max(scores, key=scores.get), f"best out-of-fold score among the shipped fits (split {fitted_run.shipped})"


def _oof_score(run, fitted_run, system):
    finished = fitted_run.finished(fitted_run.shipped, system)
    return oof_score(run.corpus, fitted_run.splits[fitted_run.shipped], finished.filled(finished.oof))


def _card(system, run, fitted_run, results, digests):
    corpus, finished = run.corpus, fitted_run.finished(fitted_run.shipped, system)
    split = fitted_run.splits[fitted_run.shipped]
    return {
        "avbaselines": avbaselines.__version__,
        "libraries": {name: version(name) for name in LIBRARIES if _installed(name)},
        "system": system.name,
        "raw_name": system.raw_label,
        "learner": system.learner if isinstance(system, BaseSystem) else "",
        "task": system.task_label,
        "method": system.method if isinstance(system, FusionSystem) else "",
        "modalities": {
            name: _modality(corpus.modalities[name], split.fit)
            for name in (system.modalities if isinstance(system, BaseSystem) else ())
        },
        "inputs": _inputs(system, run, fitted_run, digests),
        "settings": system.fusion.settings if isinstance(system, FusionSystem) else {},
        "selected": finished.raw.selected,
        "recording_share": finished.raw.shares,
        "transductive": system.transductive,
        "targets": [
            {
                "name": target.name,
                "metric": target.metric,
                "classes": list(target.classes),
                "range": target.range and list(target.range),
            }
            for target in corpus.targets
        ],
        "matching": finished.matching,
        "fallback": {name: value.tolist() for name, value in finished.fallback.items()},
        "sha256": digests[system.name],
        "study": run.study.title,
        "paper": run.study.paper.title if run.study.paper else None,
        "corpus": run.study.corpus.reader,
        "protocol": run.protocol,
        "seed": run.study.seed,
        "split": fitted_run.shipped.outer,
        "learnt_from": {"clips": len(split.fit), "groups": len(set(corpus.groups[split.fit]))},
        "scores": _scores(results, run.protocol, system.name),
        "notes": corpus.notes,
    }


def _modality(modality, rows):
    return {
        "columns": list(modality.columns),
        "dropped": list(modality.info.dropped),
        "often_missing": bool(1 - modality.present[rows].mean() >= OFTEN),
        "made": json.loads(json.dumps(modality.info.described(), default=str)),
    }


def _inputs(system, run, fitted_run, digests):
    """Inputs that the shipped fit has: those that failed there are left out of it."""
    by_name = {item.name: item for item in run.systems}
    found = []
    for name in system.inputs:
        if (fitted_run.shipped, name) in fitted_run.failures:
            continue
        if isinstance(by_name[name], ExternalSystem):
            found.append({"system": name, "predictions": by_name[name].source})
        else:
            found.append({"system": name, "sha256": digests[name]})
    return found


def _scores(results, protocol, name):
    rows = results[(results["protocol"] == protocol) & (results["system"] == name) & (results["split"] == "all")]
    columns = ["target", "metric", "value", "ci_low", "ci_high", "n_clips", "n_groups", "note"]
    return [{key: _plain(value) for key, value in row.items()} for row in rows[columns].to_dict("records")]


def _plain(value):
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _installed(name):
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False


def _write_text(path, text):
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _link_or_copy(source, destination):
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)


def read_json(path):
    """A mapping from a JSON file.

    Raises
    ------
    InputError
        Where the file is missing or is no JSON mapping.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the study again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: is no card of a model; run the study again")
    return content
