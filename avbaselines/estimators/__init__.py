"""Scikit-learn estimators: tuned base learners, matching of predictions and late fusion."""
