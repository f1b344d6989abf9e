"""Defaults compared: corpora x settings, what each hands over, the best row that it could have, and its CPU time.

    python benchmarks/ablation.py --data-root DIR --runs DIR [--corpora NAME ...] [--settings NAME ...]

A setting is one change of the default study (`SETTINGS`), a corpus one study with its data (`CORPORA`); one whose data
are not there is named and skipped. Prints one Markdown table: score of the system that was picked, of the best measured
row (chosen by the evaluated clips, so no answer that anybody could give; transductive rows are left out), the regret
between them, and user CPU seconds of all processes. Scores are means over targets of the study's metrics.

Run folders are kept below --runs, so that a repeated call computes only what has changed. A setting starts from the
fits of the default, where those are there: its CPU time is then that of both, which is more than it needs by itself,
and stands behind "up to" (--alone: each from nothing).
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from generated_families import write_family

DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """One change of the default study, as texts for ``--set``.

    Examples
    --------
    >>> Setting("default").sets
    ()
    """

    name: str
    sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """A study and where its data are.

    Attributes
    ----------
    study
        Name of a shipped study; of a generated family None.
    data
        Folder below ``--data-root``; None where the study needs none.
    sets
        What makes this variant of the study; settings come after it.

    Examples
    --------
    >>> Corpus("POM", "pom", "cmu_pom").sets
    ()
    """

    name: str
    study: str | None = None
    data: str | None = None
    sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cost:
    """CPU seconds of the last call that computed anything, and of calls before it in the same folder."""

    seconds: float
    before: float = 0.0

    def __str__(self) -> str:
        return f"up to {self.seconds + self.before:.0f}" if self.before else f"{self.seconds:.0f}"


@dataclass(frozen=True)
class Outcome:
    """What one cell of the table shows."""

    system: str
    picked: float
    best_system: str
    best: float

    @property
    def regret(self) -> float:
        """How much better the best row is."""
        return self.best - self.picked


VOICE = '{egemaps = "${data}/audio_egemapsv02.npz", compare = "${data}/audio_compare2016.npz"}'
NO_TEXT = '{audio = "${data}/audio_covarep_mean.npz", visual = "${data}/visual_3dcnn.npz"}'
# The default fusions of the 21 systems in four folds; the study's own stages take ten minutes.
SEWA = (
    "split={group_kfold = 4}",
    "systems={inner_folds = 5}",
    'predictions.authors-later-stage={path = "${data}/atmaja/CES_AIS_2b", fuse = false}',
    'predictions.organisers-fusion={path = "${data}/avec2019/predictions_svr", fuse = false}',
)
CORPORA = [
    Corpus("small"),
    Corpus("heavy"),
    Corpus("wide"),
    Corpus("quickstart", "quickstart"),
    Corpus("RAVDESS", "ravdess", "ravdess"),
    Corpus("RAVDESS voice", "ravdess", "ravdess", (f"modalities={VOICE}", "systems={learners = ['ridge', 'svr']}")),
    Corpus("POM", "pom", "cmu_pom"),
    Corpus("MOSI without text", "mosi", "cmu_mosi", (f"modalities={NO_TEXT}", "systems={tasks = ['single']}")),
    Corpus("SEWA", "multistage-fusion", "sewa_dev", SEWA),
    Corpus("SEWA stages", "multistage-fusion", "sewa_dev"),
    Corpus("RECOLA", "recola", "recola"),
]
SETTINGS = [
    Setting(DEFAULT),
    Setting("best-row", ("systems.pick='best'",)),
]


def outcome(results: pd.DataFrame, metrics: dict[str, str]) -> Outcome:
    """The picked and the best measured row of a run, by the mean over targets of their own metrics.

    Examples
    --------
    >>> rows = [("late", "yes", 0.5), ("svr", "", 0.6)]
    >>> table = pd.DataFrame(rows, columns=["system", "picked", "value"]).assign(
    ...     protocol="honest", split="all", kind="measured", note="", target="mood", metric="uar")
    >>> round(outcome(table, {"mood": "uar"}).regret, 3)
    0.1
    """
    rows = results[(results["protocol"] == "honest") & (results["split"] == "all") & (results["kind"] == "measured")]
    rows = rows[~rows["note"].astype("string").fillna("").str.contains("transductive")]
    rows = rows[rows["metric"] == rows["target"].map(metrics)]
    scores = rows.groupby("system")["value"].mean()
    picked = rows.loc[rows["picked"] == "yes", "system"].iloc[0]
    best = str(scores.idxmax())
    return Outcome(str(picked), float(scores[picked]), best, float(scores[best]))


def run_cell(corpus: Corpus, setting: Setting, options: argparse.Namespace) -> tuple[Outcome | str, Cost | None]:
    """Run one corpus under one setting; a text says why there is no outcome."""
    data = None if corpus.data is None else options.data_root / corpus.data
    if data is not None and not data.is_dir():
        return f"skipped: no {corpus.data} below --data-root", None
    folder = options.runs / corpus.name.replace(" ", "-")
    study = corpus.study or str(write_family(corpus.name, folder / "data", options.seed, options.share))
    out = folder / setting.name
    before = _started(folder, out, alone=options.alone)
    command = [sys.executable, "-m", "avbaselines.run", study, "--out", str(out), "--protocol", "honest"]
    command += ["--jobs", str(options.jobs)] + ([] if data is None else ["--data", str(data)])
    sets = [*corpus.sets, *setting.sets]
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [*command, *(["--set", *sets] if sets else [])], capture_output=True, text=True, check=False
    )
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - started
    if done.returncode not in (0, 1):
        return f"exit status {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1]}", None
    cost = _kept_cost(out)
    if cost is None or "nothing computed anew" not in done.stderr:
        cost = Cost(seconds, before)
        (out / "cost.json").write_text(json.dumps(asdict(cost)), encoding="utf-8")
    return outcome(pd.read_csv(out / "results.csv", dtype={"split": str}), _metrics(out)), cost


def _started(folder: Path, out: Path, alone: bool) -> float:
    """Lay the default's fits into a new run folder; CPU seconds that went into what the folder holds."""
    default = folder / DEFAULT
    if not out.exists() and not alone and default.is_dir():
        out.mkdir()
        if (default / "work").is_dir():
            shutil.copytree(default / "work", out / "work")
        return _total(_kept_cost(default))
    return _total(_kept_cost(out)) if out.exists() else 0.0


