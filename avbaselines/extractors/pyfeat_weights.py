"""The files of weights that py-feat's detectors load, and the words for what is missing."""

from typing import Literal, NamedTuple

Detector = Literal["v1", "v2"]

HUB = "https://huggingface.co"


class WeightFile(NamedTuple):
    """One file of weights on the model hub.

    Attributes
    ----------
    repository
        ``owner/name``.
    names
        The file, and older ones that py-feat takes where the hub has not got it.

    Examples
    --------
    >>> WEIGHTS["v2"][1].names
    ('face_multitask_v28.safetensors',)
    """

    repository: str
    names: tuple[str, ...]


_RETINAFACE = WeightFile("py-feat/retinaface_r34", ("model.safetensors", "retinaface_r34.safetensors"))

WEIGHTS: dict[Detector, tuple[WeightFile, ...]] = {
    "v1": (
        _RETINAFACE,
        WeightFile("py-feat/mobilefacenet", ("mobilefacenet_model_best.pth.tar",)),
        WeightFile("py-feat/xgb_au", ("xgb_au_classifier_v2.skops", "xgb_au_classifier.skops")),
        # loaded while detecting, not while constructing, and missing without an error but for poses that stay empty
        WeightFile("py-feat/pose_mlp_v2", ("pose_mlp_v2.safetensors",)),
        WeightFile("py-feat/pose_mlp_v2", ("pose_mlp_v2.json",)),
    ),
    "v2": (_RETINAFACE, WeightFile("py-feat/face_multitask_v2", ("face_multitask_v28.safetensors",))),
}

RECIPES: dict[Detector, str] = {"v1": "action-units", "v2": "action-units-v2"}
"""Shipped recipe of each detector, for commands that anyone can repeat."""


def folder_of(repository: str) -> str:
    """Folder in which the hub's client keeps a repository.

    Examples
    --------
    >>> folder_of("py-feat/xgb_au")
    'models--py-feat--xgb_au'
    """
    return f"models--{repository.replace('/', '--')}"


def folders(detector: Detector) -> list[str]:
    """Folders that hold all weights of a detector.

    Examples
    --------
    >>> folders("v2")
    ['models--py-feat--retinaface_r34', 'models--py-feat--face_multitask_v2']
    """
    return list(dict.fromkeys(folder_of(file.repository) for file in WEIGHTS[detector]))
