"""Ridge regression and linear support vector regression."""
