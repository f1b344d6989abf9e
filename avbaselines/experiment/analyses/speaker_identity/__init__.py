"""Speaker identity in features and predictions, before and after erasures."""
