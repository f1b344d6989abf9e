"""Trials of what a figure must be able to rely on, run topic by topic, and the one table of what they found.

A topic is a file ``tests/trust/long_<topic>.py`` with a function ``trial(rounds, seed) -> list[Outcome]``: `rounds` is
how many random draws it makes of each kind (a topic whose draws are cheap makes a multiple of it), `seed` fixes them.
Each topic runs in a process of its own, so that one that dies or hangs is a row of the table and not its end.

    python tests/trust/harness.py                      every topic; writes docs/trust_table.md
    python tests/trust/harness.py --only payloads      some topics; prints the table and writes nothing
"""

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "trust_table.md"
ROUNDS, MINUTES = 50, 20
OF_THIS_MACHINE = re.compile(re.escape(tempfile.gettempdir()) + r"/[^/\s]+/")


@dataclass(frozen=True)
class Outcome:
    """What one trial found.

    Attributes
    ----------
    topic : str
        Name of the file without ``long_``.
    case : str
        What was tried; trials of one case share a row of the table.
    held : bool
    detail : str
        What was measured, or what went wrong.
    """

    topic: str
    case: str
    held: bool
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """All outcomes of one topic, and how long it took in seconds."""

    topic: str
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.held)


def topics() -> list[str]:
    """Names of all topics, in the order in which they run."""
    return sorted(path.stem.removeprefix("long_") for path in HERE.glob("long_*.py"))


def run_topic(topic: str, rounds: int, seed: int) -> list[Outcome]:
    """Outcomes of a topic in this process; a trial that raises is one that did not hold."""
    for folder in (HERE, HERE.parent / "helpers", HERE.parent / "inputs", ROOT / "benchmarks"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    try:
        outcomes = importlib.import_module(f"long_{topic}").trial(rounds, seed)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
        return [Outcome(topic, "the trial itself", False, told)]
    return outcomes or [Outcome(topic, "the trial itself", False, "tried nothing")]


def run_apart(topic: str, rounds: int, seed: int, minutes: float) -> Finding:
    """Run a topic in a process of its own, within a limit of time."""
    began = time.monotonic()
    environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1") | os.environ
    command = [sys.executable, str(HERE / "harness.py"), "--child", topic, "--rounds", str(rounds), "--seed", str(seed)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=minutes * 60, cwd=ROOT, env=environment)
        lines = [line for line in done.stdout.splitlines() if line.startswith('{"topic"')]
        outcomes = [Outcome(**json.loads(line)) for line in lines]
        if done.returncode != 0 or not outcomes:
            told = (done.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
            outcomes.append(Outcome(topic, "the trial itself", False, f"ended with {done.returncode}: {told}"))
    except subprocess.TimeoutExpired:
        outcomes = [Outcome(topic, "the trial itself", False, f"not done after {minutes:g} minutes")]
    return Finding(topic, tuple(outcomes), time.monotonic() - began)


def markdown(findings: Sequence[Finding], made: str) -> str:
    """The tables of all topics and of their cases, and a list of what did not hold."""
    trials = sum(len(finding.outcomes) for finding in findings)
    failed = [outcome for finding in findings for outcome in finding.failed]
    lines = [
        f"{made}: {trials:,} trials, {len(failed):,} did not hold.",
        "",
        "| topic | trials | held | not held | seconds |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(_row(finding) for finding in findings),
        "",
        "| topic | case | trials | held | measured |",
        "| --- | --- | ---: | ---: | --- |",
        *(line for finding in findings for line in _case_rows(finding)),
        "",
    ]
    if failed:
        told = (f"- {outcome.topic}, {_cell(outcome.case)}: {_cell(outcome.detail)}" for outcome in failed)
        lines += ["Did not hold:", "", *told, ""]
    return "\n".join(lines)


def _row(finding: Finding) -> str:
    trials, failed = len(finding.outcomes), len(finding.failed)
    return f"| {finding.topic} | {trials:,} | {trials - failed:,} | {failed:,} | {finding.seconds:.0f} |"


def _case_rows(finding: Finding) -> list[str]:
    rows = []
    for case in dict.fromkeys(outcome.case for outcome in finding.outcomes):
        own = [outcome for outcome in finding.outcomes if outcome.case == case]
        measured = dict.fromkeys(outcome.detail for outcome in own if outcome.held and outcome.detail)
        shown = _cell(next(iter(measured))) if len(measured) == 1 else ""
        rows.append(f"| {finding.topic} | {_cell(case)} | {len(own):,} | {sum(one.held for one in own):,} | {shown} |")
    return rows


def _cell(text: str, most: int = 200) -> str:
    """Text as a cell of a Markdown table: one line, nothing that is read as markup, no place of this machine."""
    text = OF_THIS_MACHINE.sub("FOLDER/", text.replace(str(ROOT), "CHECKOUT"))
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    cut = plain if len(plain) <= most else plain[: most - 1] + "…"
    return "".join(f"\\{sign}" if sign in "\\|<>&`*_[]$" else sign for sign in cut)


def _made() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, cwd=ROOT).stdout.strip()

    dirty = git("status", "--porcelain", "--", "avbaselines", "tests")
    changed = ", with changes that are not committed" if dirty else ""
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"


def main(words: Iterable[str] | None = None) -> int:
    """Run what the command line asks for; 1 where something did not hold."""
    parser = argparse.ArgumentParser(description="Trials of what a figure must be able to rely on")
    parser.add_argument("--only", nargs="+", choices=topics(), metavar="TOPIC", help="these topics; writes no page")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"random draws of each kind (default {ROUNDS})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"limit of one topic (default {MINUTES})")
    parser.add_argument("--jobs", type=int, default=2, help="topics run at a time (default 2)")
    parser.add_argument("--child", choices=topics(), help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.child:
        for outcome in run_topic(asked.child, asked.rounds, asked.seed):
            print(json.dumps(asdict(outcome)))
        return 0
    wanted = asked.only or topics()
    with ThreadPoolExecutor(asked.jobs) as pool:
        done = pool.map(lambda topic: run_apart(topic, asked.rounds, asked.seed, asked.minutes), wanted)
        findings = []
        for finding in done:
            print(f"{finding.topic}: {len(finding.outcomes)} trials, {len(finding.failed)} did not hold, "
                  f"{finding.seconds:.0f} s", file=sys.stderr, flush=True)  # fmt: skip
            findings.append(finding)
    table = markdown(findings, _made())
    print(table)
    if not asked.only:
        PAGE.write_text(table, encoding="utf-8")
    return int(any(finding.failed for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
