"""The state of a run: instances, outcomes, events."""
