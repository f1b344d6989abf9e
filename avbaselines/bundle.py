"""Shipped systems: loading one from a run's folder without pickle, and predicting new clips with it.

Three calls are all there is::

    from avbaselines import bundle

    system = bundle.load("runs/my-study")                      # the picked system, or load(run, "late-ridge")
    tables = system.extract({"audio": "new-recordings"})       # where recipes made its modalities
    predictions = system.predict(tables)                       # or of feature tables: {"audio": "audio.csv"}
"""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from threadpoolctl import threadpool_limits

import avbaselines
from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.estimators.delay import DelayedRegressor
from avbaselines.estimators.fusion_base import FusionClassifier, FusionRegressor
from avbaselines.estimators.fusion_missing import without_partial
from avbaselines.estimators.meta import MetaRegressor
from avbaselines.estimators.recording_share import toward_recording
from avbaselines.estimators.speaker import standardise_per_group
from avbaselines.experiment import new_clips
from avbaselines.experiment.fit import predict as predict_by_target
from avbaselines.experiment.fit import spread
from avbaselines.experiment.shipping import CARD_FILE, INDEX_FILE, MODEL_FILE, card_digest, file_digest, read_json
from avbaselines.schema import nearest

__all__ = ["TRUSTED", "Bundle", "load"]

# Types that a model file may hold beside numbers, arrays and scikit-learn's own estimators. Nothing else is read.
_OURS = {
    "boosters": ("_LightGBMReader", "_XGBoostReader"),
    "boosting": ("LightGBMClassifier", "LightGBMRegressor"),
    "boosting_xgboost": ("XGBoostClassifier", "XGBoostRegressor"),
    "calibration": ("PosteriorCalibrator",),
    "chain": ("ChainRegressor",),
    "concordance": ("BoostedConcordanceRegressor",),
    "delay": ("DelayedRegressor",),
    "fold_average": ("Averaged", "FoldAveraged"),
    "fusion": (
        *("BestSingleClassifier", "BestSingleRegressor", "GreedyFusionClassifier", "GreedyFusionRegressor"),
        *("MeanFusionClassifier", "MeanFusionRegressor"),
        *("ScoreWeightedFusionClassifier", "ScoreWeightedFusionRegressor"),
    ),
    "fusion_joint": (
        *("JointGreedyFusionClassifier", "JointGreedyFusionRegressor"),
        *("JointMeanFusionClassifier", "JointMeanFusionRegressor"),
        *("JointScoreWeightedFusionClassifier", "JointScoreWeightedFusionRegressor"),
    ),
    "fusion_missing": ("MissingFusionClassifier", "MissingFusionRegressor"),
    "fusion_learnt": ("CorrelationWeightedFusionRegressor", "RidgeFusionClassifier", "RidgeFusionRegressor"),
    "joint": ("JointBoostingRegressor",),
    "kernel": ("KernelClassifier", "KernelRegressor", "_Space"),
    "links": ("Links", "Setting", "_Step"),
    "matching": ("Matcher",),
    "meta": ("MetaRegressor",),
    "preparation": ("Preparation",),
    "ridge": ("RidgeClassifier", "RidgeRegressor"),
}
TRUSTED = (
    *(f"avbaselines.estimators.{module}.{name}" for module, names in _OURS.items() for name in names),
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "sklearn.model_selection._split.PredefinedSplit",
    "xgboost.core.Booster",
)


def load(run, system=None):
    """Load a shipped system, with all that it fuses.

    Parameters
    ----------
    run : str or Path
        A run's folder, or a copy of the folder ``models`` in it.
    system : str, optional
        Its name on the leaderboard (of an unmatched twin too); by default the one that the run hands over.

    Returns
    -------
    Bundle

    Raises
    ------
    InputError
        Nothing of that name, a file that is damaged, was changed after the run or was made by another version, or one
        that holds anything but the estimators of this package (in that case, too, nothing in it is executed).
    """
    models = Path(run) / "models" if (Path(run) / "models").is_dir() else Path(run)
    index = models / INDEX_FILE
    if not index.is_file():
        raise InputError(f"{run}: no {INDEX_FILE} of shipped models there; give the folder of a finished run")
    if system is None:
        system = read_json(index).get("system")
        if system is None:
            raise InputError(f"{run}: the run hands no system over; name one of: {', '.join(_names(models))}")
    name, matched = _folder_of(models, system)
    return Bundle(_read(models, name), matched=matched)


