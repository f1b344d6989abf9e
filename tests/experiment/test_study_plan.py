"""A study before anything is fitted: what it reads is read once, whatever the protocols."""

import numpy as np
import pytest
from small_study import small_release

from avbaselines.experiment import study_plan
from avbaselines.experiment.study_plan import expected_fits, prepare


@pytest.mark.parametrize(
    ("paper", "reads"),
    [("note='n', systems={inner_folds=2}", 1), ("note='n', split={column='partition', train='train', test='test'}", 2)],
)
def test_protocols_that_differ_in_systems_alone_share_what_is_read(tmp_path, monkeypatch, paper, reads):
    study, read, count = small_release(tmp_path, speakers=6, clips=4), study_plan.read_corpus, []
    monkeypatch.setattr(study_plan, "read_corpus", lambda *given, **options: count.append(1) or read(*given, **options))
    loaded = study.load(f"protocols.paper={{{paper}}}")
    runs = prepare(loaded, study.path, None, ["honest", "paper"])
    assert len(count) == reads and [run.protocol for run in runs] == ["honest", "paper"]
    honest, other = (run.corpus for run in runs)
    X, same = (corpus.modalities["audio"].X for corpus in (honest, other))
    assert np.shares_memory(X, same) == (reads == 1)
    assert honest.notes is not other.notes
    assert expected_fits(runs[0]) != expected_fits(runs[1])
