"""Rules for the calls and values of a plan, from JSON schemas."""
