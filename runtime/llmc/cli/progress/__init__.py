"""The progress of a run or a question, as a tree or as lines."""
