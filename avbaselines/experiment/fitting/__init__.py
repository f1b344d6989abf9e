"""Fitting every system in every split: folds, searches, out-of-fold predictions and their store."""
