"""Class and attribute together: soft labels, combined scores, fold-averaged fits, and the studies that use them."""

import tomllib

import numpy as np
import pandas as pd
import pytest
import tomli_w
from small_study import people, write_study
from small_study import run as run_study

from avbaselines.corpora.targets import TargetOptions, read_targets, read_votes
from avbaselines.errors import InputError
from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.bundles import bundle
from avbaselines.study import load_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Audio knows arousal, the face knows the mood, and the mood tells much of arousal."""
    rng, clips = np.random.default_rng(0), people(12, 15)
    n, ids = len(clips), clips["clip_id"]
    mood = rng.integers(0, 3, n)
    arousal = np.array([-1.0, 0.0, 1.0])[mood] + rng.normal(0, 0.4, n)
    words = np.array(["calm", "glad", "mad"])
    votes = rng.multinomial(10, [0.1, 0.2, 0.7], n)
    # the label's own share is the largest
    votes = np.array([np.roll(np.sort(row), shift - 2) for row, shift in zip(votes, mood, strict=True)])
    clips = clips.assign(mood=words[mood], arousal=np.clip(3 + 0.8 * arousal, 1, 5))
    clips[[f"vote_{word}" for word in words]] = votes
    audio, face = arousal[:, None] + rng.normal(0, 1.5, (n, 3)), 2 * np.eye(3)[mood] + rng.normal(0, 0.8, (n, 3))
    fusion = [{"name": "separate", "method": "mean", "inputs": ["ridge-*"]},
              {"name": "joint", "method": "mean", "inputs": ["ridge-*"], "targets": "all"}]  # fmt: skip
    return write_study(
        tmp_path_factory.mktemp("joint"), clips,
        {"audio": pd.DataFrame(audio, ids, list("abc")), "face": pd.DataFrame(face, ids, list("def"))},
        targets={"arousal": {"metric": "mse", "range": [1, 5]}, "mood": {"metric": "f1_weighted", "votes": "vote_"}},
        combined={"label": "mood", "value": "arousal", "weight": 0.5},
        systems={"tasks": ["single", "chain"], "fusion": fusion},
    ).folder  # fmt: skip


def run(study, data, out, *overrides, **options):
    done = run_study(study, out, *overrides, data=data, **options)
    assert not done.result.failed
    return done.results()


@pytest.fixture(scope="module")
def results(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return run(folder / "study.toml", None, out), out


def test_the_combined_score_is_that_of_the_definition(results):
    table, out = results
    predictions = pd.read_parquet(out / "predictions.parquet")
    own = predictions[(predictions["part"] == "test") & (predictions["system"] == "joint")]
    arousal = own[own["target"] == "arousal"]
    mood = own[own["target"] == "mood"].pivot_table(index="clip_id", columns="class", values="prediction")
    truth = own[own["target"] == "mood"].pivot_table(index="clip_id", columns="class", values="truth")
    f1 = score("f1_weighted", truth.to_numpy().argmax(axis=1), mood.to_numpy())
    mse = np.mean((arousal["truth"] - arousal["prediction"]) ** 2)
    row = table[(table["target"] == "combined") & (table["split"] == "all") & (table["system"] == "joint")].iloc[0]
    assert row["value"] == pytest.approx(f1 - 0.5 * mse)
    assert row["ci_low"] < row["value"] < row["ci_high"] and row["n_groups"] == 12


def test_systems_are_picked_and_compared_by_the_combined_score(results):
    table, out = results
    combined = table[(table["target"] == "combined") & (table["split"] == "all")].set_index("system")
    assert (combined["picked"] == "yes").sum() == 1
    tests = pd.read_csv(out / "comparisons.csv")
    pair = tests[(tests["system_a"] == "joint") & (tests["system_b"] == "separate")].set_index("target")
    if len(pair):
        difference = combined.loc["joint", "value"] - combined.loc["separate", "value"]
        assert pair.loc["combined", "difference"] == pytest.approx(difference)
        assert {"arousal", "mood"} <= set(pair.index)
    assert tests["p_holm"].between(0, 1).all()
    text = (out / "leaderboard.md").read_text()
    assert "combined" in text


def test_emotion_informs_arousal(results):
    table, _ = results
    errors = table[(table["target"] == "arousal") & (table["metric"] == "mse") & (table["split"] == "all")]
    errors = errors.set_index("system")["value"]
    assert errors["joint"] < errors["separate"] and errors["joint"] < errors["ridge-audio"]


def test_a_jointly_decoded_system_ships(results, folder):
    _, out = results
    system = bundle.load(out, "joint")
    found = system.predict({"audio": folder / "audio.npz", "face": folder / "face.npz"})
    assert len(found) == 180 and np.isfinite(found["arousal"]).all()
    truth = pd.read_csv(folder / "clips.csv", index_col="clip_id").loc[found.index]
    assert (found["mood"] == truth["mood"]).mean() > 0.8


@pytest.mark.parametrize("metric, other", [("ccc", "accuracy"), ("f1_macro", "accuracy")])
def test_one_study_regresses_or_classifies(folder, tmp_path, metric, other):
    """The same file with either metric: the target's kind follows from it in every system."""
    changes = [
        f"targets={{level={{metric='{metric}'}}, mood={{metric='{other}'}}}}",
        "systems.learners=['ridge','svr','lightgbm','xgboost']",
        "systems.fusion=['best-single','mean','score-weighted','greedy','ridge',{method='mean',targets='all'}]",
        "systems.inner_folds=2",
        "split={column='fold', train=['0', '1'], test=['2']}",
    ]
    study = tomllib.loads((folder / "study.toml").read_text())
    del study["combined"]
    clips = pd.read_csv(folder / "clips.csv")
    clips["level"] = clips["arousal"].round().astype(int)
    clips.to_csv(tmp_path / "clips.csv", index=False)
    for name in ("audio.npz", "face.npz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "study.toml").write_text(tomli_w.dumps(study))
    table = run(tmp_path / "study.toml", None, tmp_path / "run", *changes)
    own = table[(table["target"] == "level") & (table["metric"] == metric) & (table["split"] == "all")]
    assert {"chain-xgboost-audio", "svr-audio+face", "late-greedy", "late-joint-mean"} <= set(own["system"])
    assert (own["status"] == "ok").all() and own["value"].max() > 0.3


@pytest.mark.parametrize("learner", ["ridge", "svr", "lightgbm", "xgboost"])
def test_soft_labels_are_learnt_from(folder, tmp_path, learner):
    """Votes change what a classifier learns, differently as weights and as targets; sure votes change nothing."""
    found = {}
    for soft in ("none", "weights", "targets"):
        mood = "{metric='accuracy', votes='vote_'" + (f", soft='{soft}'}}" if soft != "none" else "}")
        changes = [f"targets={{mood={mood}, arousal={{metric='mse'}}}}", f"systems.learners=['{learner}']"]
        changes += ["systems.fusion=[]", "systems.tasks=['single']"]
        run(folder / "study.toml", None, tmp_path / soft, *changes, only=[f"{learner}-face"])
        predictions = pd.read_parquet(tmp_path / soft / "predictions.parquet")
        own = predictions[(predictions["part"] == "test") & (predictions["target"] == "mood")]
        found[soft] = own.sort_values(["clip_id", "class"])["prediction"].to_numpy()
    assert not np.allclose(found["none"], found["weights"])
    assert not np.allclose(found["weights"], found["targets"])


def test_sure_votes_are_hard_labels():
    from avbaselines.estimators.linear.ridge import RidgeClassifier

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)).astype(np.float32), rng.integers(0, 3, 60)
    hard, soft = RidgeClassifier(cv=3).fit(X, y), RidgeClassifier(cv=3).fit(X, y, soft_labels=np.eye(3)[y])
    np.testing.assert_allclose(hard.predict_proba(X), soft.predict_proba(X), atol=1e-5)
    with pytest.raises(InputError, match="row 4 has a negative weight, or none at all"):
        RidgeClassifier(cv=3).fit(X, y, soft_labels=np.where(np.arange(60)[:, None] == 4, 0.0, np.eye(3)[y]))


