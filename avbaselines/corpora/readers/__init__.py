"""Readers of corpora, one a file."""
