"""Fuzzing, guided by coverage: run by `make fuzz-text`, never by `make check`."""
