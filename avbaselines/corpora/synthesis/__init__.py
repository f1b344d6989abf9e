"""Generated voices and faces."""
