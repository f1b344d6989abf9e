"""Scikit-learn estimators: tuned base learners, matching of predictions and late fusion.

Every public estimator can be imported from here; its module is loaded when it is first asked for.

Examples
--------
>>> from avbaselines.estimators import ChainRegressor, RidgeRegressor
>>> ChainRegressor(RidgeRegressor())
ChainRegressor(regressor=RidgeRegressor())
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avbaselines.estimators.adapters.scikit_learn import AdaptedClassifier, AdaptedRegressor
    from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
    from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
    from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor
    from avbaselines.estimators.ensemble.fold_average import Averaged, FoldAveraged
    from avbaselines.estimators.fusion.averages import (
        BestSingleClassifier,
        BestSingleRegressor,
        GreedyFusionClassifier,
        GreedyFusionRegressor,
        MeanFusionClassifier,
        MeanFusionRegressor,
        ScoreWeightedFusionClassifier,
        ScoreWeightedFusionRegressor,
    )
    from avbaselines.estimators.fusion.joint_decoding import (
        JointGreedyFusionClassifier,
        JointGreedyFusionRegressor,
        JointMeanFusionClassifier,
        JointMeanFusionRegressor,
        JointScoreWeightedFusionClassifier,
        JointScoreWeightedFusionRegressor,
    )
    from avbaselines.estimators.fusion.learnt_weights import (
        CorrelationWeightedFusionRegressor,
        RidgeFusionClassifier,
        RidgeFusionRegressor,
    )
    from avbaselines.estimators.fusion.missing_inputs import MissingFusionClassifier, MissingFusionRegressor
    from avbaselines.estimators.fusion.stacking import MetaRegressor
    from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
    from avbaselines.estimators.linear.group_ridge import GroupRidge
    from avbaselines.estimators.linear.linear_svr import PrimalLinearSVR
    from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
    from avbaselines.estimators.multitarget.chain import ChainRegressor
    from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
    from avbaselines.estimators.preprocessing.erasure import LeaceEraser, NullspaceEraser
    from avbaselines.estimators.preprocessing.preparation import Preparation
    from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
    from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
    from avbaselines.estimators.temporal.delay import DelayedRegressor
    from avbaselines.estimators.tuned.interface import TargetModel
    from avbaselines.estimators.tuned.matching import Matcher

_NAMES = {
    "adapters.scikit_learn": (
        "AdaptedClassifier",
        "AdaptedRegressor",
    ),
    "boosting.concordance": ("BoostedConcordanceRegressor",),
    "boosting.lightgbm_models": (
        "LightGBMClassifier",
        "LightGBMRegressor",
    ),
    "boosting.xgboost_models": (
        "XGBoostClassifier",
        "XGBoostRegressor",
    ),
    "ensemble.fold_average": (
        "Averaged",
        "FoldAveraged",
    ),
    "fusion.averages": (
        "BestSingleClassifier",
        "BestSingleRegressor",
        "GreedyFusionClassifier",
        "GreedyFusionRegressor",
        "MeanFusionClassifier",
        "MeanFusionRegressor",
        "ScoreWeightedFusionClassifier",
        "ScoreWeightedFusionRegressor",
    ),
    "fusion.joint_decoding": (
        "JointGreedyFusionClassifier",
        "JointGreedyFusionRegressor",
        "JointMeanFusionClassifier",
        "JointMeanFusionRegressor",
        "JointScoreWeightedFusionClassifier",
        "JointScoreWeightedFusionRegressor",
    ),
    "fusion.learnt_weights": (
        "CorrelationWeightedFusionRegressor",
        "RidgeFusionClassifier",
        "RidgeFusionRegressor",
    ),
    "fusion.missing_inputs": (
        "MissingFusionClassifier",
        "MissingFusionRegressor",
    ),
    "fusion.stacking": ("MetaRegressor",),
    "kernel.support_vectors": (
        "KernelClassifier",
        "KernelRegressor",
    ),
    "linear.group_ridge": ("GroupRidge",),
    "linear.linear_svr": ("PrimalLinearSVR",),
    "linear.ridge": (
        "RidgeClassifier",
        "RidgeRegressor",
    ),
    "multitarget.chain": ("ChainRegressor",),
    "multitarget.joint": ("JointBoostingRegressor",),
    "preprocessing.erasure": (
        "LeaceEraser",
        "NullspaceEraser",
    ),
    "preprocessing.preparation": ("Preparation",),
    "preprocessing.preparation_options": ("PreparationOptions",),
    "preprocessing.speaker_normalizer": ("SpeakerNormalizer",),
    "temporal.delay": ("DelayedRegressor",),
    "tuned.interface": ("TargetModel",),
    "tuned.matching": ("Matcher",),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "AdaptedClassifier",
    "AdaptedRegressor",
    "Averaged",
    "BestSingleClassifier",
    "BestSingleRegressor",
    "BoostedConcordanceRegressor",
    "ChainRegressor",
    "CorrelationWeightedFusionRegressor",
    "DelayedRegressor",
    "FoldAveraged",
    "GreedyFusionClassifier",
    "GreedyFusionRegressor",
    "GroupRidge",
    "JointBoostingRegressor",
    "JointGreedyFusionClassifier",
    "JointGreedyFusionRegressor",
    "JointMeanFusionClassifier",
    "JointMeanFusionRegressor",
    "JointScoreWeightedFusionClassifier",
    "JointScoreWeightedFusionRegressor",
    "KernelClassifier",
    "KernelRegressor",
    "LeaceEraser",
    "LightGBMClassifier",
    "LightGBMRegressor",
    "Matcher",
    "MeanFusionClassifier",
    "MeanFusionRegressor",
    "MetaRegressor",
    "MissingFusionClassifier",
    "MissingFusionRegressor",
    "NullspaceEraser",
    "Preparation",
    "PreparationOptions",
    "PrimalLinearSVR",
    "RidgeClassifier",
    "RidgeFusionClassifier",
    "RidgeFusionRegressor",
    "RidgeRegressor",
    "ScoreWeightedFusionClassifier",
    "ScoreWeightedFusionRegressor",
    "SpeakerNormalizer",
    "TargetModel",
    "XGBoostClassifier",
    "XGBoostRegressor",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
