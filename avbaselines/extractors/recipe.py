"""Recipes: files in ``features/`` that say how one feature table is extracted from media."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from avbaselines.catalog import find
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest, read_toml, validate

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".mp4", ".avi", ".mkv", ".mov")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".flv")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


class Windowed(Section):
    """Options every extractor knows: one row for a clip, or one for each window of a time-continuous recording.

    Attributes
    ----------
    window
        Length of a window in seconds, at least 0.1; None = one row a clip.
    hop
        Seconds between the centres of neighbouring windows, the first centre being at 0 s. Windows are cut at the
        recording's bounds, so that there is a row for every label of a continuous annotation, from the first on.

    Examples
    --------
    >>> Windowed(window=4, hop=0.5).window
    4.0
    """

    window: Annotated[float, Field(ge=0.1)] | None = None
    hop: Annotated[float, Field(ge=0.01)] | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.window is None) != (self.hop is None):
            raise ValueError("window and hop come together: give both, in seconds, or neither")
        return self


class OpenSmileOptions(Windowed):
    """Options of the extractor ``opensmile``.

    Attributes
    ----------
    feature_set
        openSMILE's own name of the set.
    level
        openSMILE's functionals, or its low-level descriptors under the statistics of
        :func:`avbaselines.extractors.functionals.describe`.

    Examples
    --------
    >>> OpenSmileOptions(feature_set="eGeMAPSv02").level
    'functionals'
    """

    feature_set: Literal["eGeMAPSv02", "GeMAPSv01b", "ComParE_2016", "emobase"]
    level: Literal["functionals", "descriptors"] = "functionals"


class FaceOptions(Windowed):
    """Options of the extractor ``face``.

    Attributes
    ----------
    tables
        Which tool's tables are read; ``any`` recognises them by their header.
    videos
        Whether videos are read too, by py-feat in a process of its own.
    fps
        Frames a second of tables that carry no time.
    min_confidence
        A frame with a lower confidence counts as one without a face, 0 to 1.
    max_gap
        Gaps of up to so many seconds without a face are interpolated; longer ones are left out of the statistics.
    min_detection
        Below this share of frames with a face the clip is ``partial``, 0 to 1.
    batch_size, skip_frames
        Frames py-feat sees at once; of how many frames it sees one (1 = all).
    time_limit
        Seconds py-feat may take for one clip.

    Examples
    --------
    >>> FaceOptions(tables="openface").max_gap
    0.5
    """

    tables: Literal["any", "openface", "py-feat", "libreface", "avec"] = "any"
    videos: bool = False
    fps: Annotated[float, Field(gt=0, le=1000)] = 30.0
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.7
    max_gap: Annotated[float, Field(ge=0)] = 0.5
    min_detection: Annotated[float, Field(ge=0, le=1)] = 0.5
    batch_size: Annotated[int, Field(ge=1)] = 16
    skip_frames: Annotated[int, Field(ge=1)] = 1
    time_limit: Annotated[float, Field(gt=0)] = 600.0


class BodyMotionOptions(Windowed):
    """Options of the extractor ``body-motion``.

    Attributes
    ----------
    vertical
        Axis that points up.
    max_gap
        Gaps of up to so many seconds without a marker are interpolated.

    Examples
    --------
    >>> BodyMotionOptions(vertical="z").max_gap
    0.2
    """

    vertical: Literal["x", "y", "z"] = "y"
    max_gap: Annotated[float, Field(ge=0)] = 0.2


OPTIONS: dict[str, type[OpenSmileOptions] | type[FaceOptions] | type[BodyMotionOptions]] = {
    "opensmile": OpenSmileOptions,
    "face": FaceOptions,
    "body-motion": BodyMotionOptions,
}


class Recipe(Section):
    """How one feature table is made from media.

    Attributes
    ----------
    name
        The file's stem.
    title, source
        What it is, and the publication to cite.

    Examples
    --------
    >>> recipe = load_recipe("egemaps")
    >>> recipe.extractor, recipe.options.feature_set
    ('opensmile', 'eGeMAPSv02')
    """

    name: str = ""
    title: str
    source: str = ""
    extractor: Literal["opensmile", "face", "body-motion"]
    options: OpenSmileOptions | FaceOptions | BodyMotionOptions

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the files that this recipe reads, in lower case.

        Examples
        --------
        >>> ".wav" in load_recipe("egemaps").suffixes
        True
        """
        if self.extractor == "opensmile":
            return AUDIO_SUFFIXES
        if self.extractor == "body-motion":
            return TABLE_SUFFIXES
        videos = isinstance(self.options, FaceOptions) and self.options.videos
        return TABLE_SUFFIXES + (VIDEO_SUFFIXES if videos else ())

    def with_options(self, **changes: Any) -> Self:
        """The same recipe with some options changed, for instance ``window=4.0, hop=0.1``.

        Raises
        ------
        InputError
            Unknown option or unusable value.

        Examples
        --------
        >>> load_recipe("egemaps").with_options(window=4.0, hop=0.1).options.hop
        0.1
        """
        changed = {**self.options.model_dump(), **changes}
        options = validate(type(self.options), changed, self.name, prefix="options")
        return self.model_copy(update={"options": options})

    def digest(self, version: str) -> str:
        """Sixteen hexadecimal digits that change with the extractor, its version or any option that shapes features.

        Examples
        --------
        >>> recipe = load_recipe("egemaps")
        >>> recipe.digest("1") == recipe.digest("1"), recipe.digest("1") == recipe.digest("2")
        (True, False)
        """
        options = self.options.model_dump(exclude={"batch_size", "time_limit"})
        content = {"extractor": self.extractor, "version": version, "options": options}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def load_recipe(name_or_path: str | Path | Recipe) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    name_or_path
        Name of a shipped recipe, path of a TOML file, or a recipe, which is returned as it is.

    Raises
    ------
    InputError
        Naming the file and key, or the places searched and the nearest name.

    Examples
    --------
    >>> load_recipe("egemaps").name
    'egemaps'
    """
    if isinstance(name_or_path, Recipe):
        return name_or_path
    path = find("features", name_or_path)
    content = read_toml(path)
    extractor = content.get("extractor")
    if extractor not in OPTIONS:
        extractors = ", ".join(map(repr, OPTIONS))
        raise InputError(
            f"{path}: key 'extractor' must be one of {extractors}{nearest(extractor, OPTIONS)}; got {extractor!r}"
        )
    # The extractor decides which options there are; a plain union would explain a slip against both.
    content["options"] = validate(OPTIONS[extractor], content.get("options", {}), path, prefix="options")
    content.setdefault("name", path.stem)
    return validate(Recipe, content, path)
