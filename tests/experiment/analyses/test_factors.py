"""Objective, task mode and modality set out from finished rows: figures, tests, words, files, shipped studies."""

import numpy as np
import pandas as pd
import pytest
from releases import make_creativeit, make_recola, make_sewa
from small_study import read_table
from small_study import run as run_study

from avbaselines.estimators.boosting.early_stopping import EarlyStoppedRegressor
from avbaselines.evaluation.metrics import score
from avbaselines.reports.factors import factor_grids, factor_sentences, render_factors_latex
from avbaselines.run import main


def run(study, folder, *overrides, data=None):
    result = run_study(study, folder, *overrides, data=data).result
    assert not result.failed
    return result


def factors(result):
    return result.analyses["factors"].files["factors.csv"]


@pytest.fixture
def quick_trees(monkeypatch):
    """Boosted ensembles of a few rounds, as it is the road that is tested and not the score."""

    def few_rounds(model):
        model.rounds, model.patience, model.learning_rate = 15, 10, 0.3
        if hasattr(model, "trials"):
            model.trials = 3

    monkeypatch.setattr(EarlyStoppedRegressor, "check_parameters", few_rounds)


SMALL = ("corpus.speakers=15", "corpus.clips_per_speaker=12", "corpus.features=12", "systems.inner_folds=2")


def test_every_combination_is_scored_and_what_each_adds_is_tested(tmp_path, quick_trees):
    result = run("multitask-structured", tmp_path, *SMALL)
    table = read_table(tmp_path / "factors.csv")
    pd.testing.assert_frame_equal(table, factors(result), check_dtype=False)
    scores = table[table["kind"] == "score"].set_index("system")
    assert len(scores) == 3 * 2 * 3
    row = scores.loc["joint-xgboost-ccc-features-raw"]
    assert (row["learner"], row["objective"], row["matching"], row["task"]) == ("xgboost", "ccc", "raw", "joint")
    stored = pd.read_parquet(tmp_path / "predictions.parquet")
    for name in ("joint-xgboost-ccc-features-raw", "chain-xgboost-squared-features"):
        own = stored[(stored["system"] == name) & (stored["part"] == "test")]
        ccc = [score("ccc", part["truth"], part["prediction"]) for _, part in own.groupby("target", observed=True)]
        assert scores.loc[name, "value"] == pytest.approx(np.mean(ccc))
    differences = table[table["kind"] == "difference"]
    single, averages = differences[differences["system"].notna()], differences[differences["system"].isna()]
    for pair in single.itertuples():
        assert pair.value == pytest.approx(scores.loc[pair.system, "value"] - scores.loc[pair.against, "value"])
    by_question = single.groupby("question")
    joint = by_question.get_group("joint")
    assert set(joint["against"]) == {f"xgboost-{name}-features" for name in ("squared", "pcc", "ccc")}
    assert set(by_question.get_group("ccc-raw")["against"]) == {
        f"{mode}xgboost-squared-features" for mode in ("", "chain-", "joint-")
    }
    assert set(by_question.get_group("matching")["against"].str[-4:]) == {"-raw"}
    assert set(averages["question"]) == {"ccc", "ccc-raw", "pcc", "matching", "chain", "joint"}
    for average in averages.itertuples():
        parts = by_question.get_group(average.question)["value"]
        assert average.value == pytest.approx(parts.mean()) and average.n_pairs == len(parts) == 3
    assert (differences["p_holm"] >= differences["p_value"]).all() and (averages["p_holm"] > averages["p_value"]).any()


def test_it_stands_in_every_report_and_goes_with_the_option(tmp_path, quick_trees, capsys):
    few = (*SMALL, "systems.learners=['xgboost-squared']")
    arguments = ["multitask-structured", "--out", str(tmp_path), "--jobs", "1", "--set", *few]
    assert main(arguments) == 0
    table = read_table(tmp_path / "factors.csv")
    (sentence,) = factor_sentences(table)
    assert sentence in (tmp_path / "factors.md").read_text() and sentence in (tmp_path / "report.html").read_text()
    assert sentence in " ".join((tmp_path / "factors.tex").read_text().split())
    assert sentence in " ".join(capsys.readouterr().out.split())
    assert "Once squared-error" not in sentence  # nothing was grown towards a concordance here
    assert main([*arguments, "factors=false"]) == 0
    assert not list(tmp_path.glob("factors.*")) and "Against one target" not in capsys.readouterr().out


def made_up(**intervals):
    """A table of factors with these averages: question = (value, low, high)."""
    base = {"protocol": "honest", "learner": "xgboost", "objective": "squared", "matching": "matched", "task": "single"}
    base |= {"modalities": "audio", "p_value": 0.01, "p_holm": 0.02, "n_pairs": 3.0, "n_clips": 90, "n_groups": 9}
    rows = [base | {"kind": "score", "system": "a_b", "value": 0.4, "ci_low": 0.3, "ci_high": 0.5}]
    for question, (value, low, high) in intervals.items():
        asked = {"kind": "difference", "question": question, "value": value, "ci_low": low, "ci_high": high}
        rows.append(base | asked | {"system": None})
    return pd.DataFrame(rows)


