"""Shipped files are read as they were written, by the same version, and nothing is executed that was smuggled in."""

import json
import operator
import os
import pickle
import shutil

import pytest
import skops.io

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.bundles import card as cards
from avbaselines.experiment.bundles.card import sign
from avbaselines.experiment.fitting.store import file_digest


def resign(folder):
    """Make card and model agree again, as somebody who means harm would."""
    card = json.loads((folder / "card.json").read_text())
    card["sha256"] = file_digest(folder / "model.skops")
    card["card_sha256"] = sign(card)
    (folder / "card.json").write_text(json.dumps(card))


class Harm:
    """Runs a command when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("crafted", ["pickle", "reduce", "function", "method", "foreign"])
def test_crafted_models_run_no_code(copy, tmp_path, crafted):
    folder, touched = copy / "ridge-face", tmp_path / "touched"
    model = folder / "model.skops"
    if crafted == "pickle":
        model.write_bytes(pickle.dumps({"arousal": Harm(touched)}))
    elif crafted == "foreign":
        from sklearn.linear_model import LinearRegression

        skops.io.dump(dict.fromkeys(["arousal", "valence", "mood"], LinearRegression()), model)
    else:
        smuggled = {
            "reduce": Harm(touched),
            "function": os.system,
            "method": operator.methodcaller("system", f"touch {touched}"),
        }
        models = skops.io.load(model, trusted=list(bundle.TRUSTED))
        models["arousal"].cv = smuggled[crafted]
        skops.io.dump(models, model)
    resign(folder)
    with pytest.raises(
        InputError, match="no skops file|which no model of avbaselines does|does not hold one estimator"
    ):
        bundle.load(copy, "ridge-face")
    assert not touched.exists()


def test_a_changed_file_or_card_is_named(copy):
    model = copy / "ridge-face" / "model.skops"
    content = model.read_bytes()
    model.write_bytes(content[:-30] + b"x" + content[-29:])
    with pytest.raises(InputError, match="ridge-face/model.skops: is not the file its card describes"):
        bundle.load(copy, "late-greedy")  # by a fusion that reads it
    model.write_bytes(content)
    other = copy / "lightgbm-face" / "card.json"
    card = json.loads(other.read_text())
    card["fallback"]["arousal"] = [5.0]
    other.write_text(json.dumps(card))
    with pytest.raises(InputError, match="lightgbm-face/card.json: was changed after the run"):
        bundle.load(copy, "lightgbm-face")


def test_a_model_put_in_another_ones_place_is_named(copy):
    shutil.rmtree(copy / "ridge-face")
    shutil.copytree(copy / "lightgbm-face", copy / "ridge-face")
    with pytest.raises(InputError, match="is not the file its card describes"):
        bundle.load(copy, "late-greedy")


def test_another_version_is_named(copy, monkeypatch):
    monkeypatch.setattr(cards, "__version__", "0.2.7")
    bundle.load(copy, "ridge-face")
    monkeypatch.setattr(cards, "__version__", "0.3.0")
    with pytest.raises(InputError, match=r"made by avbaselines 0\.2\.0, this is 0\.3\.0"):
        bundle.load(copy, "ridge-face")
