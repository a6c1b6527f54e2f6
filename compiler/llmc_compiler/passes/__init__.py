"""The passes: each maps a graph to a better one with the same meaning."""
