"""Matching to a share of the targets' deviation: what is scored has it, and nothing is fitted anew."""

import numpy as np
import pytest
from small_study import run as run_study

from avbaselines.catalog import find
from avbaselines.errors import InputError
from avbaselines.study import load_study

SMALL = [
    *("corpus.speakers=15", "corpus.clips_per_speaker=12", "corpus.features=12", "systems.inner_folds=2"),
    *("systems.learners=['ridge']", "systems.tasks=['single']", "factors=false"),
]


def run(folder, *overrides):
    done = run_study("multitask-structured", folder, *SMALL, *overrides)
    stored = done.predictions().query("part == 'test' and target == 't1'")
    systems = stored.groupby("system", observed=True)["prediction"]
    return done.result, {name: values.to_numpy() for name, values in systems}


def test_a_share_of_the_deviation_refits_nothing(tmp_path):
    _, whole = run(tmp_path)
    result, part = run(tmp_path, "systems.matching=0.5")
    assert result.computed == 0
    np.testing.assert_array_equal(part["ridge-features-raw"], whole["ridge-features-raw"])
    assert part["ridge-features"].std() == pytest.approx(0.5 * whole["ridge-features"].std())
    assert any("matched to 0.5 of" in note for note in result.board.heading.notes)


@pytest.mark.parametrize("strength", ["1.5", "-1.0", "'half'"])
def test_a_strength_out_of_range_is_named(strength):
    with pytest.raises(InputError, match="systems.matching"):
        load_study(find("studies", "multitask-structured"), [f"systems.matching={strength}"])
