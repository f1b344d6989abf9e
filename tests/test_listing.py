"""``run --list``, ``--show`` and ``--reported``: the shipped studies, one of them, and all figures that they quote."""

import csv
import io
import subprocess
import sys

import pytest
from rich.console import Console

from avbaselines import catalog
from avbaselines.listing import show_reported, show_studies, show_study
from avbaselines.run import main
from avbaselines.study import load_study

COLUMNS = ["study", "system", "split", "target", "metric", "value", "protocol", "source", "note"]


def test_every_figure_of_every_study_is_a_row(capsys):
    assert main(["--reported", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == COLUMNS
    for name in catalog.names("studies"):
        figures = load_study(catalog.find("studies", name)).reported
        found = [
            (row["system"], row["split"], row["target"], float(row["value"]), row["source"])
            for row in rows
            if row["study"] == name
        ]
        assert found == [(one.system, one.split, one.target, one.value, one.source) for one in figures]
    assert {"ravdess", "multistage-fusion"} <= {row["study"] for row in rows}


def test_for_people_it_is_a_table_a_study_and_a_broken_one_is_told(monkeypatch, tmp_path):
    (tmp_path / "broken.toml").write_text('title = "x"\ntypo = 1\n')
    places = catalog.places("studies")
    monkeypatch.setattr(catalog, "places", lambda kind: [*places, tmp_path])
    console = Console(file=io.StringIO(), width=400)
    show_reported(console)
    shown = console.file.getvalue()
    assert "fine-tuned xlsr-wav2vec2 (audio)" in shown and "broken" in shown and "typo" in shown


def test_the_split_tells_figures_of_one_system_apart():
    console = Console(file=io.StringIO(), width=400)
    show_reported(console)
    lines = [line.split() for line in console.file.getvalue().splitlines() if "leaderboard: USTC-qw" in line]
    assert [(line[2], line[5]) for line in lines] == [("multi", "0.6846"), ("noise", "0.6162")]


@pytest.mark.parametrize("name", catalog.names("studies"))
def test_no_two_figures_of_a_study_are_of_one_thing(name):
    figures = load_study(catalog.find("studies", name)).reported
    things = [(one.system, one.split, one.target, one.metric, one.protocol) for one in figures]
    assert sorted(set(things)) == sorted(things)


@pytest.mark.parametrize("name", catalog.names("studies"))
def test_every_figure_says_where_it_was_read(name):
    assert all(figure.source.strip() for figure in load_study(catalog.find("studies", name)).reported)


def test_every_study_is_listed_and_a_broken_one_with_its_reason(monkeypatch, tmp_path):
    (tmp_path / "broken.toml").write_text('title = "x"\ntypo = 1\n')
    places = catalog.places("studies")
    monkeypatch.setattr(catalog, "places", lambda kind: [*places, tmp_path])
    console = Console(file=io.StringIO(), width=400)
    show_studies(console)
    lines = console.file.getvalue().splitlines()
    assert {line.split()[0] for line in lines[1:]} >= set(catalog.names("studies"))
    [broken] = [line for line in lines if line.startswith("broken")]
    assert "broken.toml" in broken and "unknown key 'typo'" in broken
    [quickstart] = [line for line in lines if line.startswith("quickstart ")]
    assert quickstart.rstrip().endswith(" made here")


def test_a_study_is_one_line_of_80_columns(monkeypatch, tmp_path):
    monkeypatch.setenv("AVBASELINES_SEWA", str(tmp_path))
    monkeypatch.delenv("AVBASELINES_RECOLA", raising=False)
    console = Console(file=io.StringIO(), width=80)
    show_studies(console)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 1 + len(catalog.names("studies")) and max(map(len, lines)) <= 80
    rows = {line.split()[0]: line for line in lines}
    assert list(rows)[1:] == catalog.names("studies")
    assert "Atmaja et al. 2020" in rows["multistage-fusion"]
    assert rows["multistage-fusion"].split()[-2:] == ["sewa", "found"]
    assert rows["correlation-loss-recola"].split()[-3:] == ["recola", "not", "found"]


@pytest.mark.parametrize("name", catalog.names("studies"))
def test_a_study_is_shown_with_what_it_needs_and_how_it_is_run(name):
    console = Console(file=io.StringIO(), width=80)
    show_study(console, name)
    shown = console.file.getvalue()
    study = load_study(catalog.find("studies", name))
    words = " ".join(shown.split())
    assert max(map(len, shown.splitlines()[:-1])) <= 80
    assert study.title in words and f"python -m avbaselines.run {name}" in words
    assert all(target in words for target in study.targets)
    assert f"{len(study.reported)} figures" in words


def test_a_study_that_is_shown_is_looked_for_where_data_says(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("AVBASELINES_DATA", raising=False)
    assert main(["--show", "pom"]) == 0
    assert "not found (--data" in " ".join(capsys.readouterr().out.split())
    for number, file in enumerate(("clips.csv", "audio_covarep_seq.npz", "visual_facet_seq.npz")):
        assert main(["--show", "pom", "--data", str(tmp_path)]) == 0
        assert "not found" in capsys.readouterr().out, number
        (tmp_path / file).touch()
    assert main(["--show", "pom", "--data", str(tmp_path)]) == 0
    assert "not found" not in capsys.readouterr().out
    assert main(["--show", "nothing"]) == 2 and main(["--csv"]) == 2


DRY = ["multitask-structured", "--dry-run", "--set", "corpus.speakers=9", "corpus.clips_per_speaker=4"]


@pytest.mark.parametrize("words", [["--help"], ["--list"], ["--show", "quickstart"], DRY], ids=lambda words: words[0])
def test_lists_help_and_plans_import_nothing_that_fits_or_draws(words):
    heavy = "lightgbm", "xgboost", "optuna", "matplotlib", "skops", "sklearn", "torch", "opensmile"
    program = (
        "import sys, contextlib, io\nfrom avbaselines.run import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main({words!r})\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
