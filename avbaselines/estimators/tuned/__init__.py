"""Learners that choose among candidates on inner folds: their base classes, search space, folds and matching."""
