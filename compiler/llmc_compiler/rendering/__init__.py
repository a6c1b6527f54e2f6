"""Graphs as text, Graphviz and Mermaid."""
