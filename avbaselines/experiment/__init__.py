"""The engine: from a study and a corpus to out-of-fold and test predictions."""
