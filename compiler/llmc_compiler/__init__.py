"""The compiler: from a plan to a graph of operations."""
