"""Decoder grammars: what they let a model write, walked at random."""
