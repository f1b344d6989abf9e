"""Which analyses a run does: asked for by the study or by the caller, under which protocol, and checked beforehand."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_study import small_release

from avbaselines.errors import InputError
from avbaselines.experiment.analyses.base import Analysis, AnalysisResult, Source
from avbaselines.experiment.analyses.registry import ANALYSES, plan_analyses
from avbaselines.results_table import ResultRow

SOURCE = Source(Path("study.toml"))


class Stub(Analysis):
    """Wanted where the study's title names it; refuses where the title says so."""

    def __init__(self, name, every_protocol=False):
        self.name, self.every_protocol = name, every_protocol

    def wanted(self, study):
        return self.name in study.title

    def check(self, run, source):
        if "refused" in run.study.title:
            raise InputError(f"{source.study_path}: refused")
        return replace(run, protocol=f"{run.protocol} {self.name}")

    def run(self, context):
        return AnalysisResult()


def runs(folder, title, resubstitution):
    planned = small_release(folder, speakers=3, clips=4).prepare(f"title={title!r}")
    return [replace(planned, resubstitution=flag, analyses=()) for flag in resubstitution]


def test_names_and_files_are_each_analysis_own():
    names = [analysis.name for analysis in ANALYSES]
    files = [file for analysis in ANALYSES for file in analysis.files]
    assert len(set(names)) == len(names) and len(set(files)) == len(files)


def test_one_is_done_where_the_study_or_the_caller_asks_for_it(tmp_path):
    analyses = [Stub("first"), Stub("second"), Stub("third")]
    (planned,) = plan_analyses(runs(tmp_path, "first", [False]), SOURCE, analyses, {"third"})
    assert planned.analyses == ("first", "third")
    assert planned.protocol == "honest first third"  # as their checks left it


def test_it_is_done_once_and_not_where_fits_are_scored_on_their_own_clips(tmp_path):
    analyses = [Stub("once"), Stub("always", every_protocol=True)]
    planned = plan_analyses(runs(tmp_path, "once always", [True, False, False]), SOURCE, analyses)
    assert [run.analyses for run in planned] == [("always",), ("once", "always"), ("always",)]


def test_a_refusal_comes_before_anything_is_fitted(tmp_path):
    with pytest.raises(InputError, match="study.toml: refused"):
        plan_analyses(runs(tmp_path, "first refused", [False]), SOURCE, [Stub("first")])


def test_an_analysis_of_ones_own_takes_part_in_a_run(tmp_path, monkeypatch):
    from avbaselines.experiment import run_output, study_plan, study_run

    class Longest(Analysis):
        name, files = "longest", ("longest.txt",)

        def wanted(self, study):
            return study.title == "small"

        def pairs(self, scored):
            names = [row.name for row in scored.rows]
            return [(names[0], names[1])]

        def run(self, context):
            (scored,) = context.scored
            row = ResultRow(protocol="honest", system="longest", target="mean", metric="length", value=1.0)
            return AnalysisResult(
                files={"longest.txt": max((row.name for row in scored.rows), key=len)},
                rows=[row],
                terminal=["the longest name"],
                computed=7,
                failed=True,
            )

    for module in (study_plan, study_run, run_output):
        monkeypatch.setattr(module, "ANALYSES", (*ANALYSES, Longest()))
    study = small_release(tmp_path, speakers=6, clips=4)
    run = study.run("targets={arousal={metric='ccc'}}", "systems.transductive=[]")
    first, second = [system for system in run.results(split="0")["system"].unique()][:2]
    assert run.text("longest.txt") == "late-score-weighted-raw"
    assert run.results(system="longest")["value"].tolist() == [1.0]
    tests = run.table("comparisons.csv")
    assert ((tests["system_a"] == first) & (tests["system_b"] == second)).any()
    assert run.result.failed and run.computed > 7 and run.result.analyses["longest"].terminal == ["the longest name"]
    monkeypatch.undo()
    assert not study.run("targets={arousal={metric='ccc'}}", "systems.transductive=[]").result.failed
