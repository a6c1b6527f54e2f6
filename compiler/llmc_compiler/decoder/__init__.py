"""Grammars for constrained decoding: a model can then write only plans, of the language or of a toolbox."""
