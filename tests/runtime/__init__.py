"""The runtime, in virtual time."""
