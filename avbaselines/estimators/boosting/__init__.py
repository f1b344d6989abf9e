"""LightGBM and XGBoost with early stopping on grouped folds, and concordance as the objective."""
