"""From a study file to a checked corpus."""
