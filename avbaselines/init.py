"""``python -m avbaselines.init FOLDER``: a first study of what lies in a folder, with the reason for every line."""

import argparse
import os
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from avbaselines.command import DONE, exit_status, plain_console
from avbaselines.errors import InputError

if TYPE_CHECKING:
    from avbaselines.first_study.draft import Draft


def parser() -> argparse.ArgumentParser:
    """The command line of ``init``.

    Examples
    --------
    >>> parser().parse_args(["corpus", "--out", "mine.toml"]).out
    'mine.toml'
    """
    command = argparse.ArgumentParser(
        prog="python -m avbaselines.init",
        description="Look at the tables and recordings of a folder and write a study of them, with the reason for "
        "every line; what cannot be told is written as a comment.",
    )
    command.add_argument("folder", metavar="FOLDER", help="holds a table of clips, tables of features, recordings")
    command.add_argument("--out", metavar="STUDY", help="study file (default: <folder>.toml, here)")
    command.add_argument("--force", action="store_true", help="write over a file that is there")
    command.add_argument("--debug", action="store_true", help="show tracebacks")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 2 bad input, 130 interrupted.

    Examples
    --------
    >>> main(["nowhere"])
    2
    """
    arguments = parser().parse_args(argv)
    return exit_status(lambda: _init(arguments), debug=arguments.debug, interrupted="nothing was written")


def _init(arguments: argparse.Namespace) -> int:
    from avbaselines.first_study.guess import draft_study
    from avbaselines.first_study.toml_text import study_text

    folder = Path(arguments.folder).expanduser()
    out = Path(arguments.out or f"{folder.resolve().name or 'first-study'}.toml").expanduser()
    if out.exists() and not arguments.force:
        raise InputError(f"{out}: is there already; choose another name by --out, or write over it by --force")
    if not out.parent.is_dir():
        raise InputError(f"--out {out}: no folder {out.parent}; make it first")
    draft = draft_study(folder)
    command = shlex.join(["python", "-m", "avbaselines.run", str(out), "--data", str(folder), "--dry-run"])
    head = [
        "A first study, guessed from what lies in the folder. Read every line: its comment says from what.",
        "Check it, without a fit:",
        command,
        *draft.advice,
    ]
    _write(out, study_text(draft, head), over=arguments.force)
    _show(plain_console(), draft, out, command)
    return DONE


def _write(out: Path, text: str, *, over: bool) -> None:
    """Write the file whole or not at all; one that came there meanwhile stays."""
    handle, part = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(part, 0o644)
        if over or not out.exists():
            os.replace(part, out)
        else:
            raise InputError(f"{out}: is there already; choose another name by --out, or write over it by --force")
    finally:
        Path(part).unlink(missing_ok=True)


def _show(console: Console, draft: "Draft", out: Path, command: str) -> None:
    from avbaselines.first_study.toml_text import SECTIONS, toml_value

    table = Table(box=None, pad_edge=False)
    table.add_column("key", overflow="fold", max_width=26)
    table.add_column("is taken to be", overflow="fold")
    table.add_column("why", overflow="fold")
    for section in SECTIONS:
        entries = list(draft.of(section))
        if entries:
            table.add_row(Text(f"[{section}]", "bold"))
        for entry in entries:
            table.add_row(entry.key, toml_value(entry.value), entry.why)
    console.print(table)
    for line in draft.advice:
        console.print(line, highlight=False, soft_wrap=True)
    doubtful = [f"{entry.section}.{entry.key}: {entry.why}" for entry in draft.entries if not entry.active]
    questions = sorted(draft.questions, key=lambda question: not question.grave)
    if questions or doubtful:
        console.print(Text("Could not be told (comments in the file say what to do):", "bold"))
    for question in questions:
        mark, style = ("ATTENTION: ", "bold red") if question.grave else ("", "")
        console.print(Text(f"- {question.section}: {mark}{question.text}", style), soft_wrap=True)
    for text in doubtful:
        console.print(Text(f"- not in force: {text}"), soft_wrap=True)
    console.print(f"{out} is written. Next: {command}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())
