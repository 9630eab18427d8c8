"""Where positions coincide and where they clash."""
