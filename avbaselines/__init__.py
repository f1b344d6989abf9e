"""Honest classical-machine-learning baselines for audiovisual emotion recognition."""

__version__ = "0.1.0"
