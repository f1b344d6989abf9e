"""A draft as a study file: what is in force is read back, everything else is a comment."""

import tomllib

from avbaselines.first_study.draft import Draft
from avbaselines.first_study.toml_text import study_text, toml_value

VALUE = {"a b": ['say "hi"\\', "é\t"], "range": [1, 5.5], "on": True}


def test_values_are_read_back_as_they_were():
    assert tomllib.loads(f"x = {toml_value(VALUE)}")["x"] == VALUE


def test_what_is_in_force_is_read_back_and_all_else_is_a_comment():
    draft = Draft('My "first"\none')
    draft.add("corpus", "reader", "table", "own\ntables")
    draft.add("targets", "mean mood", VALUE, "why " * 40)
    draft.add("targets", "age", {"metric": "ccc"}, "doubtful", active=False)
    draft.ask("split", "which part? " * 30, grave=True)
    text = study_text(draft, ["head " * 40, "python -m avbaselines.run " + "long " * 40])
    assert tomllib.loads(text) == {
        "title": 'My "first"\none',
        "corpus": {"reader": "table"},
        "split": {},
        "targets": {"mean mood": VALUE},
    }
    lines = text.splitlines()
    assert '# age = { metric = "ccc" }  # doubtful' in lines
    assert any("# ATTENTION: which part?" in line for line in lines)
    assert all(len(line) <= 120 for line in lines if "python -m" not in line)
