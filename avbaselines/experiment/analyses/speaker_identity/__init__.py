"""How well the speaker can be told from features and predictions, before and after an erasure."""