def _names(models):
    return sorted(path.parent.name for path in models.glob(f"*/{CARD_FILE}"))


def _folder_of(models, system):
    """The folder of a system, and whether its matched row is meant."""
    names = _names(models)
    if system in names:
        return system, True
    twins = {read_json(models / name / CARD_FILE).get("raw_name"): name for name in names}
    if system in twins:
        return twins[system], False
    known = [*names, *filter(None, twins)]
    raise InputError(f"{models}: no system {system!r}{nearest(system, known)}; shipped: {', '.join(names) or 'none'}")


def _read(models, name, expected=None):
    """Card and estimators of a system and of its inputs.

    Parameters
    ----------
    models : Path
    name : str
    expected : str, optional
        sha256 of the model file according to the fusion that reads it.
    """
    folder = models / name
    card = read_json(folder / CARD_FILE)
    made_by = str(card.get("avbaselines"))
    if made_by.split(".")[:2] != avbaselines.__version__.split(".")[:2]:
        raise InputError(
            f"{folder}: made by avbaselines {made_by}, this is {avbaselines.__version__}; install that version "
            "(pip install avbaselines==...) or run the study again"
        )
    if card.get("card_sha256") != card_digest(card):
        raise InputError(
            f"{folder / CARD_FILE}: was changed after the run; copy the folder afresh or run the study again"
        )
    model = folder / MODEL_FILE
    if not model.is_file():
        raise InputError(f"{model}: no such file; copy the whole folder, or run the study again")
    if file_digest(model) != card["sha256"] or expected not in (None, card["sha256"]):
        raise InputError(f"{model}: is not the file its card describes; copy the folder afresh or run the study again")
    inputs = {
        part["system"]: _read(models, part["system"], part["sha256"]) if "sha256" in part else None
        for part in card["inputs"]
    }
    return _System(card, _estimators(model, card), inputs)


def _estimators(path, card):
    """Estimators by target, read by skops from types in the closed list only."""
    try:
        strange = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
        if strange:
            raise InputError(
                f"{path}: holds {strange[0]}, which no model of avbaselines does; nothing of it was loaded"
            )
        models = skops.io.load(path, trusted=list(TRUSTED))
    except InputError:
        raise
    except zipfile.BadZipFile:
        raise InputError(f"{path}: is no skops file; nothing of it was loaded") from None
    except Exception as error:  # skops and the boosters raise many kinds; each means that this file cannot be read
        libraries = ", ".join(f"{name} {number}" for name, number in card.get("libraries", {}).items())
        raise InputError(f"{path}: cannot be loaded ({error}); it was made with {libraries}") from None
    names = [target["name"] for target in card["targets"]]
    ours = all(type(model).__module__.startswith("avbaselines.estimators.") for model in _values(models))
    if not ours or set(models) != set(names):
        raise InputError(f"{path}: does not hold one estimator for each of {', '.join(names)}")
    return models


def _values(models):
    return list(models.values()) if isinstance(models, dict) else [models]


