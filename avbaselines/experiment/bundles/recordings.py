"""Recordings of clips that a shipped system is to predict: feature tables made of them by recipes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from avbaselines import extractors
from avbaselines.errors import InputError
from avbaselines.experiment.bundles.card import CardModality, Made
from avbaselines.extractors.recipe import OPTIONS, Recipe, load_recipe
from avbaselines.extractors.table import FeatureTable
from avbaselines.schema import nearest, validate

__all__ = ["Places", "extract", "media_by_modality", "recipe_of"]

Places: TypeAlias = str | Path | Sequence[str | Path]


def extract(
    modalities: Mapping[str, CardModality],
    media: Mapping[str, Places] | Places,
    recipes: Mapping[str, str],
    *,
    jobs: int = 1,
    progress: Any = None,
    **settings: Any,
) -> dict[str, FeatureTable]:
    """Feature tables of recordings by modality; see :meth:`avbaselines.experiment.bundles.bundle.Bundle.extract`.

    Examples
    --------
    >>> extract({}, {"voice": "a.wav"}, {})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avbaselines.errors.InputError: no modality 'voice'; known:...
    """
    for name in {**recipes, **(media if isinstance(media, Mapping) else {})}:
        if name not in modalities:
            raise InputError(f"no modality {name!r}{nearest(name, modalities)}; known: {', '.join(modalities)}")
    made_by = {name: recipe_of(name, modality, recipes.get(name)) for name, modality in modalities.items()}
    if not isinstance(media, Mapping):
        media = media_by_modality(made_by, media)
    tables = {}
    for name, places in media.items():
        recipe = made_by[name]
        if recipe is None:
            raise InputError(
                f"{name}: the run read it from the table {modalities[name].made.path}, so how to make "
                f"it from recordings is not known; name a recipe that makes the same columns (--recipe {name}=RECIPE)"
            )
        files = extractors.find_media(places, recipe.suffixes)
        # Some may fail, and are told of in the table's status; all of them is an error.
        tables[name] = extractors.extract(
            recipe, files, jobs=jobs, progress=progress, max_failed=1 - 1 / (len(files) + 1), **settings
        )
        _refuse_other_scale(name, tables[name].info, modalities[name].made)
    return tables


def recipe_of(name: str, modality: CardModality, chosen: str | None = None) -> Recipe | None:
    """The recipe that makes a modality: the one given, else the run's own, else None.

    Examples
    --------
    >>> face = CardModality(columns=["smile"], dropped=[], often_missing=False, made=Made(path="face.csv"))
    >>> recipe_of("face", face) is None, recipe_of("face", face, "egemaps").name
    (True, 'egemaps')
    """
    if chosen is not None:
        return load_recipe(chosen)
    made = modality.made
    if made.recipe is None or made.extractor is None:
        return None
    options = validate(OPTIONS[made.extractor], made.options, f"card of {name}", prefix="options")
    return Recipe.model_validate(
        {"name": made.recipe, "title": made.title, "extractor": made.extractor, "options": options}
    )


def media_by_modality(recipes: Mapping[str, Recipe | None], places: Places) -> dict[str, list[Path]]:
    """Which of the files and folders each modality's recipe can read.

    Raises
    ------
    InputError
        A place that is not there, or that holds nothing to read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "a.wav").touch()
    ...     taken = media_by_modality({"voice": load_recipe("egemaps"), "face": None}, folder)
    >>> list(taken)
    ['voice']
    """
    paths = [Path(place) for place in ([places] if isinstance(places, str | Path) else places)]
    for place in paths:
        if not place.exists():
            raise InputError(f"{place}: no such file or folder")
    usable = {name: recipe for name, recipe in recipes.items() if recipe is not None}
    taken = {name: [place for place in paths if _readable(place, recipe)] for name, recipe in usable.items()}
    for place in paths:
        if not any(place in own for own in taken.values()):
            whose = ", ".join(f"{name} from {'/'.join(recipe.suffixes)}" for name, recipe in usable.items())
            tables = [name for name in recipes if name not in usable]
            raise InputError(
                f"{place}: holds nothing that this system can read; recipes: {whose or 'none'}; from tables: "
                f"{', '.join(tables) or 'none'} (--modality NAME=TABLE, or --recipe NAME=RECIPE)"
            )
    return {name: own for name, own in taken.items() if own}


def _readable(place: Path, recipe: Recipe) -> bool:
    if place.is_dir():
        return any(path.suffix.lower() in recipe.suffixes for path in place.rglob("*"))
    return place.suffix.lower() in recipe.suffixes


def _refuse_other_scale(name: str, now: Mapping[str, Any], then: Made) -> None:
    if now.get("scale") != then.scale and then.recipe is not None:
        raise InputError(
            f"{name}: these features are on the scale {now.get('scale')}, the system learnt from {then.scale}; "
            "use tables of the same tool"
        )
