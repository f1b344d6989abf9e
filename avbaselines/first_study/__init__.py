"""A first study of a folder: what lies there, what it is taken for and why, and what cannot be told."""
