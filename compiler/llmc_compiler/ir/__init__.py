"""The graph: nodes, order edges, verification and printing."""
