"""Systems that read unlabelled clips of evaluated speakers: handed over where the study allows it, and always said."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from small_study import people, write_study

from avbaselines.board import main as board
from avbaselines.experiment.bundles import bundle
from avbaselines.reports.leaderboard import render_terminal

WORDS = "reads other, unlabelled clips of each evaluated speaker"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Speakers whose features lie far apart: what moves within a speaker tells all."""
    rng, table = np.random.default_rng(0), people(9, 8)
    arousal, offsets = rng.normal(size=72), 4 * rng.normal(size=(9, 3)).repeat(8, axis=0)
    features = arousal[:, None] + offsets + 0.7 * rng.normal(size=(72, 3))
    tables = {
        "audio": pd.DataFrame(features[:, :2], index=table["clip_id"], columns=["a", "b"]),
        "face": pd.DataFrame(features[:, 2:], index=table["clip_id"], columns=["c"]),
    }
    return write_study(
        tmp_path_factory.mktemp("transductive"),
        table.assign(arousal=arousal),
        tables,
        targets={"arousal": {"metric": "ccc"}},
        systems={"learners": ["ridge", "svr"], "fusion": ["greedy"]},
        masking={"shares": [0.5]},
    )


@pytest.fixture(scope="module")
def allowed(study):
    return study.run("systems.transductive='allowed'", out="allowed")


@pytest.fixture(scope="module")
def kept_apart(study):
    return study.run("systems.transductive=['ridge', 'svr']", out="apart")


def texts(run, tmp_path):
    """Every report of a run by name."""
    console = Console(width=160, record=True, file=open(os.devnull, "w"))
    console.print(render_terminal(run.result.board))
    for part in run.result.analyses["masking"].terminal if "masking" in run.result.analyses else []:
        console.print(part)
    pages = [tmp_path / f"board.{ending}" for ending in ("html", "md", "csv")]
    board([str(run.folder), *(word for page in pages for word in ("--out", str(page)))])
    cards = [path.read_text() for path in run.folder.glob("models/*/*") if path.suffix == ".md"]
    handed_over = next(text for text in cards if "the system that the run hands over" in text)
    return {
        "terminal": console.export_text(),
        **{name: run.text(name) for name in ("report.html", "leaderboard.md", "leaderboard.tex")},
        **{page.name: page.read_text() for page in pages},
        "card": handed_over,
    }


def test_an_allowed_one_is_picked_and_every_report_says_so(allowed, tmp_path, capsys):
    picked = allowed.result.picked
    rows = allowed.results(system=picked)
    assert set(rows["transductive"]) == {"yes"} and set(rows["picked"]) == {"yes"}
    found = texts(allowed, tmp_path)
    for name, text in found.items():
        assert "ransductive" in text, name
    for name in ("terminal", "report.html", "leaderboard.md", "leaderboard.tex"):
        assert WORDS in " ".join(found[name].replace("\\", "").split()), name
    assert "Transductive answers read other" in found["board.md"] and "Transductive" in capsys.readouterr().out
    assert "It is transductive, as the study allows" in found["report.html"]
    assert "hands over (transductive)" in found["card"]


def test_without_it_none_is_picked_and_no_answer_is_called_so(kept_apart, tmp_path):
    assert "yes" not in set(kept_apart.results(picked="yes")["transductive"])
    found = texts(kept_apart, tmp_path)
    assert all(WORDS not in " ".join(text.replace("\\", "").split()) for text in found.values())
    assert "ransductive" not in found["board.md"] and "ransductive" not in found["card"]


def test_comparisons_tell_which_of_two_reads_evaluated_clips(allowed, kept_apart):
    for run in (allowed, kept_apart):
        reading = set(run.results(transductive="yes")["system"])
        tests = run.table("comparisons.csv")
        expected = [
            {(True, True): "both", (True, False): "a", (False, True): "b"}.get((a in reading, b in reading), "")
            for a, b in zip(tests["system_a"], tests["system_b"], strict=True)
        ]
        assert tests["transductive"].fillna("").tolist() == expected and {"a", "b"} & set(expected)
    marked = f"{allowed.result.picked} (transductive) − ridge-audio,"
    assert marked in allowed.text("report.html")


def test_wildcards_fuse_allowed_ones_only(allowed, kept_apart):
    fused = next(system for system in allowed.planned.systems if system.name == "late-greedy").inputs
    assert {"ridge-audio-per-speaker", "svr-audio-per-speaker"} <= set(fused)
    for system in kept_apart.planned.systems:
        assert not any(name.endswith("-per-speaker") for name in system.inputs)


def test_the_fits_are_the_same_whether_allowed_or_not(allowed, kept_apart):
    scores = [
        run.results(system="ridge-audio-per-speaker", metric="ccc", split="all")["value"].tolist()
        for run in (allowed, kept_apart)
    ]
    assert scores[0] == scores[1]


def test_one_may_be_named_as_the_answer_where_allowed(study):
    named = "systems.answer='ridge-audio-per-speaker'"
    with pytest.raises(Exception, match="no system 'ridge-audio-per-speaker' that could be handed over"):
        study.prepare(named, "systems.transductive=['ridge']")
    assert study.prepare(named, "systems.transductive='allowed'")


def test_the_handed_over_model_asks_for_speakers_and_predicts_what_the_run_did(allowed, study):
    system = bundle.load(allowed.folder)
    assert json.loads((allowed.folder / "models" / "index.json").read_text())["system"] == system.name
    clips = study.clips().rename(columns={"speaker": "group"})
    tables = {name: study.folder / f"{name}.npz" for name in system.modalities}
    with pytest.raises(Exception, match="transductive.*clip_id and group"):
        system.predict(tables)
    found = system.predict(tables, clips[["clip_id", "group"]])
    assert len(found) == len(clips) and found["arousal"].notna().all()
