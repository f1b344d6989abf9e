"""The reference of study files, made from the classes that check them: each key's type, default, meaning, an example.

The meaning is the class's docstring (``Attributes``), the example stands in ``docs/study_keys.toml``; a key that lacks
either is an error, so that a new key cannot be forgotten.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from attribute_docs import attribute_docs
from markdown_text import plain, sentence
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from avbaselines.experiment.loading.readers import READERS, reader
from avbaselines.first_study.toml_text import toml_value
from avbaselines.study import Study

EXAMPLES = Path(__file__).with_name("study_keys.toml")
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", Any: "any value"}
_BOUNDS = {Ge: ("at least", "ge"), Gt: ("above", "gt"), Le: ("at most", "le"), Lt: ("below", "lt")}


@dataclass(frozen=True)
class Part:
    """A section of a study file: its head, as a file writes it, and the class that checks it."""

    head: str
    model: type[BaseModel]


def parts(model: type[BaseModel] = Study, path: str = "") -> Iterator[Part]:
    """A section and every section below it, in the order of the keys."""
    yield Part(path or "top", model)
    if path == "[protocols.paper]":  # its sections are those of the study
        return
    for name, field in model.model_fields.items():
        for inner, many in _sections(field.annotation):
            below = f"{path.strip('[]')}.{name}".lstrip(".")
            head = {"": f"[{below}]", "dict": f"[{below}.NAME]", "list": f"[[{below}]]"}[many]
            yield from parts(inner, head)


def forgotten() -> list[str]:
    """Keys without a meaning or an example, and where to write it."""
    known, found = examples(), []
    checked = [(part.model, part.model.__name__) for part in parts()]
    for model, name in checked + [(reader(name).Options, f"reader.{name}") for name in READERS]:
        texts = attribute_docs(model)
        for key, field in model.model_fields.items():
            if not texts.get(key):
                found.append(f"{model.__module__}, {model.__name__}: its docstring has no Attributes entry for {key!r}")
            shown = any((field.alias or key) in section for section in known.get(name, []))
            if not shown and not _is_section(field.annotation):
                found.append(f"docs/{EXAMPLES.name}: no example of {field.alias or key!r} under [[{name}]]")
    return found


def study_keys() -> str:
    """Markdown of all keys of a study file.

    Raises
    ------
    ValueError
        A key has no meaning or no example.
    """
    if forgotten():
        raise ValueError("\n".join(forgotten()))
    return "\n".join(_described(part) for part in parts())


def reader_keys() -> str:
    """Markdown of what each reader needs, and of its own keys of ``[corpus]``."""
    texts = []
    for name in READERS:
        module = reader(name)
        about = (module.__doc__ or "").partition(": ")[2].partition("\n\n")[0].replace("\n", " ").strip()
        needs = f"Needs {module.NEEDS}."
        where = f" Its folder is given by `--data` or `{module.ENVIRONMENT}`." if module.ENVIRONMENT else ""
        texts += [f"## Reader `{name}`", "", sentence(about), "", plain(needs) + where, ""]
        texts.append(_keys(module.Options, f"reader.{name}"))
    return "\n".join(texts)


def examples() -> dict[str, list[dict[str, Any]]]:
    """Examples by the name of the class that they are of, or ``reader.<name>``; each is a whole section."""
    return tomllib.loads(EXAMPLES.read_text("utf-8"))


def _described(part: Part) -> str:
    head = "Keys of the file itself" if part.head == "top" else f"`{part.head}`"
    summary = (part.model.__doc__ or "").strip().partition("\n")[0]
    return "\n".join([f"## {head}", "", plain(summary), "", _keys(part.model, part.model.__name__)])


def _keys(model: type[BaseModel], example: str) -> str:
    texts, shown = attribute_docs(model), examples().get(example, [])
    lines = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        lines.append(f"`{key}`")
        if _is_section(field.annotation):  # shown by the examples of its own keys
            text = f"{sentence(texts[name])} Its keys are below."
            lines += [f": *section{_default(field, section=True)}*", "", f"  {text}", ""]
            continue
        value = f"{key} = {toml_value(next(section[key] for section in shown if key in section))}"
        lines += [f": *{type_text(field)}{_default(field)}*", "", f"  {sentence(texts[name])}", ""]
        lines += [f"  Example: `{value}`" if "\n" not in value else f"  ```toml\n  {value}\n  ```", ""]
    return "\n".join(lines)


def _default(field: FieldInfo, section: bool = False) -> str:
    if field.default_factory is not None:
        value: Any = field.default_factory()  # type: ignore[call-arg]
    elif field.default is PydanticUndefined:
        return "; required"
    else:
        value = field.default
    if value is None or value == "":
        return "; may be left out"
    if isinstance(value, BaseModel):
        return "; may be left out"
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        value = [getattr(part, "method", "...") for part in value]
    if section and not value:
        return "; may be left out"
    if isinstance(value, (list, dict)) and not value:
        return "; by default empty"
    return f"; by default `{toml_value(value if not isinstance(value, Path) else str(value))}`"


def type_text(field: FieldInfo) -> str:
    """The type of a key in plain words, with its bounds."""
    bounds = [part for part in map(_bound, field.metadata) if part]
    return ", ".join([_type(field.annotation), *bounds])


def _bound(constraint: Any) -> str:
    for kind, (words, attribute) in _BOUNDS.items():
        if isinstance(constraint, kind):
            return f"{words} {getattr(constraint, attribute):g}"
    return ""


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Annotated:
        field = FieldInfo.from_annotation(annotation)
        return type_text(field) if field.metadata else _type(arguments[0])
    if origin is Literal:
        return _either([f"`{toml_value(value)}`" for value in arguments])
    if origin in (Union, UnionType):
        return _either(list(dict.fromkeys(_type(part) for part in arguments if part is not NoneType)))
    if origin is list:
        return f"list of {_several(_type(arguments[0]))}"
    if origin is dict:
        return f"table of names, each with: {_type(arguments[1])}"
    if origin is tuple:
        return f"list of {len(arguments)} {_several(_type(arguments[0]))}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a section of its own"
    raise TypeError(f"no words for the type {annotation!r}: add them to docs/study_reference.py")


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _several(words: str) -> str:
    for one, many in (("whole number", "whole numbers"), ("number", "numbers"), ("text", "texts"), ("path", "paths")):
        if words.startswith(one):
            return many + words.removeprefix(one)
    return words


def _is_section(annotation: Any) -> bool:
    """Whether a key holds a section or several, and never a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    arguments = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) is Annotated:
        arguments = arguments[:1]
    if get_origin(annotation) is dict:
        arguments = arguments[1:]
    return bool(arguments) and all(map(_is_section, arguments))


def _sections(annotation: Any, many: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """Sections named in an annotation, and whether they stand in a list or under names of one's own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, many
        return
    inner = {list: "list", dict: "dict"}.get(get_origin(annotation), many)  # type: ignore[call-overload]
    for argument in get_args(annotation):
        yield from _sections(argument, inner)