def votes_of(**columns):
    clips = pd.DataFrame({"mood": ["a", "b", "a"], "v_a": [3, 1, 2], "v_b": [1, 4, 0], **columns}, index=list("xyz"))
    options = {"mood": TargetOptions(metric="uar", votes="v_", soft="targets")}
    targets, *_ = read_targets(options, clips, "clips.csv")
    return read_votes(options, targets, clips, "clips.csv")["mood"]


def test_votes_become_shares():
    np.testing.assert_allclose(votes_of(), [[0.75, 0.25], [0.2, 0.8], [1, 0]])
    assert np.isnan(votes_of(v_a=[3, None, 2], v_b=[1, None, 0])[1]).all()


@pytest.mark.parametrize(
    "columns, message",
    [
        ({"v_a": [3, 0, 2], "v_b": [1, 0, 0]}, "votes of clip 'y' for targets.mood are .* not all 0"),
        ({"v_a": [3, -1, 2]}, "votes of clip 'y'"),
        ({"v_a": [3, None, 2]}, "votes of clip 'y'"),
        ({"mood": ["a", "c", "a"]}, r"no column 'v_c' for targets\.mood\.votes"),
    ],
)
def test_broken_votes(columns, message):
    with pytest.raises(InputError, match=message):
        votes_of(**columns)


@pytest.mark.parametrize(
    "change, message",
    [
        ("combined.label='arousal'", "combined.label: target 'arousal' has metric 'mse'"),
        ("combined.value='mod'", "combined.value: no target 'mod'.*did you mean 'mood'"),
        ("targets.mood.soft='weights' ", None),
        ("targets.arousal={metric='ccc'}", "needed is an error"),
        ("targets.arousal={metric='mse', votes='vote_'}", "votes go with a class metric"),
        ("targets.mood={metric='uar', soft='weights'}", "soft needs votes"),
    ],
)
def test_what_a_study_may_not_say(folder, change, message):
    if message is None:
        load_study(folder / "study.toml", [change.strip()])
        return
    with pytest.raises(InputError, match=message):
        load_study(folder / "study.toml", [change])


def test_fold_averaged_fits(folder, tmp_path):
    """The mean of fits that each leave a fold out: their out-of-fold predictions are whole, and they ship."""
    table = run(folder / "study.toml", None, tmp_path, "systems.fits='folds'", only=["joint", "chain-ridge-audio+face"])
    own = table[(table["system"] == "chain-ridge-audio+face") & (table["split"] == "all")]
    assert own["note"].str.contains("mean of 3 fits, one a fold left out").all()
    found = bundle.load(tmp_path, "joint").predict({"audio": folder / "audio.npz", "face": folder / "face.npz"})
    assert np.isfinite(found["arousal"]).all()


def test_the_combined_test_swaps_both_targets():
    from avbaselines.evaluation.combined import Combined

    rng = np.random.default_rng(0)
    metric, n = Combined("label", "value").metric(2), 10
    cells, errors = rng.integers(1, 9, (n, 4)).astype(float), np.column_stack([np.full(n, 5.0), rng.uniform(1, 9, n)])
    better = np.hstack([cells, errors * [1, 0.1]])
    found = compare(metric, better, np.hstack([cells, errors]))
    assert found.difference == pytest.approx(0.25 * 0.9 * errors[:, 1].sum() / (5 * n)) and found.p_value < 0.01
