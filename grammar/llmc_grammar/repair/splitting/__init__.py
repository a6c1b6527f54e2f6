"""Which lines of a model's text belong to which statement."""
