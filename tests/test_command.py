import argparse
import io
import subprocess
import sys

import pytest

from avbaselines import command
from avbaselines.errors import InputError


def leave(error, debug=False):
    def work():
        raise error

    return command.exit_status(work, debug=debug, interrupted="call again")


@pytest.mark.parametrize("status", [command.DONE, command.FAILED])
def test_the_status_of_the_work_is_handed_on(status):
    assert command.exit_status(lambda: status, debug=False, interrupted="") == status


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (InputError("study.toml: no title"), command.BAD_INPUT, "error: study.toml: no title\n"),
        (OSError(28, "No space left on device", "results.csv"), command.BAD_INPUT,
         "error: results.csv: No space left on device\n"),
        (OSError("odd"), command.BAD_INPUT, "error: reading or writing: odd\n"),
        (KeyboardInterrupt(), command.INTERRUPTED, "interrupted; call again\n"),
    ],
)  # fmt: skip
def test_what_stopped_the_work_is_one_line(capsys, error, status, line):
    assert leave(error) == status
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("error", [InputError("bad"), OSError(28, "full", "results.csv")])
def test_debug_shows_where_it_came_from(capsys, error):
    assert leave(error, debug=True) == command.BAD_INPUT
    assert "Traceback" in capsys.readouterr().err


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        leave(ZeroDivisionError())


def test_brackets_are_no_markup():
    stream = io.StringIO()
    command.plain_console(file=stream).print("clips[bold]")
    assert stream.getvalue() == "clips[bold]\n"


def test_a_reporter_moves_one_line_of_the_bar():
    bar = command.progress_bar(command.plain_console(file=io.StringIO()))
    report = command.reporter(bar, "fitting")
    assert not bar.tasks
    report(0, 4, "a")
    report(3, 4, "b")
    [task] = bar.tasks
    assert (task.description, task.completed, task.total, task.fields["what"]) == ("fitting", 3, 4, "b")


@pytest.mark.parametrize(("kind", "least"), [(command.whole_number, 0), (command.positive_number, 1)])
def test_counts_are_checked(kind, least):
    assert kind(str(least)) == least
    for text in (str(least - 1), "1.5", "many"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number"):
            kind(text)


def test_a_terminal_of_one_column_gets_lines_and_not_letters(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "1")
    command.plain_console().print("everything is there")
    assert capsys.readouterr().out == "everything is there\n"


WITHOUT_STREAMS = """
import os, sys
from avbaselines.command import exit_status
def work():
    print("to nobody \\udcff")
    with open(sys.argv[1], "w") as file:
        print("to nobody", flush=True)
        file.write("whole")
    return 0
sys.exit(exit_status(work, debug=False, interrupted=""))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="closes streams as a shell does")
def test_a_command_without_streams_does_its_work(tmp_path):
    shell = 'exec "$0" -c "$1" "$2" <&- >&- 2>&-'
    words = ["sh", "-c", shell, sys.executable, WITHOUT_STREAMS, str(tmp_path / "file")]
    assert subprocess.run(words).returncode == 0
    assert (tmp_path / "file").read_text() == "whole"
