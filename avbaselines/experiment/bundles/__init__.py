"""Shipped systems: written with a card and without pickle, read back and applied to new clips."""
