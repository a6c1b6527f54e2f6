"""Effects of tools, and the resources that they read and write."""
