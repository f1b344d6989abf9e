"""Strict sections for study, recipe and corpus options: unknown keys and wrong types are explained in one line."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from avbaselines.errors import InputError

MOST_BYTES, DEEPEST, LONGEST_NAME = 2**20, 32, 255
"""Limits of a study or recipe file: its bytes, how deep tables and arrays are nested, bytes of a file's name in it."""

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?m)^[ \t\[{{]*+{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST},}}+|[{{,][ \t]*+{_PART}"
                       rf"(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST},}}+[ \t]*+=")  # fmt: skip


class Section(BaseModel):
    """Base of every section of a data file: no unknown keys, no change after it was read.

    Examples
    --------
    >>> class Window(Section):
    ...     seconds: float = 4.0
    >>> Window(seconds=2).seconds
    2.0
    """

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True, validate_default=True, allow_inf_nan=False)


SectionType = TypeVar("SectionType", bound=Section)


def locate(text: str | Path, data: Path | None, folder: Path) -> Path:
    """Path that a text in a study file means.

    Parameters
    ----------
    text
        ``${data}`` stands for the corpus' root; a relative path is relative to the study file.
    data
        The corpus' root.
    folder
        Folder of the study file.

    Raises
    ------
    InputError
        Where ``${data}`` is used and no root is known, where it does not begin the path, or where the path leads out of
        it by ``..``. Any other path is named by whoever writes the study, who may name any file.

    Examples
    --------
    >>> locate("${data}/clips.csv", Path("/corpus"), Path("studies")).as_posix()
    '/corpus/clips.csv'
    >>> locate("clips.csv", None, Path("studies")).as_posix()
    'studies/clips.csv'
    """
    text = str(text)
    if "${data}" in text:
        if data is None:
            raise InputError(f"{text}: the corpus' folder is not known; give it with --data DIR")
        if not text.startswith("${data}"):
            raise InputError(f"{text}: ${{data}} stands for the corpus' folder and can only begin a path")
        below = text.removeprefix("${data}").lstrip("/\\")
        if Path(os.path.normpath(below)).parts[:1] == ("..",):
            raise InputError(f"{text}: leads out of the corpus' folder; name a file below it, or the whole path")
        path = data / below
    else:
        try:
            path = Path(text).expanduser()
        except RuntimeError as error:  # the home of somebody who is not known here
            raise InputError(f"{text}: {error}") from None
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts):
        raise InputError(f"{text}: a file's name has at most {LONGEST_NAME} bytes")
    return path if path.is_absolute() else Path(folder) / path


def located(value: str | Path, info: ValidationInfo) -> Path:
    """The path that a value means in a validation context ``{"data": ..., "folder": ...}``; as it is without one."""
    context = info.context or {}
    return locate(value, context.get("data"), context["folder"]) if "folder" in context else Path(value)


def texts_in(value: Any) -> Iterator[str]:
    """All texts in nested lists and mappings.

    Examples
    --------
    >>> list(texts_in({"clips": {"train": "a.csv"}, "n": 3, "more": ["b.csv"]}))
    ['a.csv', 'b.csv']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(part)


LocatedPath = Annotated[Path, BeforeValidator(located)]
"""A path whose ``${data}`` and study folder come from the validation context ``{"data": ..., "folder": ...}``."""


def _plain_name(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a name becomes a folder: no line breaks, tabs or other signs that cannot be printed")
    if not value or any(character in value for character in '/\\:*?"<>|') or value != value.strip() or value[0] == ".":
        raise ValueError('a name becomes a folder: no / \\ : * ? " < > |, no leading dot, no spaces around it')
    return value


Name = Annotated[str, AfterValidator(_plain_name)]
"""A name of a target, modality or system, which becomes part of a path."""


def nearest(name: object, names: Iterable[object], *, label: str = "did you mean", cutoff: float = 0.5) -> str:
    """``" (did you mean 'x'?)"`` for the known name nearest to a mistyped one, or an empty text.

    Examples
    --------
    >>> nearest("rigde", ["ridge", "svr"])
    " (did you mean 'ridge'?)"
    >>> nearest("rigde", ["svr"])
    ''
    """
    close = difflib.get_close_matches(str(name), list(map(str, names)), n=1, cutoff=cutoff)
    return f" ({label} {close[0]!r}?)" if close else ""


def read_toml(path: str | Path) -> dict[str, Any]:
    """Parse a TOML file of at most `MOST_BYTES` bytes.

    Raises
    ------
    InputError
        With file and line where it cannot be parsed, or is beyond a limit (see `parse_toml`).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "study.toml")
    ...     _ = path.write_text("title = 'mine'")
    ...     read_toml(path)
    {'title': 'mine'}
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: has more than {MOST_BYTES:,} bytes; put long lists into tables of their own")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    return parse_toml(text, path)


class NoTomlError(InputError):
    """Text that is not valid TOML.

    Examples
    --------
    >>> issubclass(NoTomlError, InputError)
    True
    """


