"""A second call does what is new and nothing else: not a prediction is read, not a figure drawn, where nothing is."""

import numpy as np
import pandas as pd
import pytest
from small_study import small_release

from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.scoring import scoreboard
from avbaselines.reports import drawing

MORE = (
    "systems.fusion=['mean', 'ridge']",
    "importance=true",
    "masking.sources={a=['audio'], f=['face']}",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A run with a fusion, an importance and a masking; two calls, as the first one may read what it has just made."""
    made = small_release(tmp_path_factory.mktemp("study"), speakers=6, clips=8)
    made.run(*MORE)
    return made


@pytest.fixture
def work(monkeypatch):
    """What is done beyond reading what is kept: predictions read (by system), comparisons made, figures drawn."""
    done = {"read": [], "compared": 0, "drawn": 0}
    finished, compare_means, svg = FittedRun.finished, scoreboard.compare_means, drawing.svg

    def reading(self, split, system):
        done["read"].append(system.name)
        return finished(self, split, system)

    def comparing(*arguments, **options):
        done["compared"] += 1
        return compare_means(*arguments, **options)

    def drawing_(figure):
        done["drawn"] += 1
        return svg(figure)

    monkeypatch.setattr(FittedRun, "finished", reading)
    monkeypatch.setattr(scoreboard, "compare_means", comparing)
    for module in ("figures", "graph", "importance", "masking", "identity", "tuning"):
        monkeypatch.setattr(f"avbaselines.reports.{module}.svg", drawing_)
    return done


def test_the_same_call_does_nothing_and_says_the_same(study, work):
    folder = study.folder / "run"
    names = ["results.csv", "comparisons.csv", "masking.csv", "importance.csv", "leaderboard.md", "leaderboard.tex"]
    before = {name: (folder / name).read_bytes() for name in names}
    untouched = [folder / "predictions.parquet", *sorted((folder / "models").rglob("*.*"))]
    written = [path.stat().st_mtime_ns for path in untouched]
    drawings = (folder / "report.html").read_text("utf-8").count("data:image/svg+xml")
    again = study.run(*MORE)
    assert again.computed == 0 and work == {"read": [], "compared": 0, "drawn": 0}
    assert {name: (folder / name).read_bytes() for name in names} == before
    assert [path.stat().st_mtime_ns for path in untouched] == written
    assert again.text("report.html").count("data:image/svg+xml") == drawings > 5


def test_force_does_all_of_it_again(study, work):
    study.run(*MORE, force=True)
    assert work["read"] and work["compared"] and work["drawn"]


def test_an_added_external_system_scores_itself_and_its_fusions_alone(study, work):
    clips, rng = study.clips(), np.random.default_rng(1)
    theirs = clips[["clip_id"]].assign(arousal=rng.normal(3, 1, len(clips)), mood=rng.permutation(clips["mood"]))
    theirs.to_csv(study.folder / "deep.csv", index=False)
    before, kept = study.run(MORE[0]).results(), study.folder / "run" / "work" / "kept"
    scored = len(list(kept.glob("sums-*")))
    work["compared"] = 0
    added = study.run(MORE[0], "predictions.deep='deep.csv'")
    after = added.results()
    assert added.computed == 2 * 4  # the mean and ridge, in three folds and on all clips
    new = set(after["system"]) - set(before["system"])
    fused = set(after.loc[after["stage"] > 0, "system"])
    assert len(list(kept.glob("sums-*"))) - scored == len(new | fused) and "deep" in new
    columns = ["split", "target", "metric", "value", "ci_low", "ci_high"]
    for name in set(before.loc[before["stage"] == 0, "system"]):
        rows = [table.loc[table["system"] == name, columns].reset_index(drop=True) for table in (before, after)]
        pd.testing.assert_frame_equal(*rows)
    single = len(set(after.loc[after["stage"] == 0, "system"]) - new)
    assert 0 < work["compared"] < single + 4 * len(new | fused)


def test_what_was_changed_or_lost_is_written_again(study, work):
    folder = study.folder / "run"
    study.run(*MORE)
    whole = (folder / "predictions.parquet").read_bytes()
    (folder / "predictions.parquet").write_bytes(whole[:-100])
    next((folder / "models").glob("*/card.json")).unlink()
    for path in (folder / "work" / "kept").iterdir():
        if path.name.startswith(("rows", "drawn")):
            path.write_bytes(b"half")
    before = (folder / "results.csv").read_bytes()
    again = study.run(*MORE)
    assert (folder / "predictions.parquet").read_bytes() == whole and (folder / "results.csv").read_bytes() == before
    assert work["drawn"] and again.computed == 0
    assert all((place / "card.json").is_file() for place in (folder / "models").iterdir() if place.is_dir())


def test_what_a_run_kept_and_does_without_is_deleted(study, work, monkeypatch):
    study.run(*MORE)
    kept = study.folder / "run" / "work" / "kept"
    before = {path.name for path in kept.iterdir()}
    monkeypatch.setattr("avbaselines.experiment.scoring.kept.MOST_UNUSED", 0)
    study.run(MORE[0])
    assert {path.name for path in kept.iterdir()} < before
    work.update(read=[], compared=0)
    study.run(MORE[0])
    assert not work["read"] and not work["compared"]  # what is in use has stayed