def test_the_sentence_says_what_the_intervals_say():
    table = made_up(
        matching=(0.1, 0.05, 0.15), **{"ccc": (0.004, -0.01, 0.018), "ccc-raw": (-0.06, -0.09, -0.03)},
        chain=(-0.01, -0.02, 0.001), joint=(0.03, 0.01, 0.05),
    )  # fmt: skip
    assert factor_sentences(table) == [
        "Matching changes squared error by +.100 [.050, .150] (more than its interval). Once squared-error predictions "
        "are matched, the CCC objective changes mean concordance by +.004 [-.010, .018] (within its interval) where "
        "its predictions are matched too, and by -.060 [-.090, -.030] (a loss of more than its interval) where they "
        "are not. Against one target at a time, a chain changes mean concordance by -.010 [-.020, .001] (within its "
        "interval) and jointly grown trees change it by +.030 [.010, .050] (more than its interval)."
    ]
    assert factor_grids(table)[0].rows == [["squared error + matching", "single", ".400 [.300, .500]"]]
    assert r"95 \% intervals" in render_factors_latex(table, "a_b") and r"a\_b" in render_factors_latex(table, "a_b")


def test_searched_weights_are_said_and_table_2_stands_beside(tmp_path, quick_trees):
    data = make_sewa(tmp_path / "sewa")
    result = run("multitask-weights", tmp_path / "run", "systems.inner_folds=3", "systems.delay=[0.1]", data=data)
    results = read_table(tmp_path / "run" / "results.csv")
    notes = results.loc[results["system"] == "joint-xgboost-ccc-face", "note"].unique()
    assert len(notes) == 1 and "chosen among 3" in notes[0]
    weights = [float(part.split()[-1]) for part in notes[0].partition("weights arousal")[2].split(", ")[:3]]
    assert np.mean(weights) == pytest.approx(1, abs=0.01)
    measured = results.query("kind == 'measured' and split == 'all' and target == 'arousal' and metric == 'ccc'")
    assert measured.set_index("system")["value"]["joint-xgboost-squared-face"] > 0.3
    reported = results[results["kind"] == "reported"]
    assert set(reported.query("target == 'mean'")["value"]) == {0.284, 0.297, 0.244, 0.336, 0.431}
    shown = [row for row in result.board.rows if row.kind == "reported"]
    assert len(shown) == 5 and not any(row.comparable for row in shown)


@pytest.mark.parametrize("study", ["correlation-loss", "correlation-loss-recola"])
def test_losses_and_task_modes_over_one_modality_and_both(study, tmp_path, quick_trees):
    recola = study.endswith("recola")
    data = (make_recola if recola else make_creativeit)(tmp_path / "data", seconds=4.0, media=True)
    overrides = ["systems.learners=['xgboost-ccc']", "systems.chain_order='given'", "systems.inner_folds=2"]
    overrides += ["split={group_kfold=2}"] * (not recola)
    result = run(study, tmp_path / "run", *overrides, data=data)
    table = factors(result)
    scores = table[table["kind"] == "score"]
    assert len(scores) == 2 * 3 * 3
    other = "face" if recola else "body"
    assert set(scores["modalities"]) == {"speech", other, f"speech+{other}"}
    reported = [row for row in result.board.rows if row.kind == "reported"]
    assert [row.comparable for row in reported] == [False]
    assert "one target at a time" in factor_sentences(table)[0]


@pytest.mark.parametrize(
    ("study", "needed"),
    [
        ("pom-multitask", "clips"),
        ("multitask-weights", "AVEC2019_CES_traindeveltest"),
        ("correlation-loss", "recordings.csv"),
        ("correlation-loss-recola", "ratings_gold_standard"),
    ],
)
def test_absent_data_says_what_to_get_and_where_it_goes(study, needed, capsys, monkeypatch):
    for variable in ("AVBASELINES_SEWA", "AVBASELINES_RECOLA", "AVBASELINES_CREATIVEIT", "AVBASELINES_TABLE"):
        monkeypatch.delenv(variable, raising=False)
    assert main([study]) == 2
    said = capsys.readouterr().err
    assert needed in said and "--data" in said and "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("structure", ["shared", "independent"])
def test_multitask_learning_wins_where_targets_share_structure_and_only_there(structure, tmp_path):
    overrides = (f"corpus.structure={structure}", "systems.learners=['xgboost-squared']")
    table = factors(run("multitask-structured", tmp_path, *overrides))
    averages = table[(table["kind"] == "difference") & table["system"].isna()].set_index("question")
    for mode in ("chain", "joint"):
        low = averages.loc[mode, "ci_low"]
        assert low > 0 if structure == "shared" else low <= 0, (mode, low)
