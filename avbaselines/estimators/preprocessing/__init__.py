"""Feature columns brought to one scale, screened, normalised per speaker, or with the speaker erased."""
