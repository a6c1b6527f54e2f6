"""Models behind the API of OpenAI, whatever the server."""
