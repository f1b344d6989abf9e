"""Recipes: files in ``features/`` that say how one feature table is extracted from media."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from avbaselines.catalog import find
from avbaselines.errors import InputError
from avbaselines.extractors.images import IMAGE_SUFFIXES
from avbaselines.schema import Section, nearest, read_toml, validate

AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".mp3", ".ogg", ".m4a", ".aif", ".aiff", ".w64"),
    *(".mp4", ".avi", ".mkv", ".mov", ".webm", ".flv"),
)
VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".flv", ".webm")
FILM_SUFFIXES = (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES)
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
    channel
        The channel to take, from 1; None = the mean of those that hold something.

    Examples
    --------
    >>> OpenSmileOptions(feature_set="eGeMAPSv02").level
    'functionals'
    """

    feature_set: Literal["eGeMAPSv02", "GeMAPSv01b", "ComParE_2016", "emobase"]
    level: Literal["functionals", "descriptors"] = "functionals"
    channel: Annotated[int, Field(ge=1)] | None = None


class FilmOptions(Windowed):
    """Options of every extractor that looks at faces in pictures.

    Attributes
    ----------
    fps
        Frames a second where the recording does not tell: tables without a time, folders of images.
    min_confidence
        A face with a lower confidence counts as none, 0 to 1.
    max_gap
        Gaps of up to so many seconds without a face are interpolated; longer ones are left out of the statistics.
    min_detection
        Below this share of frames with a face the clip is ``partial``, 0 to 1.
    person
        Who is followed where several faces are seen: who is seen largest over the clip, who is seen first, or who is
        furthest to the left.
    output_size
        Pictures whose longer side has more pixels are shrunk to so many before faces are looked for; 0 = never.
    skip_frames
        Of how many frames one is looked at (1 = all).

    Examples
    --------
    >>> FilmOptions(person="leftmost").output_size
    640
    """

    fps: Annotated[float, Field(gt=0, le=1000)] = 30.0
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.7
    max_gap: Annotated[float, Field(ge=0)] = 0.5
    min_detection: Annotated[float, Field(ge=0, le=1)] = 0.5
    person: Literal["largest", "first", "leftmost"] = "largest"
    output_size: Annotated[int, Field(ge=0)] = 640
    skip_frames: Annotated[int, Field(ge=1)] = 1

    @property
    def seeing(self) -> dict[str, Any]:
        """The options that decide what is seen in a frame; the others only sum it up.

        Examples
        --------
        >>> FilmOptions().seeing
        {'fps': 30.0, 'output_size': 640, 'skip_frames': 1}
        """
        return self.model_dump(include={"output_size", "skip_frames", "detector", "fps"})


class FaceOptions(FilmOptions):
    """Options of the extractor ``face``.

    Attributes
    ----------
    tables
        Which tool's tables are read; ``any`` recognises them by their header.
    videos
        Whether videos and images are read too, by py-feat in a process of its own.
    detector
        py-feat's ``Detectorv1`` or ``Detectorv2`` (better action units; weights for non-commercial research only).
    pose
        Unit of the head pose in Py-Feat's tables: releases 0.4 to 0.6 wrote degrees, 0.7 and later write radians.
        ``auto`` tells them by their columns, else by their values.
    scale
        Of the intensities in tables; ``auto`` is that of the tool: 0 to 5 for OpenFace, the AVEC challenges and
        LibreFace (some of whose releases write 0 to 1), 0 to 1 for Py-Feat.
    batch_size
        Frames py-feat sees at once, on a CPU at most 4: more gain nothing there and take gigabytes.
    frame_limit
        Seconds py-feat may take for one frame before it is given up.

    Examples
    --------
    >>> FaceOptions(tables="openface").max_gap
    0.5
    """

    tables: Literal["any", "openface", "py-feat", "libreface", "avec"] = "any"
    videos: bool = False
    detector: Literal["v1", "v2"] = "v1"
    pose: Literal["auto", "degrees", "radians"] = "auto"
    scale: Literal["auto", "0-1", "0-5"] = "auto"
    batch_size: Annotated[int, Field(ge=1)] = 16
    frame_limit: Annotated[float, Field(gt=0)] = 60.0


class FaceMeshOptions(FilmOptions):
    """Options of the extractor ``face-mesh``: those of :class:`FilmOptions`, with a lower least confidence.

    Attributes
    ----------
    min_confidence
        As in :class:`FilmOptions`.

    Examples
    --------
    >>> FaceMeshOptions().min_confidence
    0.5
    """

    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5


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


OPTIONS: dict[
    str, type[OpenSmileOptions] | type[FaceOptions] | type[FaceMeshOptions] | type[BodyMotionOptions]
] = {
    "opensmile": OpenSmileOptions,
    "face": FaceOptions,
    "face-mesh": FaceMeshOptions,
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
    extractor: Literal["opensmile", "face", "face-mesh", "body-motion"]
    options: OpenSmileOptions | FaceOptions | FaceMeshOptions | BodyMotionOptions

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
        if self.extractor == "face-mesh":
            return FILM_SUFFIXES
        return TABLE_SUFFIXES + (FILM_SUFFIXES if self.needs_weights else ())

    @property
    def needs_weights(self) -> bool:
        """Whether videos are seen by py-feat, whose weights are fetched apart.

        Examples
        --------
        >>> load_recipe("action-units").needs_weights, load_recipe("face-mesh").needs_weights
        (True, False)
        """
        return isinstance(self.options, FaceOptions) and self.options.videos

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
        options = self.options.model_dump(exclude={"batch_size", "frame_limit"})
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
