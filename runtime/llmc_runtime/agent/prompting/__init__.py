"""Prompts: templates, examples, the language card, results."""
