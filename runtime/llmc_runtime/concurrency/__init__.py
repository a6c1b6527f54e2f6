"""Tasks, threads and deadlines; nothing here knows plans."""
