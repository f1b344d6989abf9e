"""Strict sections for study, recipe and corpus options: unknown keys and wrong types are explained in one line."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from avbaselines.errors import InputError


class Section(BaseModel):
    """Base of every section of a data file: no unknown keys, no silent conversions of text to numbers."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True, validate_default=True)


def locate(text, data, folder):
    """Path that a text in a study file means.

    Parameters
    ----------
    text : str or Path
        ``${data}`` stands for the corpus' root; a relative path is relative to the study file.
    data : Path or None
        The corpus' root.
    folder : Path
        Folder of the study file.

    Raises
    ------
    InputError
        Where ``${data}`` is used and no root is known.
    """
    text = str(text)
    if "${data}" in text:
        if data is None:
            raise InputError(f"{text}: the corpus' folder is not known; give it with --data DIR")
        text = text.replace("${data}", str(data))
    path = Path(text).expanduser()
    return path if path.is_absolute() else Path(folder) / path


def _locate_in_context(value, info: ValidationInfo):
    context = info.context or {}
    return locate(value, context.get("data"), context["folder"]) if "folder" in context else Path(value)


LocatedPath = Annotated[Path, BeforeValidator(_locate_in_context)]
"""A path whose ``${data}`` and study folder come from the validation context ``{"data": ..., "folder": ...}``."""


def nearest(name, known, *, label="did you mean"):
    """``" (did you mean 'x'?)"`` for the known name nearest to a mistyped one, or an empty text."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f" ({label} {close[0]!r}?)" if close else ""


def read_toml(path):
    """Parse a TOML file.

    Raises
    ------
    InputError
        With file and line where it cannot be parsed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None


def validate(model, content, source, *, prefix="", context=None):
    """Validate a mapping against a section, or explain the first problem in one line.

    Parameters
    ----------
    model : type of Section
    content : dict
    source : Path or str
        File the content came from; named in the error with the line of the key where it can be found.
    prefix : str, optional
        Dotted key under which the content stands in that file.
    context : dict, optional
        Validation context (see :data:`LocatedPath`).
    """
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        raise InputError(_explain(error, model, source, prefix)) from None


def _explain(error, model, source, prefix):
    # An unknown key is the commonest slip and the clearest to tell, so it goes first.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    problem = problems[0]
    location = [str(part) for part in problem["loc"] if not _is_union_tag(part)]
    key = ".".join(filter(None, [prefix, *location]))
    if problem["type"] == "extra_forbidden":
        known = _fields_at(model, problem["loc"][:-1])
        what = f"unknown key {key!r}{nearest(location[-1], known)}"
        if known:
            what += f"; known: {', '.join(sorted(known))}"
    elif problem["type"] == "missing":
        what = f"key {key!r} is missing"
    else:
        message = re.sub(r"^(Value error|Assertion failed), ", "", problem["msg"])
        shown = repr(problem.get("input"))
        what = f"key {key!r}: {message[0].lower() + message[1:]}" + (f"; got {shown}" if len(shown) < 80 else "")
        what = what if key else message
    return f"{source}{_line_of(source, location)}: {what}"


def _is_union_tag(part):
    """Pydantic puts the tried branch of a union (``list[str]``, ``Stage`` ...) into an error's location."""
    return isinstance(part, str) and (("[" in part) or part in {"str", "bool", "int", "float"} or part[:1].isupper())


def _fields_at(model, location):
    """Names that a section knows at a location inside it; empty where it cannot be told."""
    for part in location:
        field = getattr(model, "model_fields", {}).get(part) if isinstance(part, str) else None
        annotation = field.annotation if field is not None else model
        model = _first_section(annotation) or model
    return {field.alias or name for name, field in getattr(model, "model_fields", {}).items()}


def _first_section(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _first_section(argument)
        if found is not None:
            return found
    return None


def _line_of(source, location):
    """`` line N`` of a key in its file, found by its last named part; empty where it is not plain."""
    try:
        lines = Path(source).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError, ValueError):
        return ""
    for part in reversed(location):
        if part.isdigit():
            continue
        pattern = re.compile(rf"(^|[\s{{,.\[])\"?{re.escape(part)}\"?\s*(=|\]|\.)")
        hits = [number for number, line in enumerate(lines, 1) if pattern.search(line)]
        if len(hits) == 1:
            return f", line {hits[0]}"
    return ""