def parse_toml(text: str, source: str | Path) -> dict[str, Any]:
    """Parse TOML text: tables, arrays and dotted keys at most `DEEPEST` levels deep, whole numbers of 64 bits.

    Raises
    ------
    InputError
        Naming the source, and the line or key where it can be told.

    Examples
    --------
    >>> parse_toml("seed = 1", "study.toml")
    {'seed': 1}
    >>> parse_toml("seed = 1e", "study.toml")
    Traceback (most recent call last):
    avbaselines.schema.NoTomlError: study.toml: not valid TOML: Expected newline or end of document after a statement \
(at line 1, column 9)
    """
    # Before parsing: the time that a dotted key takes grows with the square of its parts.
    deep = _LONG_KEY.search(text)
    if deep:
        line = text.count("\n", 0, deep.start()) + 1
        raise InputError(f"{source}, line {line}: nested more than {DEEPEST} levels deep")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NoTomlError(f"{source}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{source}: nested more than {DEEPEST} levels deep") from None
    except ValueError:  # Python turns no text of thousands of digits into a number
        raise InputError(f"{source}: a whole number is beyond 64 bits") from None
    _check_limits(content, source)
    return content


def _check_limits(content: dict[str, Any], source: str | Path) -> None:
    """Refuse values that are too deep for whoever walks through them, and numbers that no float or integer holds."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), content)]
    while waiting:
        key, value = waiting.pop()
        if len(key) > DEEPEST:
            raise InputError(f"{source}: key {'.'.join(key[:4])!r}: nested more than {DEEPEST} levels deep")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InputError(f"{source}: key {'.'.join(key)!r}: a whole number is beyond 64 bits")
        if isinstance(value, dict | list):
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*key, str(name)), part) for name, part in parts]


def validate(
    model: type[SectionType],
    content: Mapping[str, Any],
    source: str | Path,
    *,
    prefix: str = "",
    context: dict[str, Any] | None = None,
) -> SectionType:
    """Validate a mapping against a section, or explain the first problem in one line.

    Parameters
    ----------
    model, content
        The section, and what should fill it.
    source
        File the content came from; named in the error with the line of the key where it can be found.
    prefix
        Dotted key under which the content stands in that file.
    context
        Validation context (see :data:`LocatedPath`).

    Raises
    ------
    InputError
        With the first problem; an unknown key goes before others.

    Examples
    --------
    >>> class Window(Section):
    ...     seconds: float
    >>> validate(Window, {"seconds": 2}, "study.toml").seconds
    2.0
    >>> validate(Window, {"second": 2}, "study.toml")
    Traceback (most recent call last):
    avbaselines.errors.InputError: study.toml: unknown key 'second' (did you mean 'seconds'?); known: seconds
    """
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        raise InputError(_explain(error, model, source, prefix)) from None


def _explain(error: ValidationError, model: type[Section], source: str | Path, prefix: str) -> str:
    # An unknown key is the commonest slip and the clearest to tell, so it goes first.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    problem = problems[0]
    location = [str(part) for part in problem["loc"] if not _is_union_tag(part)]
    if problem["type"] == "extra_forbidden":  # a key that nobody knows may look like one of pydantic's own
        location = [*(str(part) for part in problem["loc"][:-1] if not _is_union_tag(part)), str(problem["loc"][-1])]
    key = ".".join(filter(None, [prefix, *location]))
    if problem["type"] == "extra_forbidden":
        fields = _fields_at(model, problem["loc"][:-1])
        what = f"unknown key {key!r}{nearest(location[-1], fields)}"
        if fields:
            what += f"; known: {', '.join(sorted(fields))}"
    elif problem["type"] == "missing":
        what = f"key {key!r} is missing"
    else:
        message = re.sub(r"^(Value error|Assertion failed), ", "", problem["msg"])
        shown = repr(problem.get("input"))
        what = f"key {key!r}: {message[0].lower() + message[1:]}" + (f"; got {shown}" if len(shown) < 80 else "")
        what = what if key else message
    return f"{source}{_line_of(source, location)}: {what}"


def _is_union_tag(part: str | int) -> bool:
    """Pydantic puts the tried branch of a union (``list[str]``, ``Stage`` ...) into an error's location."""
    return isinstance(part, str) and (("[" in part) or part in {"str", "bool", "int", "float"} or part[:1].isupper())


def _fields_at(model: type[BaseModel], location: Sequence[str | int]) -> set[str]:
    """Names that a section knows at a location inside it; empty where it cannot be told."""
    for part in location:
        field = getattr(model, "model_fields", {}).get(part) if isinstance(part, str) else None
        annotation = field.annotation if field is not None else model
        model = _first_section(annotation) or model
    return {field.alias or name for name, field in getattr(model, "model_fields", {}).items()}


def _first_section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        section = _first_section(argument)
        if section is not None:
            return section
    return None


def _line_of(source: str | Path, location: Sequence[str]) -> str:
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