class _System:
    """One system's estimators; predictions as in a run before matching, NaN where it has nothing to go by."""

    def __init__(self, card, models, inputs):
        self.card, self.models, self.inputs = card, models, inputs
        self.targets = [
            Target(part["name"], part["metric"], tuple(part["classes"]), part["range"] and tuple(part["range"]))
            for part in card["targets"]
        ]

    def each(self):
        """This system and all below it."""
        yield self
        for system in filter(None, self.inputs.values()):
            yield from system.each()

    def raw(self, clips):
        """By target (n, width), for `NewClips`."""
        return self._fused(clips) if self.inputs else self._own(clips)

    def _own(self, clips):
        X = np.hstack([clips.features[name] for name in self.card["modalities"]])
        if self.card["transductive"]:
            X = standardise_per_group(X, clips.groups)
        present = ~np.isnan(X).all(axis=1)
        found = {}
        for model, targets in self._batches():
            known, surroundings = present, {}
            if isinstance(model, DelayedRegressor):
                # Every frame is somebody's neighbour.
                known = np.ones(len(X), bool)
                surroundings = {"recordings": clips.recordings, "times": clips.times}
            predicted = predict_by_target(model, X[known], targets, **surroundings)
            found |= {target.name: spread(predicted[target.name], known) for target in targets}
        return found

    def _batches(self):
        """Estimators with the targets each predicts: one that learnt several stands under each of their names."""
        batches = {}
        for target in self.targets:
            batches.setdefault(id(self.models[target.name]), []).append(target)
        return [(self.models[targets[0].name], targets) for targets in batches.values()]

    def _fused(self, clips):
        sources = {part["system"]: part.get("predictions") for part in self.card["inputs"]}
        everyone = {
            name: clips.predictions[sources[name]] if system is None else system.raw(clips)
            for name, system in self.inputs.items()
        }
        everything = self.card["settings"].get("targets") == "all"
        found = {}
        for model, targets in self._batches():
            surroundings = {}
            chosen = list(self.card.get("selected", {}).get(targets[0].name, everyone))
            inputs = [everyone[name] for name in chosen]
            names = [target.name for target in (self.targets if everything else targets)]
            if isinstance(model, FusionClassifier | FusionRegressor):
                own = targets[0].name
                # Jointly decoded: each input's own predictions of a target, then those of the others.
                names = [own, *(name for name in names if name != own)] if getattr(model, "others", 0) else [own]
            blocks = [values[name] for values in inputs for name in names]
            if isinstance(model, FusionClassifier):
                own = np.asarray(model.classes_, int)
                blocks = [block if number % len(names) else block[:, own] for number, block in enumerate(blocks)]
            X = np.hstack(blocks)
            if self.card["settings"].get("missing"):
                ends = np.cumsum([block.shape[1] for block in blocks])
                X = without_partial(X, np.split(np.arange(ends[-1]), ends[:-1]), self._whole(clips, chosen))
            known = ~np.isnan(X).all(axis=1)
            if isinstance(model, MetaRegressor):
                # It fills gaps itself, and every frame is somebody's context.
                known = np.ones(len(X), bool)
                surroundings = {"recordings": clips.recordings, "times": clips.times}
            predicted = predict_by_target(model, X[known], targets, **surroundings)
            found |= {target.name: spread(predicted[target.name], known) for target in targets}
        shares = self.card.get("recording_share", {})
        return {name: toward_recording(values, clips.recordings, shares.get(name)) for name, values in found.items()}

    def _whole(self, clips, chosen):
        """Whether a clip has all modalities that each chosen input reads and has not learnt to do without (n, M)."""
        lacks = {name: np.isnan(X).all(axis=1) for name, X in clips.features.items()}
        whole = np.ones((len(clips.ids), len(chosen)), bool)
        for number, system in enumerate(map(self.inputs.get, chosen)):
            for name, modality in (system.card["modalities"] if system is not None else {}).items():
                whole[:, number] &= modality["often_missing"] | ~lacks[name]
        return whole

    @property
    def needs_recordings(self):
        """Whether its predictions lean on those of the same recording."""
        return any(self.card.get("recording_share", {}).values())

    @property
    def needs_surroundings(self):
        """Whether it reads the frames around a frame, or the time within its recording."""
        around = {"context", "layout", "recording_means", "onset", "delay", "smoothing"}
        return bool(around & set(self.card["settings"]))


