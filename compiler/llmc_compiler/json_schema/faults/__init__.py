"""Faults of JSON schemas themselves: no value fits, or parts are not checked."""
