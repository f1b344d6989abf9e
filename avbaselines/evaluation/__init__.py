"""Scores, their intervals and paired comparisons, all from sums per group.

A metric turns the clips of each group into a row of sums, and any weighting of groups into a score. Resampling
groups, leaving one out or swapping two systems within a group are then products of small matrices, so that true
intervals cost milliseconds. `metrics` defines the scores, `intervals` how sure they are, `comparison` whether one
system is better than another.
"""
