"""Tools, toolboxes, and the signatures that arguments are checked against."""
