"""Approval, provenance and secrets of a run."""
