"""Types that a model file may hold beside numbers, arrays and scikit-learn's own estimators; nothing else is read."""

from avbaselines.experiment.planning.learners import ESTIMATORS, estimator_places
from avbaselines.experiment.planning.outside_learners import plugin_classes

__all__ = ["TRUSTED", "untrusted"]

# What estimators that are named in the registry wrap, or keep as attributes.
_PARTS = {
    "adapters.scikit_learn": ("AdaptedClassifier", "AdaptedRegressor"),
    "boosting.binned_data": ("_LightGBMReader", "_XGBoostReader"),
    "tuned.calibration": ("PosteriorCalibrator",),
    "temporal.delay": ("DelayedRegressor",),
    "ensemble.fold_average": ("Averaged", "FoldAveraged"),
    "kernel.kernel_space": ("KernelSpace",),
    "kernel.kernel_sum": ("KernelSum",),
    "multitarget.chain_steps": ("ChainSetting", "ChainSteps", "ConstantModel", "_Step"),
    "tuned.matching": ("Matcher",),
    "fusion.stacking": ("MetaRegressor",),
    "preprocessing.preparation": ("Preparation",),
    "preprocessing.preparation_options": ("PreparationOptions",),
    "tuned.remarks": (
        *("ChosenByFrames", "ChosenDelays", "ChosenOrder", "ChosenStrategies", "ChosenTargetWeights"),
        "DeviceFallback",
        *("LandmarkApproximation", "MeanOverFolds", "NoVectorLeaves", "PrincipalDirections"),
        *("SearchedTargetWeights", "SingleTarget"),
    ),
}
TRUSTED = (
    *(f"{ESTIMATORS}.{place}" for place in estimator_places()),
    *(f"{ESTIMATORS}.{module}.{name}" for module, names in _PARTS.items() for name in names),
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "sklearn.model_selection._split.PredefinedSplit",
    "xgboost.core.Booster",
)


def untrusted(types: list[str]) -> list[str]:
    """Of the types in a model file that skops does not know, those that are neither ours nor an installed plug-in's.

    Examples
    --------
    >>> untrusted(["avbaselines.estimators.linear.ridge.RidgeRegressor", "posix.system"])
    ['posix.system']
    """
    strange = sorted(set(types) - set(TRUSTED))
    return [name for name in strange if name not in plugin_classes()] if strange else []
