"""Finished work spoilt at random: the next call finds it, does it again and ends with the same results."""

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from harness import Outcome
from long_order import differences
from small_study import SmallStudy, small_release

Spoil = Callable[[Path, Path, np.random.Generator], None]
"""``spoil(path, other, rng)`` changes a file; `other` is another one of its kind."""
OVERRIDES = ("systems.learners=['ridge', 'lightgbm']", "systems.transductive=[]", "systems.early='none'",
             "systems.fusion=['mean']", "targets={arousal={metric='ccc'}}")  # fmt: skip


def cut(path: Path, other: Path, rng: np.random.Generator) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(rng.integers(len(content)))])


def flip(path: Path, other: Path, rng: np.random.Generator) -> None:
    content = bytearray(path.read_bytes())
    content[int(rng.integers(len(content)))] ^= int(rng.integers(1, 256))
    path.write_bytes(content)


def overwrite(path: Path, other: Path, rng: np.random.Generator) -> None:
    path.write_bytes(rng.bytes(int(rng.integers(1, 2000))))


def zeros(path: Path, other: Path, rng: np.random.Generator) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def mistaken(path: Path, other: Path, rng: np.random.Generator) -> None:
    shutil.copy(other, path)


WAYS: dict[str, Spoil] = {
    "broken off": cut,
    "a byte changed": flip,
    "garbage": overwrite,
    "zeros": zeros,
    "another file of its kind": mistaken,
}


def study_and_run(folder: Path) -> tuple[SmallStudy, Path]:
    """A small study and its finished run, with what the run folder keeps for the next call."""
    study = small_release(folder, speakers=6, clips=6)
    return study, study.run(*OVERRIDES).folder


def arrays_in(model: Path) -> list[int]:
    """Checksums of all arrays and texts in a model file; the schema beside them numbers objects anew each time."""
    with zipfile.ZipFile(model) as file:
        return sorted(member.CRC for member in file.infolist() if member.filename != "schema.json")


def spoilt(study: SmallStudy, run: Path, way: str, suffix: str, rng: np.random.Generator) -> list[str]:
    """What went wrong with a run of which one finished file is spoilt and which is then called again."""
    trial = run.parent / f"{run.name}-spoilt"
    shutil.copytree(run, trial)
    try:
        files = sorted(path for path in (trial / "work").glob(f"*{suffix}") if path.name[0] != ".")
        path, other = (files[place] for place in rng.permutation(len(files))[:2])
        WAYS[way](path, other, rng)
        again = study.run(*OVERRIDES, out=trial.name)
        models = [place.parent.name for place in run.glob("models/*/model.skops")
                  if arrays_in(place) != arrays_in(trial / place.relative_to(run))]  # fmt: skip
        return [
            *differences(run, trial),
            *([] if [place.name for place in again.result.damaged] == [path.name] else ["it was not said"]),
            *([] if again.computed == 1 else [f"{again.computed} fits were done instead of 1"]),
            *(f"another model of {name} is shipped" for name in models),
        ]
    finally:
        shutil.rmtree(trial)


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Spoil a file of each kind in each way, so many times."""
    outcomes, rng = [], np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        study, run = study_and_run(Path(folder))
        for number in range(rounds):
            way = list(WAYS)[number % len(WAYS)]
            for kind, suffix in (("finished fit", ".npz"), ("stored model", ".skops")):
                wrong = spoilt(study, run, way, suffix, rng)
                outcomes.append(Outcome("damage", f"{kind}: {way}", not wrong, "; ".join(wrong)))
    return outcomes
