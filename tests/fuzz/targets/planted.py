"""A fault that only coverage and a dictionary lead to: what shows that the engine finds any."""


def check(data: bytes) -> None:
    """Fail for three words in this order; each is seen only where the one before it was."""
    text = data.decode("utf-8", "replace")
    if "open" in text:
        text = text.partition("open")[2]
        if "twice" in text:
            text = text.partition("twice")[2]
            if "close" in text:
                raise KeyError(text)
