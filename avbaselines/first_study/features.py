"""Modalities of a first study: tables joined to the clips by id, texts, and recipes for media."""

import math
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.corpora.feature_tables import read_features
from avbaselines.corpora.id_matching import match_ids
from avbaselines.corpora.tables import column_names
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.extractors.media import find_media
from avbaselines.extractors.recipe import load_recipe
from avbaselines.first_study.draft import Draft
from avbaselines.first_study.folder import Contents
from avbaselines.first_study.words import ID, OUTPUTS, words_of

USUAL_MISSING = 0.5
"""Share of clips that a modality may lack unless the study says more."""
WINDOW, HOP = 4.0, 0.4
SPOKEN = 3
"""Mean number of words from which on a column of texts is what was said."""
READERS_OF_FACES = (("openface", "_r"), ("action-units", ""))


class Wanted(NamedTuple):
    """Clips that features are looked for.

    Parameters
    ----------
    ids : ndarray of str, shape (n_clips,)
    recordings : ndarray of str, shape (n_clips,), or None
        Of a corpus continuous in time.
    clip_of : callable, optional
        Clip of a media file's stem, where the corpus names its files otherwise.
    """

    ids: np.ndarray
    recordings: np.ndarray | None = None
    clip_of: Callable[[str], str | None] | None = None

    @property
    def files(self) -> list[str]:
        """What media are named after: recordings, or clips.

        Examples
        --------
        >>> Wanted(np.array(["a@0", "a@1"]), np.array(["a", "a"])).files
        ['a']
        """
        return [str(name) for name in dict.fromkeys(self.ids if self.recordings is None else self.recordings)]


def add_tables(draft: Draft, found: Contents, tables: list[Path], clips: Wanted, labels: set[str]) -> None:
    """Add the tables that hold features of the clips, and say why others do not.

    Parameters
    ----------
    draft : Draft
    found : Contents
    tables : list of Path
        All but the clips table.
    clips : Wanted
    labels : set of str
        Columns of the clips table that are targets.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()).resolve()
    >>> _ = (folder / "face.csv").write_text("clip_id,AU01\\na,0.5\\n")
    >>> draft, found = Draft("Mine"), Contents(folder)
    >>> add_tables(draft, found, [folder / "face.csv"], Wanted(np.array(["a", "b"])), set())
    >>> draft.value("modalities", "face"), draft.entries[0].why
    ('${data}/face.csv', '1 features; 1 of 2 clips are in it')
    """
    names: set[str] = set()
    for path in tables:
        place = found.name(path)
        name = _name_of(path, names)
        try:
            named = set() if path.suffix.lower() == ".npz" else set(column_names(path))
            id_name = _id_of(path, named, clips.ids)
            if named & labels:
                shown = ", ".join(sorted(named & labels))
                why = f"holds {shown}, too; if these are predictions for speakers unseen, take away the #"
                draft.add("predictions", name, place, why, active=False)
                continue
            features = read_features(path, f"modalities.{name}", id_name)
            rows = match_ids(clips.ids, features.ids, str(path)).rows
        except InputError as error:
            draft.ask("modalities", f"{place} is not read: {_without_root(str(error), found)}")
            continue
        joined = int((rows >= 0).sum())
        if not joined:
            shown = f"its ids (such as {str(features.ids[0])!r}) are of no clip ({str(clips.ids[0])!r})"
            draft.ask("modalities", f"{place} is not taken: {shown}")
            continue
        names.add(name)
        steps = f", {features.X.shape[1]} steps each, summarised" if features.X.ndim == 3 else ""
        why = f"{features.X.shape[-1]} features{steps}; {joined} of {len(rows)} clips are in it"
        options: dict = {"path": place} if id_name == ID[0] else {"path": place, "id": id_name}
        _add(draft, name, options, 1 - joined / len(rows), why, outputs=bool(set(words_of(path.stem)) & OUTPUTS))


def _add(draft: Draft, name: str, options: dict, missing: float, why: str, *, outputs: bool = False) -> None:
    """Add a modality; one that more clips lack than usual says so."""
    if missing > USUAL_MISSING:
        options = options | {"max_missing": min(1.0, math.ceil(20 * missing) / 20)}
        why += "; max_missing lets the others go without"
    if outputs:
        why += "; another system's outputs by its name: take away the # only if it has not seen the test speakers"
    draft.add("modalities", name, options["path"] if list(options) == ["path"] else options, why, active=not outputs)


def _name_of(path: Path, names: set[str]) -> str:
    name = path.name.split(".")[0] or "features"
    return name if name not in names else f"{path.parent.name}-{name}"


def _without_root(text: str, found: Contents) -> str:
    return text.replace(f"{found.root}/", "")


