"""Classes of other packages as learners: found where they may be named, and nothing else is imported."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from sklearn.base import BaseEstimator
from small_study import small_release

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.search_space import Drawn, Real
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.planning import learners, outside_learners
from avbaselines.experiment.planning.outside_learners import OutsideLearner, adapted
from avbaselines.learner_options import NamedLearner

BAYES = {
    "name": "bayes",
    "regressor": "sklearn.linear_model.BayesianRidge",
    "classifier": "sklearn.naive_bayes.GaussianNB",
}
TREES = {
    "name": "trees",
    "regressor": "sklearn.ensemble.ExtraTreesRegressor",
    "classifier": "sklearn.ensemble.ExtraTreesClassifier",
    "parameters": {"n_estimators": 5},
    "search": {"min_samples_leaf": [1, 8]},
}


def learner(**keys):
    return NamedLearner(**({"name": "mine"} | keys))


def refusal(kinds=("regression",), **keys):
    with pytest.raises(InputError) as raised:
        OutsideLearner.checked(learner(**keys), kinds)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sklearn.ensemble.ExtraTreeRegressor", "is not there (did you mean 'ExtraTreesRegressor'?)"),
        ("sklearn.ensembel.ExtraTreesRegressor", "cannot be imported (ModuleNotFoundError"),
        ("sklearn.preprocessing.StandardScaler", "is no estimator"),
        ("sklearn.base.clone", "is no estimator"),
        ("sklearn.ensemble", "is no estimator"),
        ("os.system", "no package 'os' is installed"),
        ("antigravity.Anything", "no package 'antigravity' is installed"),
        ("numpy.ndarray", "numpy does not require scikit-learn"),
        ("pip.main", "pip does not require scikit-learn"),
        ("sklearn.__main__.X", "is no path of a public class"),
        ("sklearn._private.X", "is no path of a public class"),
        ("Ridge", "is no path of a public class"),
        ("sklearn..Ridge", "is no path of a public class"),
        ("sklearn.linear_model.Ridge()", "is no path of a public class"),
        ("../evil.Ridge", "is no path of a public class"),
    ],
)
def test_nothing_but_estimators_may_be_named(path, said):
    assert said in refusal(regressor=path)


def test_a_module_beside_the_study_is_not_imported(tmp_path):
    (tmp_path / "beside.py").write_text("open('touched', 'w')\nfrom sklearn.linear_model import Ridge\n")
    code = (
        "from avbaselines.experiment.planning.outside_learners import OutsideLearner, NamedLearner\n"
        "try: OutsideLearner.checked(NamedLearner(name='x', regressor='beside.Ridge'), ['regression'])\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "no package 'beside' is installed" in done.stdout and not (tmp_path / "touched").exists()


def test_parameters_are_checked_before_anything_is_fitted():
    trees = "sklearn.ensemble.ExtraTreesRegressor"
    assert "no parameter 'n_estimator' (did you mean 'n_estimators'?)" in refusal(
        regressor=trees, parameters={"n_estimator": 3}
    )
    assert "search: ExtraTreesRegressor has no parameter 'depth'" in refusal(regressor=trees, search={"depth": [1]})
    assert "VotingRegressor cannot be made" in refusal(regressor="sklearn.ensemble.VotingRegressor")
    assert "has no classifier, which class targets need" in refusal(["regression", "classes"], regressor=trees)
    ours = "avbaselines.estimators.RidgeRegressor"
    assert "RidgeRegressor has its own grid" in refusal(regressor=ours, search={"penalties": [[1.0]]})


def test_a_learner_of_ours_with_other_parameters():
    flat = learner(regressor="avbaselines.estimators.KernelRegressor", parameters={"widths": [0.0]})
    model = adapted(flat, "regression", metric="mae")
    assert type(model).__name__ == "KernelRegressor" and model.widths == [0.0] and model.metric == "mae"


def test_names_of_ours_are_kept():
    with pytest.raises(InputError, match="a learner of avbaselines is named 'svc'"):
        learners.outside_learner(NamedLearner(**BAYES | {"name": "svc"}), ["regression"])


def test_code_and_options_shape_the_fits(monkeypatch):
    shape = OutsideLearner.checked(NamedLearner(**BAYES), ["regression"]).shape()
    assert shape["code"][0].startswith("scikit-learn ") and len(shape["code"]) == 4
    changed = OutsideLearner.checked(NamedLearner(**BAYES | {"scaling": "quantile"}), ["regression"]).shape()
    assert changed != shape
    monkeypatch.setattr(outside_learners, "version", lambda name: "99")
    assert OutsideLearner.checked(NamedLearner(**BAYES), ["regression"]).shape()["code"] != shape["code"]


def test_a_search_draws_scalings_and_columns():
    bayes = NamedLearner(**BAYES)
    space = learners.search_space(bayes, "single", ["regression", "classes"], [10, 5], {})
    assert set(space) == {"scalings", "column_share", "block_weights.0", "block_weights.1"}
    model = adapted(bayes, "regression", Drawn({"column_share": Real(0.1, 1, 1)}, {"column_share": 0.5}))
    assert model.column_share == 0.5 and model.scalings == ("standard",)


class Broken(BaseEstimator):
    """Stands for an estimator of a plug-in."""


def points(*pairs):
    return lambda group: [EntryPoint(name, value, group) for name, value in pairs]


def test_plug_ins_are_found_and_their_faults_named(monkeypatch):
    here = "test_outside_learners_plugin"
    module = type(sys)(here)
    module.GOOD, module.SPEC, module.BAD = {"regressor": BAYES["regressor"]}, NamedLearner(**BAYES), 3
    monkeypatch.setitem(sys.modules, here, module)
    brought = points(
        *(("good", f"{here}:GOOD"), ("spec", f"{here}:SPEC"), ("bad", f"{here}:BAD"), ("gone", f"{here}:GONE")),
        *(("twice", f"{here}:GOOD"), ("twice", f"{here}:SPEC"), ("ridge", f"{here}:GOOD")),
    )
    monkeypatch.setattr(outside_learners, "entry_points", brought)
    assert learners.outside_learner("good", ["regression"]).options.name == "good"
    assert learners.outside_learner("spec", ["classes"]).options.name == "spec"
    assert learners.outside_learner("ridge", ["regression"]) is None
    for name, said in {"bad": "must name a mapping", "gone": "cannot be loaded", "twice": "brought by two"}.items():
        with pytest.raises(InputError, match=said):
            learners.outside_learner(name, ["regression"])
    with pytest.raises(InputError, match="no learner 'goood' .did you mean 'good'.*known: ridge"):
        learners.learner_name("goood")
    assert outside_learners.plugin_classes() == {
        "sklearn.linear_model._bayes.BayesianRidge",
        "sklearn.naive_bayes.GaussianNB",
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run of a regressor and a classifier that ship, and of trees that do not, alone, chained and fused."""
    study = small_release(tmp_path_factory.mktemp("outside"), speakers=9, clips=6)
    systems = f"systems.learners=[{toml(BAYES)}, {toml(TREES)}]"
    others = ("systems.tasks=['single', 'chain']", "systems.transductive=['bayes']", "systems.fusion=['mean']")
    return study.run(systems, *others, out=study.folder / "run")


