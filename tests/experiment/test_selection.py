"""Late fusion of the best few inputs in a run: honest about having chosen."""

import numpy as np
import pytest
from small_study import SmallStudy, people, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.scheduler import fit_systems


def noise_study(folder, names, clips, best=1) -> SmallStudy:
    """Predictions of other models alone, and two means of the best few."""
    return write_study(
        folder, clips, split={"column": "partition", "train": ["train"], "test": ["test"]},
        targets={"arousal": {"metric": "ccc"}}, predictions={name: f"{name}.csv" for name in names},
        systems={"inner_folds": 4, "fusion": [
            {"name": "lucky-mean", "method": "mean", "best": best},
            {"name": "second-mean", "method": "mean", "best": 2, "inputs": ["*", "lucky-mean"]},
        ]},
    )  # fmt: skip


def test_luck_in_choosing_does_not_show_out_of_fold(tmp_path):
    """The best of systems that know nothing looks good where it was chosen; the stage is told by choices without it."""
    rng = np.random.default_rng(3)
    n, names = 72, [f"n{number}" for number in range(30)]
    clips = people(24, 3).assign(arousal=rng.normal(size=n))
    known = rng.normal(size=(30, n))
    for name, values in zip(names, known, strict=True):
        clips[["clip_id"]].assign(arousal=values).to_csv(tmp_path / f"{name}.csv", index=False)
    run = noise_study(tmp_path, names, clips).prepare()
    fitted = fit_systems(run, tmp_path / "run", RunOptions())
    assert not fitted.failures
    (split,) = run.corpus.splits
    folds, y, known = fitted.tasks[split.id].folds, run.corpus.y["arousal"][split.fit], known[:, split.fit]

    def best(of):
        return max(range(30), key=lambda number: np.corrcoef(known[number, of], y[of])[0, 1])

    def oof(name):
        system = next(system for system in run.systems if name in system.labels)
        return fitted.source(split.id, system).load(fitted.store).oof["arousal"][:, 0]

    choices = {fold: best(folds != fold) for fold in np.unique(folds)}
    overall = best(slice(None))
    assert set(choices.values()) != {overall}  # else the test would show nothing
    expected = np.array([known[choices[fold], row] for row, fold in enumerate(folds)])
    np.testing.assert_allclose(oof("lucky-mean"), expected, atol=1e-6)
    lucky = np.corrcoef(known[overall], y)[0, 1]
    assert np.corrcoef(oof("lucky-mean"), y)[0, 1] < lucky - 0.1
    assert np.corrcoef(oof("second-mean"), y)[0, 1] < lucky - 0.1


def test_best_is_a_whole_number_of_one_or_more(tmp_path):
    study = noise_study(tmp_path, ["a"], people(6, 2).assign(arousal=0.0), best=0)
    with pytest.raises(InputError, match="best.*greater than or equal to 1"):
        study.load()
