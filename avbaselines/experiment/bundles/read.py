"""Shipped systems read back without pickle: files checked against their cards, types against a closed list."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.experiment.bundles.card import Card, read_card
from avbaselines.experiment.bundles.inputs import NewClips
from avbaselines.experiment.bundles.model_file import check_archive, check_parts
from avbaselines.experiment.bundles.plain_files import MOST_MODEL, check_plain_file
from avbaselines.experiment.bundles.write import MODEL_FILE
from avbaselines.experiment.fitting.clip_context import ClipContext
from avbaselines.experiment.fitting.fitted_system import FittedBase, FittedFusion
from avbaselines.experiment.fitting.predictions import Predictions
from avbaselines.experiment.fitting.store import file_digest
from avbaselines.experiment.planning.shipped_types import TRUSTED, untrusted

__all__ = ["TRUSTED", "ShippedSystem", "read_shipped"]

def read_shipped(models: Path, name: str, expected: str | None = None) -> "ShippedSystem":
    """Card and estimators of a system and of its inputs.

    Parameters
    ----------
    models
        Folder of all shipped systems.
    name
    expected
        sha256 of the model file according to the fusion that reads it.

    Raises
    ------
    InputError
        A file that is absent, damaged, changed, made by another version, or holds anything but our estimators.

    Examples
    --------
    >>> read_shipped(Path("nowhere"), "late-mean")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere/late-mean/card.json: cannot be read...
    """
    return _read(models, name, expected, {}, ())


def _read(
    models: Path, name: str, expected: str | None, known: "dict[str, ShippedSystem]", above: tuple[str, ...]
) -> "ShippedSystem":
    """A system and what it fuses, each read once; `above` are those that fuse it."""
    if name in above:
        raise InputError(f"{models / name}: fuses itself, by way of {' and '.join(above[above.index(name) :])}")
    folder = models / name
    if name not in known:
        card, model = read_card(folder), folder / MODEL_FILE
        check_plain_file(model, MOST_MODEL)
        if file_digest(model) != card.sha256 or expected not in (None, card.sha256):
            raise _changed(model)
        if card.system != name:
            raise InputError(f"{folder}: holds the card of {card.system!r}; copy the folder afresh")
        lacking = [target.name for target in card.targets if target.name not in card.fallback]
        if lacking:
            raise InputError(f"{folder}: its card has no fallback.{lacking[0]}; copy the folder afresh")
        inputs = {
            part.system: None if part.sha256 is None else _read(models, part.system, part.sha256, known, (*above, name))
            for part in card.inputs
        }
        known[name] = ShippedSystem(card, _estimators(model, card), inputs)
    if expected not in (None, known[name].card.sha256):
        raise _changed(folder / MODEL_FILE)
    return known[name]


def _changed(model: Path) -> InputError:
    return InputError(f"{model}: is not the file its card describes; copy the folder afresh or run the study again")


def _estimators(path: Path, card: Card) -> dict[str, TargetModel]:
    """Estimators by target, read by skops from types in the closed list only."""
    import skops.io  # it lists every estimator of scikit-learn, which takes a second

    if not path.stat().st_size:
        raise InputError(f"{path}: is empty: the run could not write this model; its note in results.csv says why")
    try:
        check_archive(path)
        unknown = skops.io.get_untrusted_types(file=path)
        strange = untrusted(unknown)
        if strange:
            raise InputError(
                f"{path}: holds {strange[0]}, which no model of avbaselines does; nothing of it was loaded"
            )
        check_parts(path)
    except InputError:
        raise
    except zipfile.BadZipFile:
        raise InputError(f"{path}: is no skops file; nothing of it was loaded") from None
    except Exception as error:  # zip, JSON, numpy and skops raise many kinds; each means that it was tampered with
        raise InputError(f"{path}: {error or type(error).__name__}; nothing of it was loaded") from None
    try:
        models = skops.io.load(path, trusted=[*TRUSTED, *unknown])
    except Exception as error:  # skops and the boosters raise many kinds; each means that this file cannot be read
        libraries = ", ".join(f"{name} {number}" for name, number in card.libraries.items())
        raise InputError(f"{path}: cannot be loaded ({error}); it was made with {libraries}") from None
    names = [target.name for target in card.targets]
    held = list(models.values()) if isinstance(models, dict) else [models]
    ours = all(isinstance(model, TargetModel) for model in held)
    if not ours or set(models) != set(names):
        raise InputError(f"{path}: does not hold one estimator for each of {', '.join(names)}")
    return models


class ShippedSystem:
    """One system's estimators; predictions as in a run before matching, NaN where it has nothing to go by.

    Parameters
    ----------
    card
    models
        By target.
    inputs
        What it fuses, None for outside systems; empty for a base system.

    Examples
    --------
    >>> system = ShippedSystem(Card(system="none", targets=[], sha256=""), {}, {})
    >>> [part.card.system for part in system.each()], system.needs_recordings
    (['none'], False)
    """

    def __init__(self, card: Card, models: dict[str, TargetModel], inputs: "dict[str, ShippedSystem | None]"):
        self.card, self.inputs = card, inputs
        self.targets = [part.target for part in card.targets]
        self._models = models

    def each(self) -> "Iterator[ShippedSystem]":
        """This system and all below it."""
        yield self
        for system in self.inputs.values():
            if system is not None:
                yield from system.each()

    def raw(self, clips: NewClips) -> Predictions:
        """Predictions of new clips before matching, by target, shape (n, width)."""
        if not self.inputs:
            system = FittedBase(self.targets, self._models, self.card.transductive, bounds=self.card.bounds)
            return self._said(system, [clips.features[name] for name in self.card.modalities], clips.context)
        parts = [
            clips.predictions[str(part.predictions)] if system is None else system.raw(clips)
            for part, system in zip(self.card.inputs, self.inputs.values(), strict=True)
        ]
        return self._said(self._fusion(), parts, clips.context)

    def _said(self, system: FittedBase | FittedFusion, parts: list[Any], context: ClipContext) -> Predictions:
        """Predictions of estimators that somebody may have crafted: what they raise is said of them."""
        try:
            return system.predict(parts, context)
        except InputError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise InputError(f"{self.card.system}: its model cannot predict these clips ({what})") from error

    def _fusion(self) -> FittedFusion:
        card, names = self.card, list(self.inputs)
        return FittedFusion(
            self.targets,
            self._models,
            reads_all=card.settings.targets == "all",
            chosen={target: [names.index(name) for name in own] for target, own in card.selected.items()},
            shares=card.recording_share,
            needs=[_needs(system) for system in self.inputs.values()] if card.settings.missing else None,
            bounds=card.bounds,
        )

    @property
    def needs_recordings(self) -> bool:
        """Whether its predictions lean on those of the same recording."""
        return any(self.card.recording_share.values())

    @property
    def needs_surroundings(self) -> bool:
        """Whether it reads the frames around a frame, or the time within its recording."""
        moved = not self.inputs and any(model.needs_whole_recordings for model in self._models.values())
        return moved or self.card.settings.reads_surroundings


def _needs(system: ShippedSystem | None) -> tuple[str, ...]:
    """Modalities that an input reads and has not learnt to do without."""
    modalities = {} if system is None else system.card.modalities
    return tuple(name for name, modality in modalities.items() if not modality.often_missing)
