"""Shipped systems read back without pickle: files checked against their cards, types against a closed list."""

import zipfile

import numpy as np
import skops.io

import avbaselines
from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.estimators.fusion.base import FusionClassifier, FusionRegressor
from avbaselines.estimators.fusion.input_patterns import without_partial
from avbaselines.estimators.preprocessing.per_speaker import standardise_per_group
from avbaselines.estimators.temporal.recording_share import toward_recording
from avbaselines.experiment.bundles.write import CARD_FILE, MODEL_FILE, card_digest, file_digest, read_json
from avbaselines.experiment.fitting.base import predict as predict_by_target
from avbaselines.experiment.fitting.base import spread

__all__ = ["TRUSTED", "ShippedSystem", "read_shipped"]

# Types that a model file may hold beside numbers, arrays and scikit-learn's own estimators. Nothing else is read.
_OURS = {
    "boosting.binned_data": ("_LightGBMReader", "_XGBoostReader"),
    "boosting.lightgbm_models": ("LightGBMClassifier", "LightGBMRegressor"),
    "boosting.xgboost_models": ("XGBoostClassifier", "XGBoostRegressor"),
    "tuned.calibration": ("PosteriorCalibrator",),
    "multitarget.chain": ("ChainRegressor",),
    "boosting.concordance": ("BoostedConcordanceRegressor",),
    "temporal.delay": ("DelayedRegressor",),
    "ensemble.fold_average": ("Averaged", "FoldAveraged"),
    "fusion.averages": (
        *("BestSingleClassifier", "BestSingleRegressor", "GreedyFusionClassifier", "GreedyFusionRegressor"),
        *("MeanFusionClassifier", "MeanFusionRegressor"),
        *("ScoreWeightedFusionClassifier", "ScoreWeightedFusionRegressor"),
    ),
    "fusion.joint_decoding": (
        *("JointGreedyFusionClassifier", "JointGreedyFusionRegressor"),
        *("JointMeanFusionClassifier", "JointMeanFusionRegressor"),
        *("JointScoreWeightedFusionClassifier", "JointScoreWeightedFusionRegressor"),
    ),
    "fusion.missing_inputs": ("MissingFusionClassifier", "MissingFusionRegressor"),
    "fusion.learnt_weights": ("CorrelationWeightedFusionRegressor", "RidgeFusionClassifier", "RidgeFusionRegressor"),
    "multitarget.joint": ("JointBoostingRegressor",),
    "kernel.support_vectors": ("KernelClassifier", "KernelRegressor"),
    "kernel.kernel_space": ("KernelSpace",),
    "multitarget.chain_steps": ("ChainSetting", "ChainSteps", "ConstantModel", "_Step"),
    "tuned.matching": ("Matcher",),
    "fusion.stacking": ("MetaRegressor",),
    "preprocessing.preparation": ("Preparation",),
    "preprocessing.preparation_options": ("PreparationOptions",),
    "linear.ridge": ("RidgeClassifier", "RidgeRegressor"),
    "tuned.remarks": (
        *("ChosenDelays", "ChosenOrder", "ChosenStrategies", "ChosenTargetWeights", "DeviceFallback"),
        *("LandmarkApproximation", "MeanOverFolds", "NoVectorLeaves", "PrincipalDirections"),
        *("SearchedTargetWeights", "SingleTarget"),
    ),
}
TRUSTED = (
    *(f"avbaselines.estimators.{module}.{name}" for module, names in _OURS.items() for name in names),
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "sklearn.model_selection._split.PredefinedSplit",
    "xgboost.core.Booster",
)


def read_shipped(models, name, expected=None):
    """Card and estimators of a system and of its inputs.

    Parameters
    ----------
    models : Path
    name : str
    expected : str, optional
        sha256 of the model file according to the fusion that reads it.

    Returns
    -------
    ShippedSystem

    Raises
    ------
    InputError
        A file that is absent, damaged, changed, made by another version, or holds anything but our estimators.
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
        part["system"]: read_shipped(models, part["system"], part["sha256"]) if "sha256" in part else None
        for part in card["inputs"]
    }
    return ShippedSystem(card, _estimators(model, card), inputs)


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


class ShippedSystem:
    """One system's estimators; predictions as in a run before matching, NaN where it has nothing to go by.

    Parameters
    ----------
    card : dict
        Content of its ``card.json``.
    models : dict of str to estimator
        By target.
    inputs : dict of str to ShippedSystem or None
        What it fuses, None for outside systems; empty for a base system.
    """

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
            if model.needs_whole_recordings:
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
            if model.needs_whole_recordings:
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
