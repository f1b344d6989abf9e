"""A draft as a TOML file with its reasons as comments."""

import json
import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from avbaselines.first_study.draft import Draft, Entry

SECTIONS = ("", "corpus", "split", "targets", "modalities", "predictions")
WIDTH = 118
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def study_text(draft: Draft, head: list[str]) -> str:
    """The study file: every line with why it was guessed, every question as a comment of its section.

    Parameters
    ----------
    draft : Draft
    head : list of str
        Comments above everything.

    Examples
    --------
    >>> draft = Draft("Mine")
    >>> draft.add("targets", "arousal", {"metric": "ccc", "range": [1, 5]}, "numbers from 1 to 5")
    >>> print(study_text(draft, ["first"]))
    # first
    title = "Mine"
    <BLANKLINE>
    [targets]
    arousal = { metric = "ccc", range = [1, 5] }  # numbers from 1 to 5
    <BLANKLINE>
    """
    lines = [comment for text in head for comment in _comment(text)] + [f"title = {toml_value(draft.title)}"]
    for section in SECTIONS:
        entries = [entry for entry in draft.entries if entry.section == section]
        questions = [question for question in draft.questions if question.section == section]
        if not entries and not questions:
            continue
        lines += ["", f"[{section}]"] if section else []
        for question in questions:
            lines += _comment(f"{'ATTENTION: ' * question.grave}{question.text}")
        for entry in entries:
            lines += _lines(entry)
    return "\n".join(lines) + "\n"


def _lines(entry: Entry) -> Iterator[str]:
    line = f"{'' if entry.active else '# '}{toml_key(entry.key)} = {toml_value(entry.value)}"
    if len(line) + len(entry.why) + 4 <= WIDTH:
        yield f"{line}  # {_printable(entry.why)}"
    else:
        yield from _comment(entry.why)
        yield line


def _comment(text: str) -> list[str]:
    if text.startswith("python -m "):  # to be copied
        return [f"# {_printable(text)}"]
    return [f"# {line}" for line in wrap(_printable(text), WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def toml_key(key: str) -> str:
    """A key, in quotation marks where it needs them.

    Examples
    --------
    >>> toml_key("arousal"), toml_key("mean arousal")
    ('arousal', '"mean arousal"')
    """
    return key if _BARE.fullmatch(key) else toml_value(key)


def toml_value(value: Any) -> str:
    """A value on one line.

    Examples
    --------
    >>> toml_value({"metric": "ccc", "range": [1, 5.5], "reverse": True})
    '{ metric = "ccc", range = [1, 5.5], reverse = true }'
    """
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{toml_key(str(key))} = {toml_value(part)}' for key, part in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
