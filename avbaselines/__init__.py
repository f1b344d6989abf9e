"""Honest classical-machine-learning baselines for audiovisual emotion recognition."""

from avbaselines.version import __version__

__all__ = ["__version__"]
