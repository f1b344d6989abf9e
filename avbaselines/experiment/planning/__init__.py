"""The systems of a study, and the learners they name."""
