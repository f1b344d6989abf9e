"""Strategies for clips that lack inputs, by name; apart from the estimators, so that a study is read without them."""

SINGLE_STRATEGIES = ("pattern", "renormalise", "impute", "dropout", "single")
"""Of equally good ones the first is taken."""
STRATEGIES = (*SINGLE_STRATEGIES, "best")
METHODS = ("best-single", "mean", "greedy", "ridge", "correlation")
"""Fusions that the strategies go with."""
