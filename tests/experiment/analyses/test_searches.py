"""The table of trials: there where a system was tuned, and nowhere else."""

from small_study import small_release


def test_trials_are_a_table_and_drawings_and_go_with_the_search(tmp_path):
    study = small_release(tmp_path, speakers=6, clips=6)
    small = ("targets={arousal={metric='ccc'}}", "systems.fusion=[]", "systems.transductive=[]", "systems.early=[]")
    run = study.run("tuning.trials=2", *small)
    trials = run.table("tuning.csv")
    tuned = [system.name for system in run.planned.systems if system.tuning]
    assert set(trials["system"]) == set(tuned) and set(trials["trial"]) == {0, 1}
    assert run.result.analyses["tuning"].drawings
    again = study.run(*small)
    assert not (run.folder / "tuning.csv").exists() and again.result.analyses["tuning"].files == {}