def _id_of(path: Path, columns: set[str], ids: np.ndarray) -> str:
    """The column of a table that holds ids of the clips, by name."""
    named = {column.lower(): column for column in columns}
    return next((named[name] for name in ID if name in named), ID[0])


def add_texts(draft: Draft, place: str, id_name: str, clips: pd.DataFrame, taken: set[str]) -> None:
    """Add the first column of the clips table that holds what is said.

    Parameters
    ----------
    place : str
        The clips table as a study names it.
    id_name : str
        Its column of ids.
    taken : set of str
        Columns that are something else.

    Examples
    --------
    >>> draft = Draft("Mine")
    >>> said = pd.DataFrame({"said": ["that was really good", "no it was not"]})
    >>> add_texts(draft, "${data}/clips.csv", "clip_id", said, set())
    >>> draft.value("modalities", "words")
    {'path': '${data}/clips.csv', 'text': 'said'}
    """
    for column in clips.columns:
        values = as_text(clips[column]).dropna()
        if column in taken or pd.api.types.is_numeric_dtype(clips[column].dtype) or not len(values):
            continue
        words = values.str.count(r"\s+").mean() + 1
        if words >= SPOKEN and values.nunique() > len(values) / 2:
            options = {"path": place, "text": str(column)} | ({} if id_name == ID[0] else {"id": id_name})
            draft.add("modalities", "words", options, f"texts of {words:.0f} words on average: what is said")
            return


def add_media(draft: Draft, found: Contents, clips: Wanted) -> None:
    """Add recipes for the sound, the faces and the face tables that are named after clips (or recordings).

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()).resolve()
    >>> (folder / "a.wav").touch()
    >>> draft = Draft("Mine")
    >>> add_media(draft, Contents(folder, audio={folder: 1}), Wanted(np.array(["a", "b"])))
    >>> draft.value("modalities", "audio")
    {'recipe': 'egemaps', 'media': '${data}'}
    """
    heard = False
    for place in found.audio:
        heard |= _add_recipe(draft, found, place, "audio", "egemaps", clips)
    for place in found.video:
        if not heard:
            heard = _add_recipe(draft, found, place, "audio", "egemaps", clips)
    faces = False
    for place, columns in found.series.items():
        recipe = _recipe_of(columns)
        if recipe:
            faces |= _add_recipe(draft, found, place, "face", recipe, clips)
    for place in found.video:
        if not faces:
            can = find_spec("feat") is not None or bool(os.environ.get("AVBASELINES_FACE_PYTHON"))
            needs = "" if can else "needs the extra [face]: install it, then take away the #"
            faces = _add_recipe(draft, found, place, "face", "action-units", clips, needs)


def _recipe_of(columns: list[str]) -> str | None:
    units = [name for name in columns if name[:2] == "AU" and name[2:4].isdigit()]
    if len(units) < SPOKEN:
        return None
    return next(recipe for recipe, ending in READERS_OF_FACES if any(name.endswith(ending) for name in units))


def _add_recipe(
    draft: Draft, found: Contents, place: Path, name: str, recipe: str, clips: Wanted, needs: str = ""
) -> bool:
    """Add a recipe where its media are named after clips; whether they are."""
    where = found.name(place)
    wanted = clips.files
    try:
        stems = [Path(stem).name if clips.clip_of else stem for stem in find_media(place, load_recipe(recipe).suffixes)]
        offered = list(dict.fromkeys(clips.clip_of(stem) for stem in stems)) if clips.clip_of else stems
        rows = match_ids(wanted, [stem for stem in offered if stem is not None], where).rows
    except InputError as error:
        draft.ask("modalities", f"{where} is not taken: {_without_root(str(error), found)}")
        return False
    joined, what = int((rows >= 0).sum()), "clips" if clips.recordings is None else "recordings"
    if not joined:
        shown = f"its files (such as {stems[0]!r}) are named after none of the {what} ({wanted[0]!r})"
        draft.ask("modalities", f"{where} is not taken: {shown}")
        return False
    taken = {entry.key for entry in draft.entries if entry.section == "modalities"}
    key = name if name not in taken else f"{name}-{place.name}"
    options: dict = {"recipe": recipe, "media": where}
    if clips.recordings is not None:
        options = {"recipe": f"{recipe}-windows", "media": where, "window": WINDOW, "hop": HOP}
    missing, why = 1 - joined / len(wanted), f"{joined} of {len(wanted)} {what} have a file there"
    if missing > USUAL_MISSING:
        options["max_missing"] = min(1.0, math.ceil(20 * missing) / 20)
    draft.add("modalities", key, options, f"{why}; {needs}" if needs else why, active=not needs)
    return not needs
