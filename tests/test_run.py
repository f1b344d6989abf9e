"""The command ``run``: what it reads from the command line, prints, and leaves with."""

import json

import pytest
from small_study import small_release

from avbaselines import run
from avbaselines.study import load_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return small_release(tmp_path_factory.mktemp("release"), speakers=6, clips=6)


def arguments(study, *words):
    return run.parser().parse_args([str(study.path), *words])


def test_options_override_keys_of_the_study(study):
    words = ["--set", "seed=1", "systems.inner_folds=4", "--set", "title=mine", "--seed", "3", "--trials", "0"]
    changed = run._study(study.path, arguments(study, *words))
    assert (changed.seed, changed.systems.inner_folds, changed.title, changed.tuning.trials) == (3, 4, "mine", 0)
    assert run._study(study.path, arguments(study)) == load_study(study.path)
    assert run._study(study.path, arguments(study, "--margin", ".05")).comparison.margin == 0.05
    assert run._study(study.path, arguments(study)).comparison.margin is None


def test_external_systems_are_added_by_absolute_path(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changed = run._study(study.path, arguments(study, "--compare", "deep=a b.csv", "--compare", 'net="q".csv'))
    assert {name: options.path for name, options in changed.predictions.items()} == {
        "deep": str(tmp_path / "a b.csv"),
        "net": str(tmp_path / '"q".csv'),
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name a study, or a study file; shipped: "),
        (["{study}", "--compare", "deep"], "--compare 'deep': expected NAME=FILE"),
        (["{study}", "--compare", "a.b=x.csv"], "--compare a.b: must be without a dot"),
        (["{study}", "--compare", "a=x.csv", "--compare", "a=y.csv"], "--compare a: names a system that is there"),
        (["{study}", "--margin", "-.02"], "--margin -0.02: must be a difference of 0 or more"),
        (["{study}", "--protocol", "both", "--dry-run"], "has no [protocols.paper]"),
        (["quickstrat"], "did you mean 'quickstart'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(study, capsys, words, message):
    assert run.main([word.format(study=study.path) for word in words]) == 2
    line = capsys.readouterr().err.strip()
    assert line.startswith("error: ") and message in line and "Traceback" not in line


@pytest.mark.parametrize("words", [["--jobs", "0"], ["--trials", "-1"], ["--device", "tpu"], ["--protocol", "mine"]])
def test_usage_errors_leave_with_status_2(study, words):
    with pytest.raises(SystemExit) as left:
        run.main([str(study.path), *words])
    assert left.value.code == 2


def test_debug_shows_the_traceback(capsys):
    assert run.main(["quickstrat", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_dry_run_prints_the_plan_and_writes_nothing(study, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run.main([str(study.path), "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "36 clips, 6 groups, 2 targets" in printed and "expected fits: " in printed and "ridge-audio" in printed
    assert not list(tmp_path.iterdir())


def test_a_run_ends_with_the_leaderboard_and_a_line_on_the_work(study, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [str(study.path), "--jobs", "1", "--only", "ridge-audio", "--set", "systems.learners=['ridge']"]
    for work in ("fits, ", "nothing computed anew, "):
        assert run.main(words) == 0
        printed = capsys.readouterr()
        assert "ridge-audio" in printed.out and work in printed.err
        assert printed.err.strip().endswith("everything is in runs/study")
    assert json.loads((tmp_path / "runs" / "study" / "provenance.json").read_text())
