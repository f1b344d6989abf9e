"""The harness counts what it is told, a trial that dies is told, and the table is plain Markdown."""

import tempfile

import harness
import pytest
from harness import Finding, Outcome


def test_the_table_counts_and_names_what_did_not_hold():
    outcomes = (Outcome("order", "rows", True, "equal"), Outcome("order", "rows", False, "differ | <b>\x1b[2J"))
    table = harness.markdown([Finding("order", outcomes, 3.4)], "today")
    assert "today: 2 trials, 1 did not hold." in table
    assert "| order | 2 | 1 | 1 | 3 |" in table
    assert "| order | rows | 2 | 1 | equal |" in table
    assert "- order, rows: differ \\| \\<b\\> \\[2J" in table


@pytest.mark.parametrize(
    ("body", "told", "minutes"),
    [
        ("raise KeyError('gone')", "KeyError: 'gone'", 1),
        ("return []", "tried nothing", 1),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9", 1),
        ("import time; time.sleep(60)", "not done after", 0.02),
    ],
)
def test_a_trial_that_dies_is_one_that_did_not_hold(tmp_path, monkeypatch, body, told, minutes):
    (tmp_path / "long_bad.py").write_text(f"def trial(rounds, seed):\n    {body}\n")
    (tmp_path / "harness.py").write_text((harness.HERE / "harness.py").read_text("utf-8"), "utf-8")
    monkeypatch.setattr(harness, "HERE", tmp_path)
    finding = harness.run_apart("bad", 1, 0, minutes)
    assert [outcome.held for outcome in finding.outcomes] == [False]
    assert told in finding.outcomes[0].detail


def test_no_place_of_this_machine_stands_in_the_table():
    said = f"{tempfile.gettempdir()}/tmp_x1/study.toml: cut; {harness.ROOT}/studies"
    outcome = Outcome("tables", "a csv", True, said)
    table = harness.markdown([Finding("tables", (outcome,), 1.0)], "today")
    assert "| FOLDER/study.toml: cut; CHECKOUT/studies |" in table
