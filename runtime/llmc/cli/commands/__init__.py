"""The commands of `llmc`, one module each."""
