"""Grammars for a model's decoder: they let it write plans only, of the language or of a toolbox."""