def _kept_cost(folder: Path) -> Cost | None:
    path = folder / "cost.json"
    return Cost(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def _total(cost: Cost | None) -> float:
    return 0.0 if cost is None else cost.seconds + cost.before


def _metrics(out: Path) -> dict[str, str]:
    """The study's metric by target, as the run wrote it down."""
    study = tomllib.loads((out / "study.toml").read_text(encoding="utf-8"))
    return {name: target["metric"] for name, target in study["targets"].items()}


def line(corpus: Corpus, setting: Setting, found: Outcome | str, cost: Cost | None) -> str:
    """One line of the table.

    Examples
    --------
    >>> line(Corpus("POM"), Setting("default"), "skipped: no data", None)
    '| POM | default | skipped: no data | | | |'
    """
    if isinstance(found, str):
        return f"| {corpus.name} | {setting.name} | {found} | | | |"
    picked, best = f"{found.picked:.4f} {found.system}", f"{found.best:.4f} {found.best_system}"
    return f"| {corpus.name} | {setting.name} | {picked} | {best} | {found.regret:.4f} | {cost} |"


def _named(things: Sequence, wanted: Sequence[str], parser: argparse.ArgumentParser) -> list:
    """Those of the names wanted, all where none is."""
    unknown = set(wanted) - {thing.name for thing in things}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(thing.name for thing in things)}")
    return [thing for thing in things if not wanted or thing.name in wanted]


def main(argv: Sequence[str] | None = None, show: Callable[[str], None] = print) -> int:
    """Parse, run the cells in order, show a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--runs", type=Path, required=True, metavar="DIR", help="where run folders are kept")
    parser.add_argument("--corpora", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--settings", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the generated families")
    parser.add_argument("--share", type=float, default=1.0, help="of the clips of the generated families")
    parser.add_argument("--alone", action="store_true", help="no setting starts from the fits of the default")
    options = parser.parse_args(argv)
    corpora, settings = _named(CORPORA, options.corpora, parser), _named(SETTINGS, options.settings, parser)
    show("| corpus | setting | picked | best row | regret | CPU s |\n| --- | --- | --- | --- | ---: | ---: |")
    for corpus in corpora:
        for setting in settings:
            show(line(corpus, setting, *run_cell(corpus, setting, options)))
    return 0


if __name__ == "__main__":
    sys.exit(main(show=lambda text: print(text, flush=True)))