class Bundle:
    """A shipped system that predicts new clips.

    Attributes
    ----------
    name : str
    targets : list of Target
    modalities : dict of str to dict
        Modalities that it or its inputs read: ``columns``, and ``made`` (recipe, extractor, options, or a file name).
    predictions : list of str
        Outside systems whose predictions it fuses.
    card : dict
        Content of its ``card.json``.
    """

    def __init__(self, system, matched=True):
        self._system, self._matched = system, matched
        self.card, self.targets = system.card, system.targets
        self.name = self.card["system"] if matched else self.card["raw_name"]
        self.modalities = {}
        self.predictions = []
        for part in system.each():
            self.modalities |= part.card["modalities"]
            self.predictions += [entry["predictions"] for entry in part.card["inputs"] if "predictions" in entry]
        self.predictions = list(dict.fromkeys(self.predictions))

    def extract(self, media, *, recipes=None, jobs=1, progress=None, **settings):
        """Feature tables of recordings, made as the run made its own.

        Parameters
        ----------
        media : mapping of str to (path or list of paths), or path or list of paths
            Recordings by modality, or for all modalities that have a recipe (each takes the files it can read).
        recipes : mapping of str to str, optional
            Recipes of modalities that the run read from tables; they have to make the same columns.
        jobs, progress, **settings
            As for :func:`avbaselines.extractors.extract`.

        Returns
        -------
        dict of str to FeatureTable

        Raises
        ------
        InputError
            No recipe for a modality, no recording that it can read, or none that could be read.
        """
        return new_clips.extract(self.modalities, media, recipes or {}, jobs=jobs, progress=progress, **settings)

    def predict(self, tables, clips=None):
        """Predict clips.

        Parameters
        ----------
        tables : mapping of str to path, DataFrame or FeatureTable
            Features by modality (a DataFrame is indexed by clip id), columns in any order; modalities may be left out,
            and clips may lack any. Predictions of an outside system that the run fused go by that system's name.
        clips : path or DataFrame, optional
            Column ``clip_id`` (or the index): the clips to predict, by default all in the tables. Columns ``group``,
            ``recording`` and ``time`` (seconds), where the system needs them.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``clip_id``. Per target a column of values, or of labels followed by a posterior per class,
            called ``<target>=<class>``. A clip without any input has the training mean or the training class shares.

        Raises
        ------
        InputError
            Unknown modality, missing or unknown columns, or something the system needs was not given.
        """
        found = new_clips.gather(self.modalities, self.predictions, self.targets, tables, clips)
        self._refuse_without_surroundings(found)
        with threadpool_limits(1):
            raw = self._system.raw(found)
        columns = {}
        for target in self.targets:
            values = self._finished(target.name, raw[target.name])
            if target.kind == "regression":
                columns[target.name] = values[:, 0]
                continue
            columns[target.name] = np.array(target.classes, dtype=object)[values.argmax(axis=1)]
            columns |= {f"{target.name}={label}": values[:, k] for k, label in enumerate(target.classes)}
        return pd.DataFrame(columns, index=pd.Index(found.ids, name="clip_id"))

    def _finished(self, target, values):
        if self._matched and target in self.card["matching"]:
            factor, offset = self.card["matching"][target]
            values = offset + factor * values
        return np.where(np.isnan(values).any(axis=1, keepdims=True), self.card["fallback"][target], values)

    def _refuse_without_surroundings(self, clips):
        for system in self._system.each():
            name = system.card["system"]
            if system.card["transductive"] and not system.inputs and clips.groups is None:
                raise InputError(
                    f"{name}: transductive, it normalises by all clips of a speaker at once; give the speaker of each "
                    "clip (a clips table with the columns clip_id and group), or choose another system"
                )
            if system.needs_recordings and clips.recordings is None:
                raise InputError(
                    f"{name}: draws predictions towards those of the same recording; give a clips table with the "
                    "columns clip_id and recording, or choose another system"
                )
            if system.needs_surroundings and (clips.recordings is None or clips.times is None):
                raise InputError(
                    f"{name}: reads the frames around a frame; give a clips table with the columns clip_id, recording "
                    "and time (seconds), or choose another system"
                )
