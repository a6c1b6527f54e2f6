"""Tables computed from a graph: levels, critical path, effects of declarations."""
