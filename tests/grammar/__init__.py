"""Tests of the language's syntax."""
