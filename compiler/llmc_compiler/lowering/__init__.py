"""From statements to nodes: names, arguments, types and secrets."""
