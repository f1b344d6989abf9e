"""The index of the API reference: the public names of the package, grouped; autosummary makes a page of each."""

from importlib import import_module

import avbaselines
from avbaselines import estimators

GROUPS = {
    "Studies and shipped systems": ("run_study", "load_study", "RunOptions", "load_bundle", "InputError"),
    "Scores": (
        *("score", "ccc", "ccc_per_recording", "pcc", "rmse", "mae", "mse"),
        *("accuracy", "uar", "f1_macro", "f1_micro", "f1_weighted", "Metric"),
    ),
    "Intervals and comparisons": ("interval", "interval_of_mean", "compare", "compare_means", "holm"),
}
# Lists and modules, described in the text.
NOT_LISTED = {"METRICS", "estimators"}
EVALUATION = ("metrics", "scores", "intervals", "comparison", "combined")


def api_page() -> str:
    """Markdown with one autosummary for each group of public names, for the estimators and for the evaluation."""
    lines = ["# API reference", ""]
    lines += ["Everything here can be imported by these names and has an example that a test runs.", ""]
    grouped = {name for names in GROUPS.values() for name in names}
    others = [name for name in avbaselines.__all__ if name not in grouped | NOT_LISTED]
    for title, names in {**GROUPS, **({"Further names": tuple(others)} if others else {})}.items():
        lines += [f"## {title}", ""]
        if title == "Scores":
            lines += ["`avbaselines.METRICS` is a dictionary of all metrics by name, each a `Metric`.", ""]
        lines += _autosummary([f"avbaselines.{name}" for name in names])
    lines += ["## Estimators", "", estimators.__doc__.strip().partition("\n")[0], ""]
    lines += ["They are used on arrays, without a study, as any scikit-learn estimator is.", ""]
    lines += _autosummary([f"avbaselines.estimators.{name}" for name in sorted(estimators.__all__)])
    lines += ["## Evaluation", "", "The modules behind the scores; they import numpy alone.", ""]
    return "\n".join(lines + _autosummary(sorted(_evaluation())))


def _evaluation() -> list[str]:
    """Public classes and functions of the evaluation that the package itself does not offer under its own name."""
    offered = {getattr(avbaselines, name) for name in set(avbaselines.__all__) - NOT_LISTED}
    names = []
    for module in (import_module(f"avbaselines.evaluation.{name}") for name in EVALUATION):
        for name, value in vars(module).items():
            own = getattr(value, "__module__", None) == module.__name__ and callable(value)
            if own and not name.startswith("_") and value not in offered:
                names.append(f"{module.__name__}.{name}")
    return names


def _autosummary(names: list[str]) -> list[str]:
    inner = [f"   {name}" for name in names]
    return ["```{eval-rst}", ".. autosummary::", "   :toctree: .", "   :nosignatures:", "", *inner, "```", ""]
