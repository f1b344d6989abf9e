"""Corpora: one reader a file, and the types they fill."""