def toml(value):
    """A value as TOML writes it within one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return repr(value)


def test_they_are_fitted_matched_chained_fused_and_normalised(finished):
    rows = finished.results(kind="measured")
    assert set(rows["status"]) == {"ok"}
    names = set(rows["system"])
    assert {"bayes-audio", "bayes-audio-raw", "chain-trees-audio+face", "bayes-face-per-speaker", "late-mean"} <= names
    scores = rows[(rows["split"] == "all") & (rows["target"] == "arousal") & (rows["metric"] == "ccc")]
    assert scores.set_index("system")["value"]["bayes-audio"] > 0.25
    faces = rows[(rows["split"] == "all") & (rows["target"] == "mood") & (rows["metric"] == "uar")]
    assert faces.set_index("system")["value"]["trees-face"] > 0.6


def test_what_cannot_be_shipped_is_said(finished):
    notes = finished.results(kind="measured").groupby("system")["note"].first()
    said = "its model cannot be loaded: it holds sklearn.tree._tree.Tree, which skops does not trust"
    assert said in notes["trees-audio"] and "cannot be loaded" not in str(notes["bayes-audio"])
    loaded = bundle.load(finished.folder / "models", "bayes-audio")
    assert loaded is not None
    with pytest.raises(InputError, match="sklearn.tree._tree.Tree"):
        bundle.load(finished.folder / "models", "trees-audio")
