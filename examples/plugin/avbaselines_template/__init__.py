"""A learner and a reader for avbaselines: a template to copy."""
