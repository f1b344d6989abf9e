"""``run --list`` and ``run --reported``: the shipped studies, and all figures that they quote."""

import csv
import io

import pytest
from rich.console import Console

from avbaselines import catalog
from avbaselines.listing import show_reported, show_studies
from avbaselines.run import main
from avbaselines.study import load_study

COLUMNS = ["study", "system", "target", "metric", "value", "protocol", "source", "note"]


def test_every_figure_of_every_study_is_a_row(capsys):
    assert main(["--reported"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == COLUMNS
    for name in catalog.names("studies"):
        figures = load_study(catalog.find("studies", name)).reported
        found = [
            (row["system"], row["target"], float(row["value"]), row["source"]) for row in rows if row["study"] == name
        ]
        assert found == [(figure.system, figure.target, figure.value, figure.source) for figure in figures]
    assert {"ravdess", "multistage-fusion"} <= {row["study"] for row in rows}


def test_on_a_terminal_it_is_a_table_and_a_broken_study_is_a_row(monkeypatch, tmp_path):
    (tmp_path / "broken.toml").write_text('title = "x"\ntypo = 1\n')
    places = catalog.places("studies")
    monkeypatch.setattr(catalog, "places", lambda kind: [*places, tmp_path])
    console = Console(file=io.StringIO(), force_terminal=True, width=400)
    show_reported(console)
    shown = console.file.getvalue()
    assert "fine-tuned xlsr-wav2vec2 (audio)" in shown and "broken" in shown and "typo" in shown


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
    assert "unknown key 'typo'" in broken
    [quickstart] = [line for line in lines if line.startswith("quickstart ")]
    assert quickstart.rstrip().endswith(" found") and "not found" not in quickstart
