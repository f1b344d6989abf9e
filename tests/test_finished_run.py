"""Finished runs read back from their folders."""

import pytest
from run_folders import picked, row, write_run
from small_study import small_release

import avbaselines
from avbaselines.errors import InputError
from avbaselines.finished_run import find_runs, read_run


def test_results_are_one_call_away(tmp_path):
    finished = small_release(tmp_path, speakers=6, clips=5).run(only=["ridge-audio"])
    table = avbaselines.results(finished.folder)
    assert list(table) == list(finished.results()) and len(table) == len(finished.results())
    assert table["value"].dtype == float and set(table["picked"]) == {"", "yes"}
    run = read_run(finished.folder)
    assert (run.title, run.metrics) == ("small", {"arousal": "ccc", "mood": "uar"})
    assert run.version == avbaselines.__version__ and run.clips_digest and run.report is not None


def test_names_stay_as_they_are(tmp_path):
    folder = write_run(tmp_path / "run", [picked("NA", 0.5), row("'=1+1", 0.4)])
    assert avbaselines.results(folder)["system"].tolist() == ["NA", "=1+1"]


def test_runs_are_found_below_a_folder_but_not_inside_a_run(tmp_path):
    for name in ("b", "a", "deep/down/here", "a/models/x", ".hidden"):
        write_run(tmp_path / name, [picked("svr", 0.5)])
    runs = find_runs([tmp_path, tmp_path / "b"])
    assert [run.key for run in runs] == ["a", "b", "deep/down/here"]
    assert [run.key for run in find_runs([tmp_path / "deep"])] == ["down/here"]
    assert [run.key for run in find_runs([tmp_path / "a"])] == ["a"]


def test_a_run_without_study_and_provenance_is_read_by_its_results(tmp_path):
    folder = write_run(tmp_path / "old", [picked("svr", 0.5, target="mood", metric="uar")])
    for name in ("study.toml", "provenance.json", "report.html"):
        (folder / name).unlink()
    run = read_run(folder)
    assert (run.title, run.metrics, run.version, run.report) == ("old", {"mood": "uar"}, "", None)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("results.csv", "a,b\n1,2\n", "results.csv: lacks column 'protocol'"),
        ("results.csv", "", "results.csv: cannot be read"),
        ("comparisons.csv", "a\n1\n", "comparisons.csv: lacks column 'system_a'"),
        ("study.toml", "title = ", "study.toml: cannot be read"),
        ("provenance.json", "{", "provenance.json: cannot be read"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, content, said):
    folder = write_run(tmp_path / "run", [picked("svr", 0.5)])
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=said):
        read_run(folder)


def test_folders_without_runs_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        find_runs([tmp_path / "nowhere"])
    with pytest.raises(InputError, match="no finished run here or below"):
        find_runs([tmp_path])
