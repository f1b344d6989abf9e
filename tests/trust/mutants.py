"""Faults put into the code that computes figures, one at a time, on a copy: the tests of that file have to notice each.

    python tests/trust/mutants.py                          every mutant; prints a table
    python tests/trust/mutants.py --only matching folds    those of some files

A mutant that survives is a line that no test holds; it is listed with a reason in `EQUAL`, or it needs a test.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Before numpy: what is forked later has no threads to lose.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import lightgbm  # noqa: E402, F401  # libraries that every test file imports, once for all mutants
import pandas  # noqa: E402, F401
import pytest  # noqa: E402
import scipy.stats  # noqa: E402, F401
import sklearn.svm  # noqa: E402, F401
import xgboost  # noqa: E402, F401

ROOT = Path(__file__).resolve().parents[2]
EVALUATION, ESTIMATORS = "avbaselines/evaluation", "avbaselines/estimators"


@dataclass(frozen=True)
class Mutant:
    """A place in a file, what is put there, and the tests that have to notice; `reason` says why none can."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    reason: str = ""


def _of(file: str, tests: tuple[str, ...], *changes: tuple[str, ...]) -> list[Mutant]:
    return [Mutant(file, change[0], change[1], tests, *change[2:]) for change in changes]


MUTANTS = [
    *_of(
        f"{EVALUATION}/regression_sums.py",
        ("tests/evaluation/test_regression_sums.py", "tests/evaluation/test_metrics.py"),
        ("spread = var_t + var_p + (mean_t - mean_p) ** 2", "spread = var_t + var_p"),
        ("ratio(2 * covariance, spread", "ratio(covariance, spread"),
        ("tt - mean_t**2, pp - mean_p**2", "tt, pp"),
        ("centre, scale = truth.mean(), truth.std() or 1.0", "centre, scale = prediction.mean(), truth.std() or 1.0"),
        ("np.sqrt(var_t) * np.sqrt(var_p)", "var_t * var_p"),
        ("return np.sqrt(mean(sums))", "return mean(sums)"),
        ("loss(prediction - truth), n_groups)", "loss(prediction + truth), n_groups)"),
        ("(group_of[recording] != groups).any()", "(group_of[recording] != groups).all()"),
        ("return np.where(np.asarray(present) > 0, quotient, np.nan)", "return quotient"),
    ),
    *_of(
        f"{EVALUATION}/class_sums.py", ("tests/evaluation/test_class_sums.py", "tests/evaluation/test_metrics.py"),
        ("hits.sum(axis=-1) / truths.sum(axis=-1)", "hits.mean(axis=-1) / truths.sum(axis=-1)"),
        ("(truths > 0).sum(axis=-1)", "truths.shape[-1]"),
        ("(truths + predictions > 0).sum(axis=-1)", "truths.shape[-1]"),
        ("* truths).sum(axis=-1) / truths.sum", "* predictions).sum(axis=-1) / truths.sum"),
        ("n_classes + truth) * n_classes + prediction", "n_classes + prediction) * n_classes + truth"),
    ),
    *_of(
        f"{EVALUATION}/metrics.py", ("tests/evaluation/test_metrics.py",),
        ("return value if self.higher_is_better else -value", "return value"),
        ("return (a, b) if self.higher_is_better else (b, a)", "return (a, b)"),
        ("rows = np.flatnonzero(labelled(truth))", "rows = np.arange(len(truth))"),
    ),
    *_of(
        f"{EVALUATION}/selection_score.py", ("tests/evaluation/test_selection_score.py",),
        ("value / np.nanstd(y)", "value"),
        ("metric.oriented(value", "(value"),
        ("combined.value: -combined.weight", "combined.value: combined.weight"),
        ("predicted if classes else predicted[:, 0]", "predicted[:, 0]"),
        ("else np.mean(values))", "else np.sum(values))"),
    ),
    *_of(
        f"{ESTIMATORS}/tuned/group_folds.py", ("tests/estimators/tuned/test_group_folds.py",),
        ("order = order[np.argsort(-counts[order, 0]", "order = order[np.argsort(counts[order, 0]"),
        ("fold_of_group[codes]", "np.arange(len(codes)) % n_folds"),
        ("if groups is not None:\\n        _refuse_split_groups", "if groups is None:\\n        _refuse_split_groups"),
        ("np.flatnonzero(folds != number), np.flatnonzero(folds == number), groups, number)\\n\\n",
         "np.flatnonzero(folds == number), np.flatnonzero(folds != number), groups, number)\\n\\n",
         "the same two sets, whose common groups do not depend on their order"),
        ("n_folds = min(int(n_folds), len(names))", "n_folds = int(n_folds)",
         "a fold without groups is left out by the numbering at the end"),
        ("(folds[test] >= 0).any()", "False"),
        ("np.flatnonzero(folds != number)):", "np.unique(_as_indices(train, n))):"),
        ("filled[fold] += shares[group]", "filled[fold] = shares[group]"),
        ("overlap <= overlap.min() + 1e-12", "overlap >= overlap.max() - 1e-12"),
    ),
    *_of(
        f"{ESTIMATORS}/tuned/matching.py", ("tests/estimators/tuned/test_matching.py",),
        ("return self.offset + self.factor * prediction", "return self.offset + prediction"),
        ("truth.std() / spread", "spread / truth.std()"),
        ("(truth.std() / spread) ** weight", "truth.std() / spread"),
        ("factor = share * (", "factor = ("),
        ("truth.mean() - factor * prediction.mean()", "truth.mean() - prediction.mean()"),
        ("here, others = folds == fold, (folds != fold) & (folds >= 0)", "here, others = folds == fold, folds >= 0"),
        ("(folds != fold) & (folds >= 0)", "folds != fold"),
        ("n_groups / (n_groups + self.shrinkage)", "1.0"),
        ("rows = ~np.isnan(p) & ~np.isnan(t)", "rows = ~np.isnan(t)"),
        ("np.clip(matched, *self.range)", "matched"),
        ("return 0.0, truth.mean()", "return 1.0, truth.mean()"),
    ),
    *_of(
        f"{ESTIMATORS}/multitarget/chain_steps.py",
        ("tests/estimators/multitarget/test_chain_steps.py", "tests/estimators/multitarget/test_chain.py"),
        ("known = labelled & (self._folds != fold)", "known = labelled"),
        ("inputs = [self.oof(earlier) - self._centres(earlier[-1])[0]", "inputs = [self.oof(earlier)"),
        ("- self.steps[earlier].centre for", "for"),
        ('"cv": PredefinedSplit(folds)', '"cv": 5'),
        ("own + [name[:k] for k in range(1, len(name))]", "own"),
        ("fitted(labelled & (self._folds != fold))", "fitted(labelled)"),
        ("[X, *(v.astype(X.dtype) for v in inputs)]", "[X]"),
    ),
    *_of(
        f"{ESTIMATORS}/fusion/stacking.py", ("tests/estimators/fusion/test_stacking.py",),
        ("= np.flatnonzero(folds == fold), kept & (folds != fold)", "= np.flatnonzero(folds == fold), kept"),
        ("solver.solve([fold])", "solver.solve([])"),
        ("if value > best[t][0]:", "if value < -best[t][0]:"),
        ("matching = self.matching and not self.resubstitution", "matching = True"),
        ("np.nansum(X, axis=0) / counts", "np.nansum(X, axis=0) / len(X)"),
        ("present = (~missing).sum(axis=1, keepdims=True)", "present = X.shape[1]"),
        ("rows = ~np.isnan(Y[:, t])", "rows = np.ones(len(Y), bool)"),
        ("value = design @ coef + intercept", "value = design @ coef"),
        ("return value + start * self._sums(X)[:, t] if start else value", "return value"),
        ("Y[labelled, t], oof[labelled, t, p], matching)", "Y[labelled, t], oof[labelled, t, 0], matching)"),
    ),
    *_of(
        "avbaselines/experiment/scoring/selection_score.py", ("tests/experiment/scoring/test_selection_score.py",),
        ("corpus.y[target.name][split.fit]", "corpus.y[target.name][: len(split.fit)]"),
        ("recording_codes(corpus.recordings)[split.fit]", "recording_codes(corpus.recordings)[: len(split.fit)]"),
        ("oof, codes, corpus.combined)", "oof, codes, None)"),
    ),
]  # fmt: skip


