"""Settings of a model, checked where they are given."""
