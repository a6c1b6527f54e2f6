"""Tools that ask a model, and a calculator."""
