"""Common parts of all commands: errors as one line, exit statuses, consoles, progress and types of options."""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import Segment

from avbaselines.errors import InputError
from avbaselines.interruption import Terminated, raising
from avbaselines.safe_text import message, shown

NARROWEST = 40
DONE, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


def exit_status(work: Callable[[], int], *, debug: bool, interrupted: str) -> int:
    """Do a command's work and say in one line what stopped it.

    Parameters
    ----------
    work
        Returns 0 (done) or 1 (something failed, the rest is done).
    debug
        Show where an error came from, too.
    interrupted
        What a person who interrupts it should know.

    Returns
    -------
    int
        What `work` says; 2 bad input, 130 interrupted, 143 told to end by SIGTERM.

    Examples
    --------
    >>> exit_status(lambda: DONE, debug=False, interrupted="nothing was written")
    0
    """
    mend_streams()
    try:
        with raising(f"ended; {interrupted}"):
            return _status(work, debug)
    except KeyboardInterrupt:
        print(f"interrupted; {interrupted}", file=sys.stderr)
        return INTERRUPTED
    except Terminated:
        print(f"terminated; {interrupted}", file=sys.stderr)
        return TERMINATED


def _status(work: Callable[[], int], debug: bool) -> int:
    try:
        status = work()
        sys.stdout.flush()
        return status
    except InputError as error:
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # The reader, such as `head`, has enough; what is still buffered goes nowhere, without a word at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        # A folder that is a file or may not be written, a full disk.
        if debug:
            traceback.print_exc()
        what = f"{error.filename or 'reading or writing'}: {error.strerror or error}"
        print(f"error: {message(what)}", file=sys.stderr)
        return BAD_INPUT


def mend_streams() -> None:
    """Give the process the streams that it was started without, and let all of them take any text.

    A closed standard output would be the number of the next file that is opened. A sign that the terminal's encoding
    lacks is written as its number.

    Examples
    --------
    >>> mend_streams()
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as the process
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class PlainConsole(Console):
    """A console that writes signs in names that a terminal would obey out, see `shown`.

    Examples
    --------
    >>> PlainConsole(markup=False, file=sys.stdout).print("spk\x1b[2J")
    spk\\x1b[2J
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Segments of what is printed; those that move the cursor are rich's own and stay."""
        for part in super().render(renderable, options):
            yield part if part.control else Segment(shown(part.text), part.style)


def plain_console(*, stderr: bool = False, file: IO[str] | None = None) -> Console:
    """A console that shows names, paths and notes as they are, whatever stands in brackets in them.

    In a narrower terminal than `NARROWEST` columns lines are broken by the terminal, not by letters.

    Examples
    --------
    >>> plain_console(file=sys.stdout).print("spk[01]")
    spk[01]
    """
    console = PlainConsole(markup=False, stderr=stderr, file=file)
    console.width = max(console.width, NARROWEST)
    return console


def progress_bar(console: Console) -> Progress:
    """A bar that is gone when the work is done; `reporter` moves it.

    Examples
    --------
    >>> progress_bar(plain_console(stderr=True)).finished
    True
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}", markup=False),
        console=console,
        transient=True,
    )


def reporter(bar: Progress, description: str) -> Callable[[int, int, str], None]:
    """``report(done, total, what)`` that shows on the bar; its line appears with the first report.

    Examples
    --------
    >>> bar = progress_bar(plain_console(stderr=True))
    >>> report = reporter(bar, "fitting")
    >>> report(3, 10, "audio-svr")
    >>> bar.tasks[0].percentage
    30.0
    """
    task = None

    def report(done: int, total: int, what: str) -> None:
        nonlocal task
        if task is None:
            task = bar.add_task(description, total=total, what=what)
        bar.update(task, completed=done, total=total, what=what)

    return report


def whole_number(text: str) -> int:
    """Type of an option that is a count, 0 or more.

    Raises
    ------
    argparse.ArgumentTypeError
        For anything else.

    Examples
    --------
    >>> whole_number("12")
    12
    """
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, got {text!r}")
    return int(text)


def positive_number(text: str) -> int:
    """Type of an option that is a count, 1 or more.

    Raises
    ------
    argparse.ArgumentTypeError
        For anything else.

    Examples
    --------
    >>> positive_number("12")
    12
    """
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)
