"""The plans in examples/, and the demonstration."""
