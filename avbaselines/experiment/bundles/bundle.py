"""Shipped systems: loading one from a run's folder without pickle, and predicting new clips with it.

Three calls are all there is::

    from avbaselines.experiment.bundles import bundle

    system = bundle.load("runs/my-study")                      # the picked system, or load(run, "late-ridge")
    tables = system.extract({"audio": "new-recordings"})       # where recipes made its modalities
    predictions = system.predict(tables)                       # or of feature tables: {"audio": "audio.csv"}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import recordings
from avbaselines.experiment.bundles.card import CARD_FILE, INDEX_FILE, Card, CardModality, read_card, read_index
from avbaselines.experiment.bundles.inputs import NewClips, Table, gather
from avbaselines.experiment.bundles.read import TRUSTED, ShippedSystem, read_shipped
from avbaselines.experiment.bundles.recordings import Places
from avbaselines.experiment.fitting.postprocess import Postprocessing
from avbaselines.extractors.table import FeatureTable
from avbaselines.schema import nearest

__all__ = ["TRUSTED", "Bundle", "load"]


def load(run: str | Path, system: str | None = None) -> "Bundle":
    """Load a shipped system, with all that it fuses.

    Parameters
    ----------
    run
        A run's folder, or a copy of the folder ``models`` in it.
    system
        Its name on the leaderboard (of an unmatched twin too); by default the one that the run hands over.

    Raises
    ------
    InputError
        Nothing of that name, a file that is damaged, was changed after the run or was made by another version, or one
        that holds anything but the estimators of this package (in that case, too, nothing in it is executed).

    Examples
    --------
    >>> load("nowhere")
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere: no index.json of shipped models there; give the folder of a finished run
    """
    models = Path(run) / "models" if (Path(run) / "models").is_dir() else Path(run)
    if not (models / INDEX_FILE).is_file():
        raise InputError(f"{run}: no {INDEX_FILE} of shipped models there; give the folder of a finished run")
    if system is None:
        system = read_index(models).system
        if system is None:
            raise InputError(f"{run}: the run hands no system over; name one of: {', '.join(_names(models))}")
    name, matched = _folder_of(models, system)
    return Bundle(read_shipped(models, name), matched=matched)


def _names(models: Path) -> list[str]:
    return sorted(path.parent.name for path in models.glob(f"*/{CARD_FILE}"))


def _folder_of(models: Path, system: str) -> tuple[str, bool]:
    """The folder of a system, and whether its matched row is meant."""
    names = _names(models)
    if system in names:
        return system, True
    twins = {read_card(models / name).raw_name: name for name in names}
    if system in twins:
        return twins[system], False
    every = [*names, *(twin for twin in twins if twin)]
    raise InputError(f"{models}: no system {system!r}{nearest(system, every)}; shipped: {', '.join(names) or 'none'}")


class Bundle:
    """A shipped system that predicts new clips.

    Attributes
    ----------
    name : str
    targets : list of Target
    modalities : dict of str to CardModality
        Modalities that it or its inputs read: columns, and how they were made.
    predictions : list of str
        Outside systems whose predictions it fuses.
    card : Card

    Examples
    --------
    >>> card = Card(system="none", targets=[], sha256="")
    >>> Bundle(ShippedSystem(card, {}, {})).name
    'none'
    """

    def __init__(self, system: ShippedSystem, matched: bool = True):
        self._system = system
        self.card: Card = system.card
        self.targets = system.targets
        self.name = self.card.system if matched or self.card.raw_name is None else self.card.raw_name
        self.modalities: dict[str, CardModality] = {}
        for part in system.each():
            self.modalities |= part.card.modalities
        named = [entry.predictions for part in system.each() for entry in part.card.inputs]
        self.predictions = list(dict.fromkeys(name for name in named if name is not None))
        fallback = {name: np.array(values) for name, values in self.card.fallback.items()}
        self._postprocessing = Postprocessing(self.card.matchings if matched else {}, fallback, self.card.bounds)

    def extract(
        self,
        media: Mapping[str, Places] | Places,
        *,
        recipes: Mapping[str, str] | None = None,
        jobs: int = 1,
        progress: Any = None,
        **settings: Any,
    ) -> dict[str, FeatureTable]:
        """Feature tables of recordings, made as the run made its own.

        Parameters
        ----------
        media
            Recordings by modality, or for all modalities that have a recipe (each takes the files it can read).
        recipes
            Recipes of modalities that the run read from tables; they have to make the same columns.
        jobs, progress, **settings
            As for :func:`avbaselines.extractors.extract`.

        Raises
        ------
        InputError
            No recipe for a modality, no recording that it can read, or none that could be read.
        """
        return recordings.extract(self.modalities, media, recipes or {}, jobs=jobs, progress=progress, **settings)

    def predict(
        self, tables: Mapping[str, Table], clips: str | Path | pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Predict clips.

        Parameters
        ----------
        tables
            Features by modality (a DataFrame is indexed by clip id), columns in any order; modalities may be left out,
            and clips may lack any. Predictions of an outside system that the run fused go by that system's name.
        clips
            Column ``clip_id`` (or the index): the clips to predict, by default all in the tables. Columns ``group``,
            ``recording`` and ``time`` (seconds), where the system needs them.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``clip_id``. Per target a column of values, or of labels followed by a posterior per class,
            called ``<target>=<class>``. A clip without any input has the training mean or the training class shares;
            ``attrs["without_input"]`` lists the ids of these.

        Raises
        ------
        InputError
            Unknown modality, missing or unknown columns, or something the system needs was not given.
        """
        gathered = gather(self.modalities, self.predictions, self.targets, tables, clips)
        self._refuse_without_surroundings(gathered)
        with threadpool_limits(1):
            raw = self._system.raw(gathered)
        finished = self._postprocessing.filled(self._postprocessing.matched(raw))
        columns: dict[str, np.ndarray] = {}
        for target in self.targets:
            values = finished[target.name]
            if target.kind == "regression":
                columns[target.name] = values[:, 0]
                continue
            columns[target.name] = np.array(target.classes, dtype=object)[values.argmax(axis=1)]
            columns |= {f"{target.name}={label}": values[:, k] for k, label in enumerate(target.classes)}
        predictions = pd.DataFrame(columns, index=pd.Index(gathered.ids, name="clip_id"))
        predictions.attrs["without_input"] = gathered.without_input
        return predictions

    def _refuse_without_surroundings(self, clips: NewClips) -> None:
        for system in self._system.each():
            name = system.card.system
            if system.card.transductive and not system.inputs and clips.groups is None:
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
