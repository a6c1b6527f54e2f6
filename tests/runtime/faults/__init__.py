"""Faults: whatever a tool, a caller or a clock does ends in a value or a typed error, in time, and leaves nothing."""
