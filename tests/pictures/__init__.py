"""Pictures of terminals for the pages: real output of commands, drawn as SVG by rich; `python -m tests.pictures`."""
