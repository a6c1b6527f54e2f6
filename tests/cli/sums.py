"""A module with one tool."""

from llmc import pure


@pure
def add(a: float, b: float) -> float:
    """The sum of two numbers."""
    return a + b
