"""What servers send: refusals, words of errors, and shapes of replies."""
