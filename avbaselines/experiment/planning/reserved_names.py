"""Names that a run gives to splits and rows of its own; no corpus and no study may use them."""

__all__ = ["FINAL", "INNER", "PICKED"]

FINAL = "final"
"""The split of all training clips, whose models are shipped."""

INNER = "~"
"""Stands between a split's name and the number of an inner fold."""

PICKED = "picked"
"""The row handed over where the splits' picks differ."""
