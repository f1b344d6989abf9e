"""Averages over several fits of one estimator."""
