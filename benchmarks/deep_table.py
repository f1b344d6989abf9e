"""The suite's picked system against a small neural network on the same clips, features and folds, in one table.

Of each study: the suite is run, `examples/deep_reference.py` trains its networks on the splits of that run, and the
suite is run again with all their predictions beside its own (nothing is fitted anew). The score is the study's own
metric, mean over targets. "One network" is the mean score of the single networks, with their deviation over seeds;
"mean of all seeds" the score of their averaged predictions. The picked system is compared with both: difference with
its 95 % interval over groups, and the verdict by the study's margin. CPU seconds are of all processes: of the suite
for everything that it tries, of a network for all of its seeds. Needs PyTorch.

    python benchmarks/deep_table.py OUT --data pom=POM_TABLES ravdess=RAVDESS_TABLES [--studies quickstart pom ravdess]

What lies in OUT already is not done again; its costs stand in OUT/costs.csv. pom-multitask has the clips, features and
splits of pom: where OUT has both, the networks trained for pom stand beside both.
"""

import argparse
import filecmp
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ("quickstart", "ravdess", "pom")
SAME_SPLITS = {"pom-multitask": "pom"}
# Networks of a study, by name: further arguments. Tables of sequences are also given as the suite's functionals.
NETWORKS = {"network": []}
OF_SEQUENCES = {"GRU": [], "functionals": ["--flat"]}
SEQUENCES = ("pom", "pom-multitask")


class Costs:
    """CPU seconds of what was done, kept in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        known = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["study", "step", "cpu_seconds"])
        self.seconds = {(row.study, row.step): row.cpu_seconds for row in known.itertuples()}

    def run(self, study: str, step: str, command: Sequence[str]) -> None:
        """Run a command unless its cost is known, and write its cost down."""
        if (study, step) in self.seconds:
            return
        before = _children()
        with open(self.path.parent / f"{study}-{step}.log", "w") as log:
            subprocess.run([sys.executable, *command], check=True, cwd=ROOT, stdout=log, stderr=log)
        self.seconds[study, step] = round(_children() - before, 1)
        rows = [(*key, seconds) for key, seconds in self.seconds.items()]
        pd.DataFrame(rows, columns=["study", "step", "cpu_seconds"]).to_csv(self.path, index=False)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(study: str, out: Path, data: Path | None, seeds: int, costs: Costs) -> None:
    """Run the suite, train the networks, and run the suite with their predictions beside its own."""
    place = ["--data", str(data)] if data else []
    run, suite = out / study / "run", ["-m", "avbaselines.run", study, *place, "--jobs", "1"]
    costs.run(study, "suite", [*suite, "--out", str(run)])
    trained_for = _trained_for(study, out)
    compared = []
    for name, further in (OF_SEQUENCES if study in SEQUENCES else NETWORKS).items():
        folder = out / trained_for / name
        example = ["examples/deep_reference.py", str(run), *place, "--out", str(folder), "--seeds", str(seeds)]
        costs.run(trained_for, name, [*example, *further])
        for mode in _seconds(folder):
            files = {"": f"{mode}-seed*.csv", "-mean": f"{mode}.csv"}
            files |= {file.stem.removeprefix(mode): file.name for file in folder.glob(f"{mode}-seed*.csv")}
            compared += [f"{name}-{mode}{part}={folder.resolve() / file}" for part, file in files.items()]
    beside = [part for text in compared for part in ("--compare", text)]
    costs.run(study, "comparison", [*suite, "--out", str(run), *beside])


def _trained_for(study: str, out: Path) -> str:
    """The study whose networks stand beside this one: itself, or one of the same splits."""
    other = SAME_SPLITS.get(study)
    files = [out / one / "run" / "splits.csv" for one in (study, other)] if other else []
    if other and all(file.is_file() for file in files) and filecmp.cmp(*files, shallow=False):
        return other
    return study


def rows(study: str, out: Path, costs: Costs) -> Iterator[tuple[str, ...]]:
    """A row of the table for each network of a study."""
    run, trained_for = out / study / "run", _trained_for(study, out)
    results = pd.read_csv(run / "results.csv", dtype={"split": str}).query("split == 'all' and target == 'mean'")
    tests = pd.read_csv(run / "comparisons.csv").set_index(["system_a", "system_b"])
    picked = results[results["picked"] == "yes"].iloc[0]
    scores = results[results["metric"] == picked["metric"]].set_index("system")
    for name in OF_SEQUENCES if study in SEQUENCES else NETWORKS:
        for mode, seconds in _seconds(out / trained_for / name).items():
            deviation = scores.loc[scores.index.str.startswith(f"{name}-{mode}-seed"), "value"].std()
            cells = [
                f"{study}, {picked['metric']}",
                f"{picked['system']} {_figure(picked)}",
                f"{costs.seconds[study, 'suite']:.0f}",
                f"{name}, {mode}-task",
                f"{seconds:.0f}",
            ]
            for system, spread in ((f"{name}-{mode}", f" (deviation {deviation:.3f})"), (f"{name}-{mode}-mean", "")):
                test = tests.loc[(picked["system"], system)]
                difference = f"{test['difference']:+.3f} [{test['ci_low']:+.3f}, {test['ci_high']:+.3f}]"
                cells += [_figure(scores.loc[system]) + spread, f"{difference}, {test['verdict']}"]
            yield tuple(cells)


def _seconds(folder: Path) -> dict[str, float]:
    """CPU seconds of all seeds of a network, by mode."""
    return pd.read_csv(folder / "cpu.csv").groupby("mode", sort=False)["cpu_seconds"].sum().to_dict()


def _figure(row: pd.Series) -> str:
    return f"{row['value']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"


def main() -> None:
    """Measure what is missing, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--studies", nargs="+", default=STUDIES, metavar="STUDY")
    parser.add_argument("--data", nargs="+", default=[], metavar="STUDY=FOLDER")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    folders = {study: Path(folder) for study, _, folder in (text.partition("=") for text in options.data)}
    options.out.mkdir(parents=True, exist_ok=True)
    costs = Costs(options.out / "costs.csv")
    heads = ("study", "picked by the suite", "CPU s", "network", "CPU s", "one network", "suite - it, the suite is")
    heads += ("mean of all seeds", "suite - it, the suite is")
    print("| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    for study in options.studies:
        measure(study, options.out, folders.get(study), options.seeds, costs)
        for row in rows(study, options.out, costs):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
