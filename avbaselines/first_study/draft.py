"""A study in the making: lines with the reason for each, and what could not be told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """A line of a study file.

    Parameters
    ----------
    section : str
        Such as ``targets``; empty for keys before all sections.
    value : Any
        Text, number, or a list or dict of these.
    why : str
        What it was guessed from.
    active : bool
        Whether it is in force; else it is written as a comment, for a person to decide.

    Examples
    --------
    >>> Entry("corpus", "group", "speaker", "by its name").active
    True
    """

    section: str
    key: str
    value: Any
    why: str
    active: bool = True


@dataclass(frozen=True)
class Question:
    """What could not be told, and what to do about it.

    Parameters
    ----------
    section : str
        Where in the file it is written as a comment.
    text : str
    grave : bool
        Whether scores may be wrong while it is open.

    Examples
    --------
    >>> Question("corpus", "no column names the speaker", grave=True).grave
    True
    """

    section: str
    text: str
    grave: bool = False


@dataclass
class Draft:
    """Lines and questions, in the order in which they were found.

    Examples
    --------
    >>> draft = Draft("Mine")
    >>> draft.add("corpus", "group", "speaker", "by its name")
    >>> draft.value("corpus", "group"), draft.value("corpus", "time")
    ('speaker', None)
    """

    title: str
    entries: list[Entry] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def add(self, section: str, key: str, value: Any, why: str, active: bool = True) -> None:
        """Append a line."""
        self.entries.append(Entry(section, key, value, why, active))

    def ask(self, section: str, text: str, grave: bool = False) -> None:
        """Append a question."""
        self.questions.append(Question(section, text, grave))

    def of(self, section: str) -> Iterator[Entry]:
        """The lines of a section that are in force."""
        return (entry for entry in self.entries if entry.section == section and entry.active)

    def value(self, section: str, key: str) -> Any:
        """What a line that is in force says; None where there is none."""
        return next((entry.value for entry in self.of(section) if entry.key == key), None)
