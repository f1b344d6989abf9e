"""Regenerate the tables of benchmarks/README.md: run the scripts and put what they print between their markers.

    python benchmarks/tables.py [--quick] [NAMES] [--data ravdess=DIR pom=DIR] [--list]

A script prints its table, and sentences on it, as Markdown on standard output; tables of several calls with the same
heads become one. What is written has the date, the commit and the machine in its first line; text outside of the
markers stays as it is. Without names all tables are made anew, with ``--quick`` those that take less than a minute of
CPU time, or a smaller version of them that is printed and not written. A table whose data is not given, or whose script
fails, keeps what it has, and is named; so does a table of peers that are not installed, row by row.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
README = FOLDER / "README.md"
LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "xgboost", "optuna")


@dataclass(frozen=True)
class Table:
    """One table of the page, and the calls that print it.

    Attributes
    ----------
    name : str
        Of its markers.
    calls : tuple of str
        Script and arguments; ``{corpus}`` stands for the folder of a corpus.
    quick : tuple of str
        Calls of less than a minute of CPU time; the same ones where the table itself takes no longer, empty where there
        are none.
    """

    name: str
    calls: tuple[str, ...]
    quick: tuple[str, ...] = ()

    def commands(self, calls: Iterable[str], data: Mapping[str, str]) -> list[list[str]]:
        """The calls with their folders; KeyError where one is not given."""
        return [[part.format_map(data) for part in call.split()] for call in calls]


TABLES = (
    Table("svr-grid", ("svr_grid.py --ravdess {ravdess}", "svr_grid.py --random 5000 --fits 2"),
          ("svr_grid.py --random 800 --fits 3",)),
    Table("peers-ravdess", ("peers.py ravdess --data {ravdess} --splits 1 --jobs 2",),
          ("peers.py quickstart --splits 1 --jobs 1 --peers suite",)),
    Table("peers-pom", ("peers.py pom --data {pom} --splits 1 --jobs 2",)),
    Table("scaling", ("scaling.py", "scaling.py --clips 20000 --features 6373"),
          ("scaling.py --clips 2000 20000 --learners ridge lightgbm",)),
    Table("gpu", ("gpu.py",)),
    Table("preprocessing", ("preprocessing_defaults.py --ravdess {ravdess} --pom {pom} --mosi {mosi}",),
          ("preprocessing_defaults.py --parts scaling",)),
    Table("whole-run", ("scaling.py --whole 20000 --features 6373 --jobs 2",),
          ("scaling.py --whole 1000 --features 500 --jobs 1",)),
    Table("long-recordings",
          ("long_recordings.py --recordings 10 20", "long_recordings.py --recordings 200 --learners ridge"),
          ("long_recordings.py --recordings 5 10 --learners ridge",)),
    Table("second-call",
          ("second_call.py quickstart", "second_call.py multistage-fusion --data {sewa} -- --protocol both"),
          ("second_call.py quickstart -- --only ridge* late-mean --jobs 1",)),
    Table("delay", ("delay.py",), ("delay.py",)),
    Table("killed-search", ("killed_search.py",), ("killed_search.py --trials 20 --kills 2",)),
    Table("extraction", ("extraction.py {ravdess}/audio",)),
    Table("group-ridge", ("group_ridge.py --data {sewa}",), ("group_ridge.py --threads 1 --repeats 1",)),
)  # fmt: skip


def printed(commands: Sequence[Sequence[str]]) -> str:
    """What scripts print, in order, tables with the same heads put together.

    Raises
    ------
    RuntimeError
        A script fails; with the last line that it wrote.
    """
    texts = []
    for script, *arguments in commands:
        command = [sys.executable, str(FOLDER / script), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
        texts.append(done.stdout)
    return joined(texts)


def joined(texts: Iterable[str]) -> str:
    """Markdown of several calls: rows below the first heads that are theirs, then all sentences.

    Examples
    --------
    >>> print(joined(["| a |\\n| --- |\\n| 1 |\\n\\nSmall.", "| a |\\n| --- |\\n| 2 |"]))
    | a |
    | --- |
    | 1 |
    | 2 |
    <BLANKLINE>
    Small.
    """
    tables: dict[tuple[str, ...], list[str]] = {}
    sentences = []
    for text in texts:
        heads: tuple[str, ...] | None = None
        lines = text.strip().splitlines()
        for number, line in enumerate(lines):
            if not line.startswith("|"):
                heads = None
                sentences += [line] if line.strip() else []
            elif heads is None:
                heads = (line, lines[number + 1])
                tables.setdefault(heads, [])
            elif line != heads[1]:
                tables[heads].append(line)
    blocks = ["\n".join([*heads, *rows]) for heads, rows in tables.items()]
    return "\n\n".join([*blocks, *(["\n".join(sentences)] if sentences else [])])


def placed(page: str, name: str, text: str) -> str:
    """The page with a text between the markers of a table.

    Examples
    --------
    >>> placed("Before\\n<!-- table: delay -->\\nold\\n<!-- end -->\\nafter", "delay", "new").splitlines()[1:4]
    ['<!-- table: delay -->', 'new', '<!-- end -->']
    """
    pattern = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise KeyError(f"{README.name} has no markers of table {name!r}")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)


def provenance() -> str:
    """Date, commit and machine in one line."""
    git = ["git", "-C", str(FOLDER), "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or "no commit"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (f"*{date.today()}, commit {commit}; {os.cpu_count()} {platform.machine()} cores, {memory:.0f} GiB; "
            f"Python {platform.python_version()}, {libraries}.*")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAMES", help="tables; all by default")
    parser.add_argument("--quick", action="store_true", help="nothing that takes a minute")
    parser.add_argument("--data", nargs="+", default=[], metavar="CORPUS=DIR")
    parser.add_argument("--list", action="store_true", help="the tables and their calls")
    options = parser.parse_args()
    unknown = set(options.names) - {table.name for table in TABLES}
    if unknown:
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(table.name for table in TABLES)}")
    data = dict(text.partition("=")[::2] for text in options.data)
    failed = 0
    for table in TABLES:
        calls = table.quick if options.quick else table.calls
        if options.names and table.name not in options.names or not calls:
            continue
        if options.list:
            print(f"{table.name}: {'; '.join(calls)}")
            continue
        try:
            text = printed(table.commands(calls, data))
        except KeyError as corpus:
            print(f"{table.name}: not run, for --data {corpus.args[0]}=DIR is not given", file=sys.stderr)
            continue
        except RuntimeError as error:
            failed += 1
            print(f"{table.name}: {error}", file=sys.stderr)
            continue
        print(f"{table.name}\n\n{text}\n", flush=True)
        if calls == table.calls:  # the page is read anew: it may have been written to in between
            page = placed(README.read_text(encoding="utf-8"), table.name, f"{provenance()}\n\n{text}")
            README.write_text(page, encoding="utf-8")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