def killed(mutant: Mutant, copy: Path) -> bool | None:
    """Whether a test notices; None where the place is not there."""
    path = copy / mutant.file
    whole, old, new = path.read_text("utf-8"), *(text.replace("\\n", "\n") for text in (mutant.old, mutant.new))
    if whole.count(old) < 1:
        return None
    path.write_text(whole.replace(old, new, 1), "utf-8")
    child = os.fork()  # which has the libraries already, and takes the package from the copy
    if not child:
        signal.alarm(900)
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        os._exit(int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *mutant.tests])))
    _, status = os.waitpid(child, 0)
    path.write_text(whole, "utf-8")
    return os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == pytest.ExitCode.TESTS_FAILED


def main() -> int:
    """Print the table; 1 where a mutant survives that `reason` does not explain."""
    parser = argparse.ArgumentParser(description="Faults that the tests have to notice")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="files whose path holds a word")
    asked = parser.parse_args()
    wanted = [one for one in MUTANTS if not asked.only or any(word in one.file for word in asked.only)]
    left = 0
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv", "runs", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, copy, ignore=ignored)
        print("| file | fault | noticed |\n| --- | --- | --- |", flush=True)
        for one in wanted:
            found = killed(one, copy)
            left += not found and not one.reason
            told = "place not found" if found is None else "yes" if found else f"no: {one.reason or 'unexplained'}"
            shown = f"`{one.old.strip()}` → `{one.new.strip()}`".replace("|", "\\|")
            print(f"| {one.file.removeprefix('avbaselines/')} | {shown} | {told} |", flush=True)
    print(f"\n{len(wanted)} mutants, {left} unexplained survivors")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
