"""Further questions asked of a finished run: missing modalities, importance, factors, external systems, identity."""
