"""Chat models: messages, usage, errors, providers."""
