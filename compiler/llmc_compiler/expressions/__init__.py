"""Terms, their operators, evaluation and types."""
