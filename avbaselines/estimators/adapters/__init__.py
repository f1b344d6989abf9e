"""Estimators of other libraries as learners of this one."""
