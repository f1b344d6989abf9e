"""Small bundles with every kind of estimator, and the ways to change and reseal them as somebody with intent would."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io

from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor
from avbaselines.estimators.fusion.averages import MeanFusionRegressor
from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.bundles.card import Card, sign
from avbaselines.experiment.bundles.card_parts import CardInput, CardModality, CardTarget, Made
from avbaselines.experiment.bundles.write import file_digest

COLUMNS = ["a", "b", "c", "d"]
FEW = {"rounds": (4, 8), "cv": 3}


def _data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X, groups = rng.normal(size=(60, 4)).astype(np.float32), np.repeat(np.arange(10), 6)
    y = X[:, 0] + 0.5 * X[:, 1] ** 2 + 0.2 * rng.normal(size=60)
    return X, y, np.digitize(X[:, 2], [-0.4, 0.4]).astype(float), groups


def write_bundles(folder: Path) -> Path:
    """Bundles ridge; lightgbm and its moods; xgboost, its feelings, and joint with vector leaves; mean, a fusion."""
    X, y, mood, groups = _data()
    arousal = CardTarget(name="arousal", metric="ccc", classes=(), range=None)
    classes = CardTarget(name="mood", metric="uar", classes=("glad", "mad", "sad"), range=None)
    valence = CardTarget(name="valence", metric="ccc", classes=(), range=None)
    joint = JointBoostingRegressor(rounds=8, cv=3).fit(X, np.column_stack([y, X[:, 3]]), groups=groups)
    fitted: dict[str, tuple[list[CardTarget], dict[str, Any]]] = {
        "ridge": ([arousal], {"arousal": RidgeRegressor(cv=3).fit(X, y, groups=groups)}),
        "lightgbm": ([arousal], {"arousal": LightGBMRegressor(**FEW).fit(X, y, groups=groups)}),
        "moods": ([classes], {"mood": LightGBMClassifier(**FEW).fit(X, mood, groups=groups)}),
        "xgboost": ([arousal], {"arousal": XGBoostRegressor(**FEW).fit(X, y, groups=groups)}),
        "feelings": ([classes], {"mood": XGBoostClassifier(**FEW).fit(X, mood, groups=groups)}),
        "joint": ([arousal, valence], {"arousal": joint, "valence": joint}),
    }
    for name, (targets, models) in fitted.items():
        face = CardModality(columns=COLUMNS, dropped=[], often_missing=False, made=Made(path="face.csv"))
        fallback = {target.name: [0.5] * target.target.width for target in targets}
        card = Card(system=name, targets=targets, modalities={"face": face}, fallback=fallback, sha256="")
        _write(folder / name, card, models)
    fused = ("ridge", "lightgbm")
    inputs = [CardInput(system=name, sha256=file_digest(folder / name / "model.skops")) for name in fused]
    mean = MeanFusionRegressor(blocks=["ridge", "lightgbm"]).fit(np.column_stack([y, y]), y, groups=groups)
    about = {"selected": {"arousal": list(fused)}, "fallback": {"arousal": [0.5]}}
    card = Card(system="mean", targets=[arousal], inputs=inputs, sha256="", **about)
    _write(folder / "mean", card, {"arousal": mean})
    (folder / "index.json").write_text('{"system": "mean"}')
    return folder


def _write(folder: Path, card: Card, models: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    skops.io.dump(models, folder / "model.skops")
    (folder / "card.json").write_text(json.dumps(card.content))
    reseal(folder)


def reseal(folder: Path, /, **changes: Any) -> None:
    """Change keys of a card, and make card and model file agree again."""
    card = json.loads((folder / "card.json").read_text()) | changes
    card.pop("card_sha256", None)
    card["sha256"] = changes.get("sha256", file_digest(folder / "model.skops"))
    (folder / "card.json").write_text(json.dumps(card | {"card_sha256": sign(card)}))


def rewrite(folder: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Change members of a model file (None takes one out), and reseal."""
    path = folder / "model.skops"
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: archive.read(member) for member in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)
    reseal(folder)


def predict(models: Path, name: str | None) -> pd.DataFrame:
    """Load a system and predict clips with ordinary, extreme and missing features."""
    X = np.vstack([_data()[0][:20], np.full((1, 4), np.nan), np.full((1, 4), 1e30), np.full((1, 4), -1e30)])
    face = pd.DataFrame(X, index=[f"c{number}" for number in range(len(X))], columns=COLUMNS)
    return bundle.load(models, name).predict({"face": face})
