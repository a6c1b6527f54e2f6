"""The story of a compilation: data, text and JSON."""
