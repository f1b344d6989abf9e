"""Study files that are bad by design or by chance: each is read and planned, or refused in a line or two."""

import tempfile
from pathlib import Path

from case_types import small
from guard import fault, limit_memory, refusal
from harness import Outcome
from hostile_studies import CASES, structures, texts, write
from hypothesis import HealthCheck, Phase, given, seed, settings

from avbaselines.experiment.study_plan import prepare
from avbaselines.study import load_study

TOPIC = "studies"
PER_ROUND = 15
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]


def plan(path: Path, *overrides: str) -> None:
    """Read, check and plan a study, as ``--dry-run`` does."""
    prepare(load_study(path, overrides), path, path.parent, ["honest"])


def cases(folder: Path) -> list[Outcome]:
    """All named cases."""
    return [
        refusal(TOPIC, name, lambda text=text: plan(write(folder, text)), words)
        for name, (text, words) in CASES.items()
    ]


def chain(folder: Path, length: int) -> Path:
    """A study that extends one that extends one ..."""
    for number in range(length):
        (folder / f"s{number}.toml").write_text(f'extends = "s{number + 1}"\n')
    (folder / f"s{length}.toml").write_text((folder / "study.toml").read_text("utf-8"))
    return folder / "s0.toml"


def mutants(folder: Path, strategy, case: str, number: int, start: int) -> list[Outcome]:
    """The outcomes of so many mutants."""
    found: list[Outcome] = []

    @seed(start)
    @settings(max_examples=number, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=QUIET)
    @given(strategy)
    def tried(text: str) -> None:
        wrong = fault(lambda: plan(write(folder, text)))
        found.append(Outcome(TOPIC, case, not wrong, wrong and f"{wrong} of {text!r}"))

    tried()
    return found


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Named cases, chains of extends, and thirty mutants a round."""
    limit_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small().write(folder)
        long = refusal(TOPIC, "1,500 studies that extend one another", lambda: plan(chain(folder, 1_500)), "extends")
        return [
            long,
            *cases(folder),
            *mutants(folder, structures(), "mutants: values and keys", PER_ROUND * rounds, seed),
            *mutants(folder, texts(), "mutants: signs", PER_ROUND * rounds, seed + 1),
        ]
